"""Simplices, balls and spheres, for `Project`.

Source: Duchi et al. 2008, "Efficient projections onto the ℓ1-ball for learning in high dimensions", figure 1 (simplex) and
section 4 (ℓ1 ball).
"""

from typing import Any

import jax.numpy as jnp
from jax import Array

from jgd.core import tree
from jgd.core.record import hyper, record
from jgd.core.types import Scalar
from jgd.transforms.convex_sets import BoundedSet, ConvexSet


@record
class Simplex(BoundedSet):
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
class L1Ball(BoundedSet):
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
class L2Ball(BoundedSet):
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
class LInfBall(BoundedSet):
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


def _first_peak(x: Array) -> Array:
    """1 at the largest entry, the first of equal ones, 0 elsewhere."""
    return jnp.zeros(x.size, x.dtype).at[jnp.argmax(x)].set(1).reshape(x.shape) if x.size else x
