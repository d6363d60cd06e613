"""A guard: a step that is not finite leaves everything as it was.

if g, u = transform(g), θ + u and the new state are finite:  u, and the new state
else:                                                   0, and the state of before; one more skipped

So one bad batch (a corrupt row, an overflow in float16) doesn't write a NaN into parameters or moments, which would
never leave again. A run whose gradients stay bad should end, not stand still for ever: after `max_consecutive` skipped
steps in a row the next bad one gives NaN for its update (the state is still kept), so that the run's own rule meets
it and stops: `jgd.train` with a status, `jgd.sweep` with `diverged_at`. optax's `apply_if_finite` counts alike, but
looks at the updates only, and then lets the bad state through too.
"""

import functools
from dataclasses import replace
from typing import Any

import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree, tree_xla
from jgd.core.optimizer import TransformLike
from jgd.core.record import record, static_field
from jgd.core.transform import Context, UpdateInfo
from jgd.core.types import Params
from jgd.core.updates import apply_updates
from jgd.transforms.wrapper import Wrapper


@record
class SkipNonFiniteState:
    """How many steps were skipped, how many of them since the last good one (() int32), and whether to end (() bool)."""

    total: Array
    consecutive: Array
    through: Array  # the last step was bad, and one too many
    inner: Any


@record
class SkipNonFinite(Wrapper):
    """`transform`, but a step whose gradient, update or result is not finite moves nothing and is counted.

    Args:
        transform: A transform or an optimizer.
        max_consecutive: How many bad steps in a row are skipped; the next one ends the run. ≥ 0; structure. Default: 10.

    Raises:
        JgdTypeError: For something that is no transform.
        JgdValueError: For a negative `max_consecutive`.

    Example:
        >>> import jgd
        >>> optimizer = jgd.chain(SkipNonFinite(jgd.optimizers.adam(0.5).transform))
        >>> state = optimizer.init(jnp.ones(1))
        >>> updates, state = optimizer.update(jnp.array([jnp.nan]), state, jnp.ones(1))
        >>> updates.tolist(), int(state.inner[0].total)
        ([0.0], 1)
    """

    transform: TransformLike
    max_consecutive: int = static_field(default=10)

    def __post_init__(self) -> None:
        self._accept()
        checks.count("max_consecutive", self.max_consecutive)

    def init(self, params: Params) -> SkipNonFiniteState:
        none = lambda: jnp.zeros((), jnp.int32)
        return SkipNonFiniteState(none(), none(), jnp.zeros((), bool), self.transform.init(params))

    def update(self, updates: Params, state: SkipNonFiniteState, context: Context) -> tuple[Params, SkipNonFiniteState]:
        made, inner = self.transform.update(updates, state.inner, context)
        inner = tree.cast_like(inner, state.inner)
        arrived = apply_updates(context.stored, made)
        fine = tree.map(_finite, context.grads, updates, made, arrived)
        no_worse = tree.map(lambda new, old: _finite(new) | ~_finite(old), inner, state.inner)
        every = [jnp.all(x) for x in tree.leaves((fine, no_worse))]
        bad = ~jnp.stack([jnp.ones((), bool), *every]).all()
        skipped = tree_xla.compute_once(made, bad.astype(jnp.int32))
        sound = skipped == 0
        consecutive = skipped * (state.consecutive + 1)
        through = consecutive > self.max_consecutive
        updates = tree.map(lambda u: jnp.where(sound, u, jnp.where(through, jnp.nan, 0.0).astype(u.dtype)), made)
        return updates, SkipNonFiniteState(
            state.total + skipped, consecutive, through, tree.select(sound, inner, state.inner)
        )

    def info(self, state: SkipNonFiniteState) -> UpdateInfo:
        """The inner transform's, and whether the last step was skipped and the run may go on."""
        skipped = (state.consecutive > 0) & ~state.through
        within = self.transform.info(state.inner)
        return replace(within, skipped=skipped if within.skipped is None else skipped | within.skipped)


def _finite(*arrays: Array) -> Array:
    """Where all of them are finite, entry by entry; what is not floating always is."""
    floats = [x for x in arrays if jnp.issubdtype(x.dtype, jnp.floating)]
    return functools.reduce(jnp.logical_and, [jnp.isfinite(x) for x in floats], jnp.ones(arrays[0].shape, bool))
