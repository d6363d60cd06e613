"""The points that a search may visit, their losses, and the best of them so far."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.flatten_util import ravel_pytree

from jgd.core import checks
from jgd.core.functions import UNTRACEABLE, crossing, untraceable
from jgd.core.types import Params
from jgd.gradient_free.result import SearchResult

LIMIT = 10**9  # evaluations that a search starts without being asked twice


@dataclass(frozen=True)
class Bounds:
    """The points between `low` and `high`, as vectors: (dimensions,) each."""

    low: Array
    high: Array
    params: Callable[[Array], Params]  # a vector -> the tree

    @property
    def dimensions(self) -> int:
        return self.low.shape[0]

    def at(self, share: Array) -> Array:
        """Points at shares 0 … 1 of the way from low to high, (points, dimensions) both."""
        return self.low[None] + (self.high - self.low)[None] * share


def bounds(low: Params, high: Params) -> Bounds:
    """Bounds from two trees of numbers of one structure; refused unless low < high everywhere."""
    low, high = (jax.tree.map(lambda x: jnp.asarray(x, jnp.result_type(float)), side) for side in (low, high))
    checks.same_structure(high, low, "high")
    bottom, params = ravel_pytree(low)
    top, _ = ravel_pytree(high)
    if not len(bottom):
        raise checks.JgdValueError("low and high must have at least one number, got none")
    bad = np.flatnonzero(~(np.asarray(bottom < top) & np.isfinite(np.asarray(bottom)) & np.isfinite(np.asarray(top))))
    if len(bad):
        raise checks.JgdValueError(
            f"low must be below high, both finite, in every dimension; in number {bad[0]} they are "
            f"{bottom[bad[0]]:g} and {top[bad[0]]:g}",
            argument="low",
        )
    return Bounds(bottom, top, params)


def check_budget(what: str, base: int, power: int, limit: int) -> int:
    """base^power evaluations, refused with the count where that is above the limit."""
    count = base**power
    if count > limit:
        size = f"{count:,}" if count < 10**15 else f"about 10^{math.log10(base) * power:.0f}"
        raise checks.JgdValueError(
            f"{what} = {base}^{power} is {size} evaluations, above limit={limit:,}: that many points are hopeless, "
            "use descent; or raise limit"
        )
    return count


def losses_at(loss: Callable[[Params], Array], within: Bounds) -> Callable[[Array], Array]:
    """(points, dimensions) -> (points,) losses, compiled; what is not a number counts as inf."""
    at = crossing(loss)

    @jax.jit
    def all_of(points: Array) -> Array:
        try:
            found = jax.vmap(lambda point: at(within.params(point)))(points)
        except UNTRACEABLE as error:
            raise untraceable(loss) from error
        if jnp.shape(found) != points.shape[:1] or not jnp.issubdtype(found.dtype, jnp.floating):
            raise checks.JgdTypeError(
                f"loss must return one real floating number for each point, got shape {found.shape[1:]}, {found.dtype}",
                argument="loss",
            )
        return jnp.where(jnp.isnan(found), jnp.inf, found)

    return all_of


class BestSoFar:
    """The best point while points stream by."""

    def __init__(self) -> None:
        self.point: Any = None
        self.value, self.seen = math.inf, 0
        self.history: dict[str, list] = {"evaluations": [], "value": []}

    def update(self, points: Array, losses: Array) -> None:
        """Points in the order of their evaluation; the first of equal ones is kept."""
        measured = np.asarray(losses, np.float64)
        best = np.minimum.accumulate(np.minimum(measured, self.value))
        better = np.flatnonzero(best < np.concatenate([[self.value], best[:-1]]))
        self.history["evaluations"] += [int(i) + self.seen + 1 for i in better]
        self.history["value"] += [float(best[i]) for i in better]
        if len(better):
            self.point, self.value = np.asarray(points[int(better[-1])]), float(best[-1])
        self.seen += len(measured)

    def result(self, method: str, within: Bounds) -> SearchResult:
        point = within.low if self.point is None else jnp.asarray(self.point)
        history = {"evaluations": np.array(self.history["evaluations"], int), "value": np.array(self.history["value"])}
        return SearchResult(method, within.params(point), self.value, self.seen, history)
