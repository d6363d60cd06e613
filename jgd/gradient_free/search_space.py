"""The points that a search may visit, their losses, and the best of them so far."""

import inspect
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
from jgd.core.forked import refuse_fork
from jgd.core.functions import UNTRACEABLE, name_of, one_number, untraceable
from jgd.core.types import Params
from jgd.gradient_free.result import SearchResult
from jgd.landscapes import Landscape

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


def bounds(loss: Any, low: Params | None, high: Params | None) -> Bounds:
    """Bounds from two trees of numbers of one structure; refused unless low < high everywhere.

    A list or tuple of plain numbers is a vector. A landscape's own box stands where no bounds are given, and one number is
    that of each of its dimensions.
    """
    if isinstance(loss, Landscape):
        low, high = loss.low if low is None else low, loss.high if high is None else high
    at_low, at_high = (_numbers(name, side, loss) for name, side in (("low", low), ("high", high)))
    checks.same_structure(at_high, at_low, "high", "low")
    bottom, params = ravel_pytree(at_low)
    top, _ = ravel_pytree(at_high)
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


def _numbers(name: str, side: Any, loss: Any) -> Any:
    """A bound as a tree of arrays; for a landscape, whose params are one vector, as that."""
    if side is None:
        raise checks.JgdTypeError(f"{name} must be given, only a landscape has its own", argument=name)
    vector = lambda x: isinstance(x, list | tuple) and bool(x) and all(isinstance(each, int | float) for each in x)
    try:
        arrays = jax.tree.map(lambda x: jnp.asarray(x, jnp.result_type(float)), side, is_leaf=vector)
        return jnp.broadcast_to(arrays, (len(loss.start_at),)) if isinstance(loss, Landscape) else arrays
    except Exception as fault:  # jax and NumPy have a dozen ways to refuse what holds no numbers
        kind = (
            f"{len(loss.start_at)} numbers" if isinstance(loss, Landscape) else "a tree of numbers like the parameters"
        )
        raise checks.JgdTypeError(f"{name} must be {kind}, got {checks.shown(side)}", argument=name) from fault


def of_params(loss: Callable[..., Array], data: Any) -> Callable[[Params], Array]:
    """The loss as a function of the parameters alone: as it is, or on the data that it takes beside them.

    Raises:
        JgdTypeError: For something that is no loss, for one that takes data where there are none, and where it returns
            anything but one real floating number.
    """
    refuse_fork("a search")
    if isinstance(loss, type) or not callable(loss):
        raise checks.JgdTypeError(f"loss must be a function of params, got {checks.shown(loss)}", argument="loss")
    if data is None and not takes(loss, 1):
        beside = "takes a batch too: give data=" if takes(loss, 2) else "can't be called with the parameters alone"
        raise checks.JgdTypeError(f"the loss {name_of(loss)} {beside}", argument="loss")

    def at(params: Params) -> Array:
        try:
            return one_number(loss, loss(params) if data is None else loss(params, data))
        except UNTRACEABLE as error:
            raise untraceable(loss) from error

    return at


def takes(function: Any, count: int) -> bool:
    """Whether a function can be called with so many arguments by place; of one that doesn't say, yes."""
    try:
        inspect.signature(function).bind(*range(count))
    except TypeError:
        return False
    except ValueError:
        return True
    return True


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

    @jax.jit
    def all_of(points: Array) -> Array:
        found = jax.vmap(lambda point: loss(within.params(point)))(points)
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
