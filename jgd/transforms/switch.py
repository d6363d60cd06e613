"""Transforms by the clock: one method after another, or one that starts afresh every so often.

switch   transform i at the steps from at[i − 1] to at[i] − 1, as Adam first and SGD for the rest
restart  before the steps period, 2 · period, …: state ← init(θ)

Sources: Keskar & Socher 2017, arXiv:1712.07628 (from Adam to SGD; there the step is found, here it is given);
O'Donoghue & Candès 2015, arXiv:1204.3982, section 3.1 (fixed restarts of an accelerated method).
"""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree
from jgd.core.composite import Composite
from jgd.core.optimizer import TransformLike, as_transform
from jgd.core.record import record, static_field
from jgd.core.seeds import NoiseKeys
from jgd.core.transform import Context, Transform, UpdateInfo
from jgd.core.types import Params
from jgd.transforms.learning_rate import LearningRateState
from jgd.transforms.wrapper import Wrapper, restarted


@record
class SwitchState:
    """Which transform made the last update, the learning rate it used, and the states of all."""

    rate: LearningRateState  # of the transform in charge, before the others', so that it is the one reported
    place: Array  # () int32: which transform made the last update
    inner: tuple[Any, ...]


@record
class Switch(Composite):
    """transforms[i] makes the updates from step at[i − 1] on, and no other transform computes.

    A transform's state starts when its time comes, at the parameters that it takes over. The clock is the run's, so a
    schedule inside begins at the switch where it stands by then.

    Args:
        transforms: Two or more transforms or optimizers, a tuple.
        at: The steps at which the next one takes over, one fewer than transforms, rising: `Switch((adam, sgd), at=(1000,))`.
            Structure.

    Raises:
        JgdTypeError: For fewer than two transforms, and something that is none.
        JgdValueError: For another number of steps, and steps that don't rise.

    Example:
        >>> import jgd
        >>> optimizer = jgd.chain(Switch((jgd.transforms.ScaleByLearningRate(1.0), jgd.transforms.ScaleByLearningRate(0.5)), at=(1,)))
        >>> state = optimizer.init(jnp.zeros(()))
        >>> for _ in range(2):
        ...     updates, state = optimizer.update(jnp.array(-1.0), state, jnp.zeros(()))
        ...     print(float(updates))
        1.0
        0.5
    """

    transforms: tuple[TransformLike, ...]
    at: tuple[int, ...] = static_field()

    def __post_init__(self) -> None:
        if not isinstance(self.transforms, tuple) or len(self.transforms) < 2:
            raise checks.JgdTypeError(
                f"Switch takes a tuple of two or more transforms, got {checks.shown(self.transforms)}",
                argument="transforms",
            )
        object.__setattr__(self, "transforms", tuple(as_transform(each, "Switch") for each in self.transforms))
        if not isinstance(self.at, tuple) or len(self.at) != len(self.transforms) - 1:
            raise checks.JgdValueError(
                f"at must be a tuple of {len(self.transforms) - 1} steps, got {checks.shown(self.at)}", argument="at"
            )
        for before, step in zip((0, *self.at), self.at, strict=False):
            checks.count("at", step, least=before + 1)

    def init(self, params: Params) -> SwitchState:
        states = tuple(transform.init(params) for transform in self.transforms)
        return SwitchState(LearningRateState.unused(params), jnp.zeros((), jnp.int32), states)

    def update(self, updates: Params, state: SwitchState, context: Context) -> tuple[Params, SwitchState]:
        def by(i: int, transform: Transform):
            def run(updates: Params, state: SwitchState) -> tuple[Params, SwitchState]:
                old = state.inner[i]
                if i > 0:  # it was made for the parameters at the start
                    first = context.step == self.at[i - 1]
                    old = jax.lax.cond(first, lambda m: restarted(transform, context.params, m), lambda m: m, old)
                made, new = transform.update(updates, old, context)
                inner = (*state.inner[:i], tree.cast_like(new, old), *state.inner[i + 1 :])
                rate = transform.info(inner[i]).learning_rate
                rate = jnp.nan if rate is None else rate
                rate = jnp.asarray(rate).astype(state.rate.learning_rate.dtype)
                return tree.cast_like(made, updates), SwitchState(
                    LearningRateState(rate), jnp.asarray(i, jnp.int32), inner
                )

            return run

        place = sum((context.step >= step).astype(jnp.int32) for step in self.at)
        return jax.lax.switch(place, [by(i, transform) for i, transform in enumerate(self.transforms)], updates, state)

    def eval_params(self, params: Params, state: SwitchState) -> Params:
        reads = [
            lambda p, m, i=i: tree.cast_like(self.transforms[i].eval_params(p, m[i]), p)
            for i in range(len(self.transforms))
        ]
        return jax.lax.switch(state.place, reads, params, state.inner)

    def info(self, state: SwitchState) -> UpdateInfo:
        """That of the transform which made the last update, NaN for a rate where only others have one."""
        infos = self._infos(state.inner)

        def made(reported: list[Any], otherwise: Any) -> Any:
            if all(each is None for each in reported):
                return None
            return jnp.stack([jnp.asarray(otherwise if each is None else each) for each in reported])[state.place]

        rates = [each.learning_rate for each in infos]
        factor, skipped = made([each.factor for each in infos], 1.0), made([each.skipped for each in infos], False)
        return UpdateInfo(None if made(rates, jnp.nan) is None else state.rate.learning_rate, factor, skipped)

    def reseed(self, state: SwitchState, keys: NoiseKeys) -> SwitchState:
        return replace(state, inner=super().reseed(state.inner, keys))

    def observe(self, state: SwitchState, metric: Any) -> SwitchState:
        return replace(state, inner=super().observe(state.inner, metric))


@record
class RestartState:
    """The inner transform's state."""

    inner: Any


@record
class Restart(Wrapper):
    """`transform`, whose state starts anew at the parameters reached, every `period` updates.

    Its random key and the clock go on, and with the clock its schedules.

    Args:
        transform: A transform or an optimizer.
        period: How many updates lie between two starts. ≥ 1; structure.

    Raises:
        JgdTypeError: For something that is no transform.
        JgdValueError: For a `period` below 1.

    Example:
        >>> import jgd
        >>> optimizer = jgd.chain(Restart(jgd.transforms.EmaOfUpdates(0.5, debias=False), period=2))
        >>> state = optimizer.init(jnp.zeros(()))
        >>> for _ in range(3):
        ...     updates, state = optimizer.update(jnp.array(1.0), state, jnp.zeros(()))
        ...     print(float(updates))
        0.5
        0.75
        0.5
    """

    transform: TransformLike
    period: int = static_field()

    def __post_init__(self) -> None:
        self._accept()
        checks.count("period", self.period, least=1)

    def init(self, params: Params) -> RestartState:
        return RestartState(self.transform.init(params))

    def update(self, updates: Params, state: RestartState, context: Context) -> tuple[Params, RestartState]:
        due = (context.step > 0) & (context.step % self.period == 0)
        start = lambda inner: restarted(self.transform, context.params, inner)
        inner = jax.lax.cond(due, start, lambda inner: inner, state.inner)
        updates, inner = self.transform.update(updates, inner, context)
        return updates, RestartState(inner)
