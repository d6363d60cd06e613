"""Sets that `Project` projects onto: each knows its nearest point, and where it is bounded its furthest. See balls.py too."""

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


class BoundedSet(ConvexSet, Protocol):
    """What `frank_wolfe` takes: a set that can tell its furthest point in a direction too."""

    def furthest(self, direction: Array, at: Any, /) -> Array:
        """A point of the set that lies furthest in a direction, of largest Σ direction · x; `at` is `context.at`."""
        ...


@record
class NonNegative(ConvexSet):
    """x ≥ 0."""

    def nearest(self, x: Array, margin: Array, at: Any) -> Array:
        return jnp.maximum(x, 0)

    def holds(self, x: Array, at: Any) -> Array:
        return x >= 0


@record
class Box(BoundedSet):
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
