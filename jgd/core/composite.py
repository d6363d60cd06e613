"""Transforms made of several: what they share, and Chain, in which each one's updates are the next one's input."""

from collections.abc import Iterator
from typing import Any

import jax.numpy as jnp

from jgd.core.record import record
from jgd.core.seeds import NoiseKeys
from jgd.core.transform import Context, Transform, UpdateInfo
from jgd.core.types import Params


class Composite(Transform):
    """A transform made of several, the field `transforms`, with a tuple of their states as its own."""

    transforms: tuple[Transform, ...]

    def _each(self, states: Any) -> Iterator[tuple[Transform, Any]]:
        return zip(self.transforms, states, strict=True)

    @property
    def ignores_updates(self) -> bool:
        return any(transform.ignores_updates for transform in self.transforms)

    @property
    def must_be_last(self) -> bool:
        return any(transform.must_be_last for transform in self.transforms)

    @property
    def per_leaf(self) -> bool:
        return any(transform.per_leaf for transform in self.transforms)

    def info(self, state: Any) -> UpdateInfo:
        """The first learning rate that one reports, times every factor; skipped where any skipped."""
        infos = [transform.info(inner) for transform, inner in self._each(state)]
        rate = next((info.learning_rate for info in infos if info.learning_rate is not None), None)
        for info in infos:
            if rate is not None and info.factor is not None:
                rate = info.factor * rate
        skips = [info.skipped for info in infos if info.skipped is not None]
        return UpdateInfo(rate, skipped=jnp.stack(skips).any() if skips else None)

    def reseed(self, state: Any, keys: NoiseKeys) -> Any:
        return tuple(transform.reseed(inner, keys) for transform, inner in self._each(state))

    def observe(self, state: Any, metric: Any) -> Any:
        return tuple(transform.observe(inner, metric) for transform, inner in self._each(state))


@record
class Chain(Composite):
    """A transform made of transforms: each one's updates are the next one's input."""

    transforms: tuple[Transform, ...]

    def init(self, params: Params) -> tuple[Any, ...]:
        return tuple(transform.init(params) for transform in self.transforms)

    def update(self, updates: Params, states: tuple[Any, ...], context: Context) -> tuple[Params, tuple[Any, ...]]:
        out = []
        for transform, state in zip(self.transforms, states, strict=True):
            updates, state = transform.update(updates, state, context)
            out.append(state)
        return updates, tuple(out)

    def eval_params(self, params: Params, states: tuple[Any, ...]) -> Params:
        for transform, state in zip(self.transforms, states, strict=True):
            params = transform.eval_params(params, state)
        return params

    @property
    def ignores_updates(self) -> bool:
        return self.transforms[0].ignores_updates

    @property
    def must_be_last(self) -> bool:
        return self.transforms[-1].must_be_last
