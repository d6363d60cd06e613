"""Projections: the last transform, which ends every step at the nearest point of a convex set.

u ← P(θ + u) − θ, leaf by leaf, each leaf one vector

Sources: Bertsekas 1976, "On the Goldstein–Levitin–Polyak gradient projection method" (the method); Duchi et al. 2008,
"Efficient projections onto the ℓ1-ball for learning in high dimensions", figure 1 (simplex) and section 4 (ℓ1 ball).

θ + u is rounded to the parameter's dtype, which can put it outside again by a last digit. Where it does, the set is
taken smaller by a few such digits (bounds and balls; the sum of a simplex holds to rounding, its signs exactly).
"""

from typing import Any, Protocol

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree
from jgd.core.record import hyper, record
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.core.updates import apply_updates


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
        low: The lower bound, a number or a schedule.
        high: The upper bound, a number or a schedule, not below `low`.
    """

    low: Scalar = hyper("(-inf, inf)")
    high: Scalar = hyper("(-inf, inf)")

    def __post_init__(self) -> None:
        if not (callable(self.low) or callable(self.high)):
            checks.in_order("low", self.low, "high", self.high)

    def nearest(self, x: Array, margin: Array, at: Any) -> Array:
        low, high = at(self.low), at(self.high)
        middle = (low + high) / 2
        return jnp.clip(x, jnp.minimum(low + margin, middle), jnp.maximum(high - margin, middle))

    def holds(self, x: Array, at: Any) -> Array:
        return (at(self.low) <= x) & (x <= at(self.high))


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


@builder
@record
class Project(Transform):
    """u ← P(θ + u) − θ for each leaf: after every step the parameters lie in the set. It must be last.

    Each leaf is one vector; `only("weights", Project(...))` leaves the others free.

    Args:
        onto: `NonNegative()`, `Box(low, high)`, `Simplex(total)`, `L1Ball`, `L2Ball` or `LInfBall(radius)`, or a record of
            your own with the methods of `ConvexSet`.

    Raises:
        JgdTypeError: For something that is no convex set.

    Example:
        >>> import jgd
        >>> optimizer = jgd.chain(jgd.transforms.ScaleByLearningRate(1.0), Project(Simplex()))
        >>> params = jnp.array([0.5, 0.5])
        >>> updates, _ = optimizer.update(jnp.array([-0.2, 0.2]), optimizer.init(params), params)
        >>> jgd.apply_updates(params, updates).tolist()
        [0.7, 0.3]
    """

    onto: ConvexSet
    must_be_last = True
    per_leaf = True

    def __post_init__(self) -> None:
        if isinstance(self.onto, type) or not (hasattr(self.onto, "nearest") and hasattr(self.onto, "holds")):
            raise checks.JgdTypeError(
                f"onto must be a convex set such as Box(0.0, 1.0), got {checks.shown(self.onto)}", argument="onto"
            )

    def update(self, updates: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        def one(p: Array, stored: Array, u: Array) -> Array:
            to = lambda margin: self.onto.nearest(p + u, margin, context.at)
            exact = to(jnp.zeros_like(p))
            landed = apply_updates(stored, exact - p).astype(p.dtype)
            digit = 4 * float(jnp.finfo(stored.dtype).eps) * jnp.maximum(jnp.abs(exact), jnp.abs(p))
            margin = jnp.where(self.onto.holds(landed, context.at), jnp.zeros_like(p), jax.lax.stop_gradient(digit))
            return to(margin) - p

        return tree.map(one, context.params, context.stored, updates), state


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
