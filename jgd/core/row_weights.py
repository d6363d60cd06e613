"""What rows count: batches (inputs, targets) or (inputs, targets, weights), and means of errors by these weights."""

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree
from jgd.core.types import Batch


def weighed_sum(each: Array, weights: Array) -> Array:
    """Σ w e of errors (n,), in float32 at least; what has weight 0 is no part of it, also where it is NaN."""
    checks.same_shape("weights", weights, "one weight an example", each.shape)
    weights = weights.astype(tree.compute_dtype(each))  # a sum of halves could overflow
    counted = weights * each.astype(weights.dtype)
    return jnp.sum(jnp.where(weights > 0, counted, 0))


def weighed_mean(each: Array, weights: Array) -> Array:
    """Σ w e / Σ w, so that equal weights of any size change nothing; 0 where all weights are.

    >>> float(weighed_mean(jnp.array([1.0, 3.0, jnp.nan]), jnp.array([3.0, 1.0, 0.0])))
    1.5
    """
    total = weighed_sum(each, weights)
    return tree.safe_divide(total, jnp.sum(weights.astype(total.dtype))).astype(each.dtype)


def weighted(batch: Batch, weights: Array) -> Batch:
    """The batch with each row counted by `weights`, (n,) ≥ 0, times the weight that it has."""
    return (*batch[:2], weights if len(batch) == 2 else weights * batch[2])


def row_share(piece: Batch, whole: Batch) -> Array:
    """What the mean over some of the rows counts for in that of all: Σ share · mean over the pieces is the mean."""
    of = lambda rows: rows[2].sum() if len(rows) > 2 else len(jax.tree.leaves(rows)[0])
    total = lambda rows: jnp.asarray(of(rows), jnp.result_type(float))
    return tree.safe_divide(total(piece), total(whole))
