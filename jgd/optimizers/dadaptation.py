"""D-adaptation's estimate: how a lower bound on the distance to the solution grows, and the norms that it is made of."""

import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree, tree_xla
from jgd.core.types import Params, Scalar


def norm1(a: Params) -> Array:
    """‖a‖₁ over all entries of all leaves, ()."""
    total = sum((jnp.sum(jnp.abs(x)) for x in tree.leaves(a)), start=jnp.zeros((), tree.compute_dtype(a)))
    return tree_xla.compute_once(a, total)


def check_growth(growth_rate: Scalar | None) -> None:
    """Refuse a growth rate below 1; None is no limit."""
    if growth_rate is not None:
        checks.hyperparameter("growth_rate", growth_rate, "[1, inf)")


def grown(d: Array, estimate: Array, growth_rate: Array | None) -> Array:
    """max(d, min(estimate, growth_rate d)), ()."""
    return jnp.maximum(d, estimate if growth_rate is None else jnp.minimum(estimate, growth_rate * d))
