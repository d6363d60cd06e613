"""The problem that a method is checked on: a quartic with noise that differs at every step."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core.record import record
from jgd.core.types import Batch, Loss, Params

STEPS = 30
_RNG = np.random.default_rng(0)
START = {"bias": np.array(0.3), "weights": np.array([[1.0, -0.7, 0.2], [0.5, -0.1, 0.9]])}
NOISE = {name: _RNG.normal(size=(STEPS, *leaf.shape)) for name, leaf in START.items()}


def quartic(params: Params, noise: Batch) -> Array:
    """Σ w⁴/4 + w²/4 + noise · w, whose gradient is w³ + w/2 + noise; over the leaves that have noise."""
    entries = lambda w, n: jnp.sum(w**4 / 4 + w**2 / 4 + n.astype(w.dtype) * w)
    each = [entries(params[name], leaf) for name, leaf in noise.items()]
    return sum(each[1:], start=each[0])


@record
class Problem:
    """What a method descends while it is checked, for one that needs more than any loss (examples, a model's outputs).

    Args:
        loss: `loss(params, batch)`, one number.
        start: The parameters, a pytree of floating NumPy arrays; the checks cast them.
        batches: A pytree of arrays (steps, …), at least 6 steps.

    Example:
        >>> problem = Problem(lambda w, batch: ((w - batch) ** 2).mean(), np.ones(3), np.zeros((6, 3)))
        >>> problem.params("bfloat16").dtype
        dtype(bfloat16)
    """

    loss: Loss
    start: Params
    batches: Batch

    def params(self, dtype: Any = None) -> Params:
        """Fresh arrays at the start, in the default floating dtype unless said otherwise."""
        return _cast(self.start, dtype)

    def first(self, steps: int, dtype: Any = None) -> Batch:
        """The first batches, leaves (steps, …)."""
        return _cast(jax.tree.map(lambda leaf: leaf[:steps], self.batches), dtype)

    def batch(self, step: int, dtype: Any = None) -> Batch:
        """The batch of one step."""
        return jax.tree.map(lambda leaf: leaf[step], self.first(step + 1, dtype))


def _cast(tree: Any, dtype: Any) -> Any:
    """Floating leaves in the dtype; integers, such as labels, as they are."""
    dtype = dtype or jnp.result_type(float)
    floating = lambda leaf: np.issubdtype(leaf.dtype, np.floating)
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype if floating(leaf) else None), tree)


def default() -> Problem:
    """The quartic: two leaves, one of them 0-d."""
    return Problem(quartic, START, NOISE)


def half_square(params: Params, _batch: Batch) -> Array:
    """Σ w²/2, whose gradient is w; 0 for an empty tree."""
    return sum((jnp.sum(jnp.square(w)) / 2 for w in jax.tree.leaves(params)), start=jnp.zeros(()))
