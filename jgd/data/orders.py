"""In which order the steps of an epoch see the rows: records, each a pure function of (seed, epoch).

`Shuffled` and `Sequential` see each row exactly once an epoch; the others draw with replacement, and their epoch is as
many draws as it takes to fill its batches.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core import checks
from jgd.core.record import hyper, record, static_field
from jgd.data.permutation import permutation


@record
class Shuffled:
    """Every row once an epoch, in an order drawn afresh for each."""

    each_once = True

    def indices(self, key: Array, epoch: Array, rows: int, size: int) -> Array:
        return permutation(key, epoch, rows)


@record
class Sequential:
    """Every row once an epoch, in the rows' own order."""

    each_once = True

    def indices(self, key: Array, epoch: Array, rows: int, size: int) -> Array:
        return jnp.arange(rows, dtype=jnp.int32)


@record
class Replacement:
    """Each draw independent of all others; uniform, or with odds of its own for each row (`weighted`, `balanced`).

    With odds a row i is drawn uniformly, and replaced by other[i] unless a uniform number is below keep[i]: Walker's
    alias method, whose odds are exact however many rows there are.
    """

    keep: Array | None = None  # (rows,) float32
    other: Array | None = None  # (rows,) int32
    each_once = False

    def indices(self, key: Array, epoch: Array, rows: int, size: int) -> Array:
        draws = -(-rows // size) * size
        which, whether = jax.random.split(jax.random.fold_in(key, epoch))
        row = jax.random.randint(which, (draws,), 0, rows, jnp.int32)
        if self.keep is None or self.other is None:
            return row
        stay = jax.random.uniform(whether, (draws,), jnp.float32) < self.keep[row]
        return jnp.where(stay, row, self.other[row])


def weighted(weights: Any) -> Replacement:
    """Draws with replacement, row i with odds weights[i]; a row of weight 0 is never drawn.

    Args:
        weights: (rows,) finite numbers ≥ 0 with a sum above 0.

    Returns:
        The order, a `Replacement`.

    Raises:
        JgdValueError: `weights` is no such vector.

    Example:
        >>> order = weighted([0.0, 1.0, 3.0])
        >>> drawn = order.indices(jax.random.key(0), 0, rows=3, size=1)
        >>> bool((drawn > 0).all())
        True
    """
    odds = np.asarray(weights, np.float64)
    if odds.ndim != 1 or not len(odds):
        raise checks.JgdValueError(
            f"weights must be a vector, one number a row, got shape {odds.shape}", argument="weights"
        )
    bad = np.flatnonzero(~(np.isfinite(odds) & (odds >= 0)))
    if len(bad):
        raise checks.JgdValueError(
            f"weights[{bad[0]}] must be a finite number >= 0, got {odds[bad[0]]}", argument="weights"
        )
    if not odds.sum() > 0:
        raise checks.JgdValueError("weights must have a sum above 0, got none above 0", argument="weights")
    keep, other = _alias(odds * (len(odds) / odds.sum()))
    return Replacement(jnp.asarray(keep, jnp.float32), jnp.asarray(other, jnp.int32))


def _alias(odds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(keep, other) for odds of mean 1: every row too rare lends the rest of its place to one that is too frequent."""
    keep, other = odds.copy(), np.arange(len(odds))
    rare, frequent = list(np.flatnonzero(odds < 1)), list(np.flatnonzero(odds > 1))
    while rare and frequent:
        small, large = rare.pop(), frequent[-1]
        other[small] = large
        keep[large] -= 1 - keep[small]
        if keep[large] < 1:
            rare.append(frequent.pop())
    keep[[i for i in rare + frequent if odds[i] > 0]] = 1  # what is left differs from 1 by rounding only
    return keep, other


def balanced(labels: Any) -> Replacement:
    """Draws with replacement in which every class is as frequent as any other, however rare its rows are.

    Args:
        labels: (rows,) the class of each row.

    Returns:
        The order, a `Replacement`.

    Example:
        >>> order = balanced([0, 0, 0, 1])
        >>> order.keep.tolist(), order.other.tolist()
        ([0.667, 0.667, 0.667, 1.0], [3, 3, 3, 3])
    """
    _, place, counts = np.unique(np.asarray(labels), return_inverse=True, return_counts=True)
    if np.ndim(labels) != 1:
        raise checks.JgdValueError(
            f"labels must be a vector, one class a row, got shape {np.shape(labels)}", argument="labels"
        )
    return weighted((1 / counts)[place])


@record
class Curriculum:
    """From easy to hard: draws (with replacement) from the easiest rows, a share that grows to all of them.

    difficulty: (rows,), any finite score, the easiest lowest. At step t the pool is the easiest
    min(1, start + (1 − start) t / steps) of the rows. Bengio et al. 2009, "Curriculum learning", section 4.
    """

    ranked: Array  # (rows,) int32: row numbers from the easiest on
    start: float = hyper("(0, 1]", schedule=False)
    steps: float = hyper("> 0", schedule=False)
    each_once = False

    def indices(self, key: Array, epoch: Array, rows: int, size: int) -> Array:
        per_epoch = -(-rows // size)
        step = epoch * per_epoch + jnp.arange(per_epoch, dtype=jnp.int32)
        start, steps = jnp.asarray(self.start, jnp.float32), jnp.asarray(self.steps, jnp.float32)
        share = jnp.minimum(1, start + (1 - start) * step.astype(jnp.float32) / steps)
        pool = jnp.clip(jnp.ceil(share * rows), 1, rows).astype(jnp.int32)
        place = jax.random.randint(jax.random.fold_in(key, epoch), (per_epoch, size), 0, pool[:, None], jnp.int32)
        return self.ranked[place.reshape(-1)]


def curriculum(difficulty: Any, steps: float, start: float = 0.2) -> Curriculum:
    """The easiest rows first: see `Curriculum`.

    >>> order = curriculum([3.0, 1.0, 2.0], steps=100, start=0.3)
    >>> order.indices(jax.random.key(0), 0, rows=3, size=1).tolist()
    [1, 1, 1]
    """
    scores = np.asarray(difficulty, np.float64)
    if scores.ndim != 1 or not np.isfinite(scores).all():
        raise checks.JgdValueError(
            f"difficulty must be a vector of finite scores, one a row, got {checks.shown(difficulty)}",
            argument="difficulty",
        )
    return Curriculum(jnp.asarray(np.argsort(scores, kind="stable"), jnp.int32), start, steps)


@record
class HardMining:
    """Half of the draws (`boost`) from the hardest rows, the others from all, with replacement.

    The hardest are the `share` of the rows whose losses were the largest when they were last looked at, every
    `update_every` steps (`train` does so; a NaN loss counts as the largest). Shrivastava et al. 2016, arXiv:1604.03540, mine online;
    this is their idea at a lower price.
    """

    update_every: int = static_field()
    share: float = hyper("(0, 1]", schedule=False, default=0.2)
    boost: float = hyper("[0, 1]", schedule=False, default=0.5)
    ranked: Array | None = None  # (rows,) int32: row numbers from the hardest on; None before the first look
    each_once = False

    def __post_init__(self) -> None:
        checks.count("update_every", self.update_every, 1)

    def indices(self, key: Array, epoch: Array, rows: int, size: int) -> Array:
        draws = -(-rows // size) * size
        which, where = jax.random.split(jax.random.fold_in(key, epoch))
        mined = jax.random.uniform(which, (draws,), jnp.float32) < jnp.asarray(self.boost, jnp.float32)
        share = jnp.asarray(self.share, jnp.float32)
        hardest = jnp.clip(jnp.ceil(share * rows), 1, rows).astype(jnp.int32)
        place = jax.random.randint(where, (draws,), 0, jnp.where(mined, hardest, rows), jnp.int32)
        return place if self.ranked is None else self.ranked[place]


Order = Shuffled | Sequential | Replacement | Curriculum | HardMining
NAMED: dict[str, Order] = {"shuffled": Shuffled(), "sequential": Sequential(), "replacement": Replacement()}


def named(order: Any) -> Order:
    """An order by its name, or as it is."""
    if isinstance(order, Order):
        return order
    if isinstance(order, str):
        return NAMED[checks.choice("order", order, NAMED)]
    raise checks.JgdTypeError(
        f"order must be one of {', '.join(NAMED)} or a record of jgd.data.orders, got {checks.shown(order)}",
        argument="order",
    )
