"""Projections: the last transform, which ends every step at the nearest point of a convex set.

u ← P(θ + u) − θ, leaf by leaf, each leaf one vector

Source: Bertsekas 1976, "On the Goldstein–Levitin–Polyak gradient projection method"; the sets are in convex_sets.py and balls.py.

θ + u is rounded to the parameter's dtype, which can put it outside again by a last digit. Where it does, the set is
taken smaller by a few such digits (bounds and balls; the sum of a simplex holds to rounding, its signs exactly).
"""

from functools import partial

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree
from jgd.core.record import record, static_field
from jgd.core.transform import Context, Transform
from jgd.core.types import Params
from jgd.core.updates import apply_updates
from jgd.transforms.convex_sets import ConvexSet


@record
class Project(Transform):
    """u ← P(θ + u) − θ for each leaf: after every step the parameters lie in the set. It must be last.

    Each leaf is one vector; `only("weights", Project(...))` leaves the others free.

    Args:
        onto: `NonNegative()`, `Box(low, high)`, `Simplex(total)`, `L1Ball`, `L2Ball`, `LInfBall` or `Sphere(radius)`,
            `HalfSpace(normal, bound)`, `Hyperplane(normal, offset)`, or a record of your own with the methods of `ConvexSet`.
        together: Whether all leaves are one vector, in the order of the leaves; structure. Default: False.

    Raises:
        JgdTypeError: For something that is no convex set.

    Example:
        >>> import jgd
        >>> optimizer = jgd.chain(jgd.transforms.ScaleByLearningRate(1.0), Project(jgd.transforms.Simplex()))
        >>> params = jnp.array([0.5, 0.5])
        >>> updates, _ = optimizer.update(jnp.array([-0.2, 0.2]), optimizer.init(params), params)
        >>> jgd.apply_updates(params, updates).tolist()
        [0.7, 0.3]
    """

    onto: ConvexSet
    together: bool = static_field(default=False)
    must_be_last = True
    per_leaf = True

    def __post_init__(self) -> None:
        if isinstance(self.onto, type) or not (hasattr(self.onto, "nearest") and hasattr(self.onto, "holds")):
            raise checks.JgdTypeError(
                f"onto must be a convex set such as Box(0.0, 1.0), got {checks.shown(self.onto)}", argument="onto"
            )

    def update(self, updates: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        if not self.together:
            return tree.map(partial(self._step, context), context.params, context.stored, updates), state
        flat = self._step(context, context.params, context.stored, updates)
        return tree.unravel(flat, updates), state

    def _step(self, context: Context, p: Params, stored: Params, u: Params) -> Array:
        """The step from p to the nearest point to p + u that the stored dtypes don't round out of the set, as one array."""
        one = tree.ravel if self.together else lambda leaf: leaf
        here, moved = one(p), one(tree.add(p, u))
        to = lambda margin: self.onto.nearest(moved, margin, context.at)
        exact = to(jnp.zeros_like(here))
        step = exact - here
        landed = one(apply_updates(stored, tree.unravel(step, p) if self.together else step)).astype(here.dtype)
        last = one(tree.map(lambda x, q: jnp.full(x.shape, 4 * float(jnp.finfo(q.dtype).eps), x.dtype), p, stored))
        digit = last * jnp.maximum(jnp.abs(exact), jnp.abs(here))
        margin = jnp.where(self.onto.holds(landed, context.at), jnp.zeros_like(here), jax.lax.stop_gradient(digit))
        return to(margin) - here
