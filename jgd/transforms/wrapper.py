"""What the wrappers share: each holds one transform, keeps no clock of its own, and passes on what that transform says of itself."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core.optimizer import as_transform
from jgd.core.seeds import NoiseKeys
from jgd.core.transform import Transform, UpdateInfo
from jgd.core.types import Params
from jgd.transforms.learning_rate import LearningRateState


class Wrapper(Transform):
    """A transform around a transform; its state has the inner transform's as `inner`.

    A record derives from it, has the field `transform`, and calls `_accept` in its `__post_init__`.
    """

    transform: Transform

    def _accept(self) -> None:
        """Take the transform of an optimizer, and refuse what is neither."""
        object.__setattr__(self, "transform", as_transform(self.transform, type(self).__name__))

    @property
    def ignores_updates(self) -> bool:
        return self.transform.ignores_updates

    @property
    def must_be_last(self) -> bool:
        return self.transform.must_be_last

    @property
    def per_leaf(self) -> bool:
        return self.transform.per_leaf

    @property
    def sign(self) -> str:
        return self.transform.sign

    def eval_params(self, params: Params, state: Any) -> Params:
        return self.transform.eval_params(params, state.inner)

    def info(self, state: Any) -> UpdateInfo:
        return self.transform.info(state.inner)

    def reseed(self, state: Any, keys: NoiseKeys) -> Any:
        return replace(state, inner=self.transform.reseed(state.inner, keys))

    def observe(self, state: Any, metric: Any) -> Any:
        return replace(state, inner=self.transform.observe(state.inner, metric))


def restarted(transform: Transform, params: Params, state: Any) -> Any:
    """The transform's state as it would start at `params`, but for its random keys and its last rate, which go on."""
    is_rate = lambda node: isinstance(node, LearningRateState)
    one = lambda old, new: old if is_rate(old) else jnp.asarray(new).astype(old.dtype)
    fresh = jax.tree.map(one, state, transform.init(params), is_leaf=is_rate)
    keys = _Keys()
    transform.reseed(state, keys)
    return transform.reseed(fresh, _Keys(keys.seen))


class _Keys(NoiseKeys):
    """Stands in for a run's keys where `reseed` is asked which keys a state has, or is given those to put in."""

    def __init__(self, given: Sequence[Array] | None = None):
        self.seen: list[Array] = []
        self._given = None if given is None else iter(given)

    def mix(self, data: Array) -> Array:
        self.seen.append(data)
        return data if self._given is None else next(self._given)
