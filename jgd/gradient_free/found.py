"""What a search leaves, the box it searches, and the table that compares searches."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.flatten_util import ravel_pytree

from jgd.core import checks
from jgd.core.functions import UNTRACEABLE, crossing, untraceable
from jgd.core.text import align_columns
from jgd.core.types import Params

LIMIT = 10**9  # evaluations that a search starts without being asked twice


@dataclass(frozen=True)
class Found:
    """The best point of a search.

    params: in the structure of the box. value: the loss there (inf if no point had a number). evaluations: of the loss,
    in all; a step of descent counts as one evaluation and one gradient, `gradients`. history: "evaluations" made and
    the best "value" so far, (improvements,) each.
    """

    method: str
    params: Params
    value: float
    evaluations: int
    history: dict[str, np.ndarray]
    gradients: int = 0

    def evaluations_to(self, value: float) -> int | None:
        """Evaluations made when the best value was first ≤ `value`; None if it never was."""
        reached = np.flatnonzero(self.history["value"] <= value)
        return int(self.history["evaluations"][reached[0]]) if len(reached) else None


def compare(searches: Mapping[str, Found] | list[Found], value: float) -> str:
    """A table: method, evaluations until the loss was ≤ value, evaluations in all, the best value.

    >>> import jgd
    >>> bowl = lambda w: (w - 3.2) ** 2
    >>> grid = jgd.gradient_free.exhaustive(bowl, 0.0, 4.0, points=10)
    >>> steps = jgd.gradient_free.descent(bowl, jgd.optimizers.sgd(0.25), 0.0, steps=10)
    >>> print(compare([grid, steps], value=0.05))
    method      to <= 0.05  evaluations  best value
    exhaustive           8           10        0.04
    descent              5           10    3.91e-05
    """
    named = searches if isinstance(searches, Mapping) else {found.method: found for found in searches}
    head = ["method", f"to <= {value:g}", "evaluations", "best value"]
    rows = [head]
    for name, found in named.items():
        to = found.evaluations_to(value)
        rows.append([name, "never" if to is None else f"{to:,}", f"{found.evaluations:,}", f"{found.value:.3g}"])
    return "\n".join(align_columns(rows, right={1, 2, 3}))


@dataclass(frozen=True)
class Box:
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


def box(low: Params, high: Params) -> Box:
    """A box from two trees of numbers of one structure; refused unless low < high everywhere."""
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
            f"{bottom[bad[0]]:g} and {top[bad[0]]:g}"
        )
    return Box(bottom, top, params)


def affordable(what: str, base: int, power: int, limit: int) -> int:
    """base^power evaluations, refused with the count where that is above the limit."""
    count = base**power
    if count > limit:
        size = f"{count:,}" if count < 10**15 else f"about 10^{math.log10(base) * power:.0f}"
        raise checks.JgdValueError(
            f"{what} = {base}^{power} is {size} evaluations, above limit={limit:,}: that many points are hopeless, "
            "use descent; or raise limit"
        )
    return count


def values(loss: Callable[[Params], Array], inside: Box) -> Callable[[Array], Array]:
    """(points, dimensions) -> (points,) losses, compiled; what is not a number counts as inf."""
    at = crossing(loss)

    @jax.jit
    def all_of(points: Array) -> Array:
        try:
            found = jax.vmap(lambda point: at(inside.params(point)))(points)
        except UNTRACEABLE as error:
            raise untraceable(loss) from error
        if jnp.shape(found) != points.shape[:1] or not jnp.issubdtype(found.dtype, jnp.floating):
            raise checks.JgdTypeError(
                f"loss must return one real floating number for each point, got shape {found.shape[1:]}, {found.dtype}"
            )
        return jnp.where(jnp.isnan(found), jnp.inf, found)

    return all_of


class Running:
    """The best point so far while points stream by."""

    def __init__(self) -> None:
        self.point: Any = None
        self.value, self.seen = math.inf, 0
        self.history: dict[str, list] = {"evaluations": [], "value": []}

    def absorb(self, points: Array, found: Array) -> None:
        """Points in the order of their evaluation; the first of equal ones is kept."""
        measured = np.asarray(found, np.float64)
        best = np.minimum.accumulate(np.minimum(measured, self.value))
        better = np.flatnonzero(best < np.concatenate([[self.value], best[:-1]]))
        self.history["evaluations"] += [int(i) + self.seen + 1 for i in better]
        self.history["value"] += [float(best[i]) for i in better]
        if len(better):
            self.point, self.value = np.asarray(points[int(better[-1])]), float(best[-1])
        self.seen += len(measured)

    def found(self, method: str, inside: Box) -> Found:
        point = inside.low if self.point is None else jnp.asarray(self.point)
        history = {"evaluations": np.array(self.history["evaluations"], int), "value": np.array(self.history["value"])}
        return Found(method, inside.params(point), self.value, self.seen, history)
