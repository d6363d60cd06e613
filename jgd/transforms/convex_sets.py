"""Sets that `Project` projects onto: each knows its nearest point, and where it is bounded its furthest.

Sources: Duchi et al. 2008, "Efficient projections onto the ℓ1-ball for learning in high dimensions", figure 1 (simplex) and
section 4 (ℓ1 ball); the others are one line of geometry.
"""

from typing import Any, Protocol

import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree
from jgd.core.record import hyper, record
from jgd.core.types import Scalar


class ConvexSet(Protocol):
    """What `Project` takes: a set that can tell its nearest point, and whether it holds a point."""

    def nearest(self, x: Array, margin: Array, at: Any, /) -> Array:
        """The nearest point of the set made smaller by a margin.

        Args:
            x: A leaf.
            margin: ≥ 0, an array like x.
            at: `context.at`, for bounds that are schedules.

        Returns:
            An array like x.
        """
        ...

    def holds(self, x: Array, at: Any, /) -> Array:
        """Whether x lies in the set, for all entries at once or for each; `at` is `context.at`."""
        ...

    # furthest(direction, at): the point of the set that lies furthest in a direction, where it is bounded: what
    # `frank_wolfe` goes by


@record
class NonNegative(ConvexSet):
    """x ≥ 0."""

    def nearest(self, x: Array, margin: Array, at: Any) -> Array:
        return jnp.maximum(x, 0)

    def holds(self, x: Array, at: Any) -> Array:
        return x >= 0


@record
class Box(ConvexSet):
    """low ≤ x ≤ high, entry by entry.

    Args:
        low: The lower bound, a number, a schedule, or an array with a bound for each entry of the leaf.
        high: The upper bound, a number, a schedule or such an array, not below `low`.
    """

    low: Scalar = hyper("(-inf, inf)")
    high: Scalar = hyper("(-inf, inf)")

    def __post_init__(self) -> None:
        if not (callable(self.low) or callable(self.high)):
            checks.in_order("low", self.low, "high", self.high)

    def nearest(self, x: Array, margin: Array, at: Any) -> Array:
        low, high = _each(self.low, x, at), _each(self.high, x, at)
        middle = (low + high) / 2
        return jnp.clip(x, jnp.minimum(low + margin, middle), jnp.maximum(high - margin, middle))

    def holds(self, x: Array, at: Any) -> Array:
        return (_each(self.low, x, at) <= x) & (x <= _each(self.high, x, at))

    def furthest(self, direction: Array, at: Any) -> Array:
        return jnp.where(direction < 0, _each(self.low, direction, at), _each(self.high, direction, at))


@record
class Simplex(ConvexSet):
    """x ≥ 0 and Σ x = total.

    Args:
        total: The sum, a number or a schedule. > 0. Default: 1.0.
    """

    total: Scalar = hyper("> 0", default=1.0)

    def nearest(self, x: Array, margin: Array, at: Any) -> Array:
        return _on_simplex(x, at(self.total))

    def holds(self, x: Array, at: Any) -> Array:
        return x >= 0

    def furthest(self, direction: Array, at: Any) -> Array:
        return at(self.total) * _first_peak(direction)


@record
class L1Ball(ConvexSet):
    """Σ |x| ≤ radius.

    Args:
        radius: The radius, a number or a schedule. > 0. Default: 1.0.
    """

    radius: Scalar = hyper("> 0", default=1.0)

    def nearest(self, x: Array, margin: Array, at: Any) -> Array:
        radius = _smaller(at(self.radius), jnp.sum(margin))
        return jnp.where(jnp.sum(jnp.abs(x)) <= radius, x, jnp.sign(x) * _on_simplex(jnp.abs(x), radius))

    def holds(self, x: Array, at: Any) -> Array:
        return jnp.sum(jnp.abs(x)) <= at(self.radius)

    def furthest(self, direction: Array, at: Any) -> Array:
        return at(self.radius) * jnp.sign(direction) * _first_peak(jnp.abs(direction))


@record
class L2Ball(ConvexSet):
    """√Σ x² ≤ radius.

    Args:
        radius: The radius, a number or a schedule. > 0. Default: 1.0.
    """

    radius: Scalar = hyper("> 0", default=1.0)

    def nearest(self, x: Array, margin: Array, at: Any) -> Array:
        radius = _smaller(at(self.radius), tree.norm(margin))
        return x * tree.safe_divide(radius, jnp.maximum(tree.norm(x), radius))

    def holds(self, x: Array, at: Any) -> Array:
        return tree.norm(x) <= at(self.radius)

    def furthest(self, direction: Array, at: Any) -> Array:
        return at(self.radius) * tree.safe_divide(direction, tree.norm(direction))


@record
class LInfBall(ConvexSet):
    """max |x| ≤ radius.

    Args:
        radius: The radius, a number or a schedule. > 0. Default: 1.0.
    """

    radius: Scalar = hyper("> 0", default=1.0)

    def nearest(self, x: Array, margin: Array, at: Any) -> Array:
        radius = _smaller(at(self.radius), margin)
        return jnp.clip(x, -radius, radius)

    def holds(self, x: Array, at: Any) -> Array:
        return jnp.abs(x) <= at(self.radius)

    def furthest(self, direction: Array, at: Any) -> Array:
        return at(self.radius) * jnp.sign(direction)


@record
class Hyperplane(ConvexSet):
    """Σ normal · x = offset.

    Args:
        normal: An array like the leaf, not 0; a number for one in each entry.
        offset: A number or a schedule. Default: 0.0.
    """

    normal: Scalar = hyper("(-inf, inf)", schedule=False)
    offset: Scalar = hyper("(-inf, inf)", default=0.0)

    def nearest(self, x: Array, margin: Array, at: Any) -> Array:
        return x - _beyond(x, self.normal, at(self.offset), at)

    def holds(self, x: Array, at: Any) -> Array:
        return jnp.ones((), bool)  # to rounding, as the sum of a simplex


@record
class HalfSpace(ConvexSet):
    """Σ normal · x ≤ bound.

    Args:
        normal: An array like the leaf, not 0; a number for one in each entry.
        bound: A number or a schedule. Default: 0.0.
    """

    normal: Scalar = hyper("(-inf, inf)", schedule=False)
    bound: Scalar = hyper("(-inf, inf)", default=0.0)

    def nearest(self, x: Array, margin: Array, at: Any) -> Array:
        normal = _each(self.normal, x, at)
        bound = at(self.bound) - jnp.sum(jnp.abs(normal) * margin)
        outside = jnp.sum(normal * x) > bound
        return jnp.where(outside, x - _beyond(x, self.normal, bound, at), x)

    def holds(self, x: Array, at: Any) -> Array:
        return jnp.sum(_each(self.normal, x, at) * x) <= at(self.bound)


@record
class Sphere(ConvexSet):
    """√Σ x² = radius. It is not convex, but has a nearest point for each but its middle, which goes to equal entries.

    Args:
        radius: The radius, a number or a schedule. > 0. Default: 1.0.
    """

    radius: Scalar = hyper("> 0", default=1.0)

    def nearest(self, x: Array, margin: Array, at: Any) -> Array:
        there = jnp.where(jnp.any(x != 0), x, jnp.ones_like(x))
        return at(self.radius) * tree.safe_divide(there, tree.norm(there))

    def holds(self, x: Array, at: Any) -> Array:
        return jnp.ones((), bool)  # to rounding


def _on_simplex(x: Array, total: Array) -> Array:
    """The nearest point with x ≥ 0 and Σ x = total: max(x − τ, 0), τ from the sorted entries."""
    if x.size == 0:
        return x
    # shifted by the largest entry, below which none further than `total` stays positive: large ones don't cost digits
    x = jnp.maximum(x - jnp.max(x), -total)
    high_first = -jnp.sort(-x.ravel())
    over = jnp.cumsum(high_first) - total
    counts = jnp.arange(1, x.size + 1).astype(x.dtype)
    positive = jnp.sum(high_first * counts > over)  # ρ, how many entries stay positive
    last = jnp.maximum(positive - 1, 0)
    return jnp.maximum(x - over[last] / counts[last], 0)


def _smaller(radius: Array, by: Array) -> Array:
    return jnp.maximum(radius - by, radius / 2)


def _each(value: Any, x: Array, at: Any) -> Array:
    """A number or schedule at its value now, or an array with a number for each entry of the leaf x."""
    if callable(value) or jnp.ndim(value) == 0:
        return at(value)
    if jnp.shape(value) != x.shape:
        raise checks.JgdValueError(
            f"a convex set with an array for each entry must be like the leaf, of shape {x.shape}, got {jnp.shape(value)}; "
            "jgd.transforms.only(pattern, Project(...)) chooses the leaf",
            argument="onto",
        )
    return jnp.asarray(value).astype(x.dtype)


def _beyond(x: Array, normal: Any, offset: Array, at: Any) -> Array:
    """What to take from x so that Σ normal · x = offset."""
    normal = jnp.broadcast_to(_each(normal, x, at), x.shape)
    return tree.safe_divide(jnp.sum(normal * x) - offset, jnp.sum(jnp.square(normal))) * normal


def _first_peak(x: Array) -> Array:
    """1 at the largest entry, the first of equal ones, 0 elsewhere."""
    return jnp.zeros(x.size, x.dtype).at[jnp.argmax(x)].set(1).reshape(x.shape) if x.size else x
