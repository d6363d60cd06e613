"""What the wrappers share: each holds one transform, keeps no clock of its own, and passes on what that transform says of itself."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp

from jgd.core.optimizer import as_transform
from jgd.core.seeds import NoiseKeys
from jgd.core.transform import KeptAtRestart, Transform, UpdateInfo
from jgd.core.types import Params


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

    def eval_params(self, params: Params, state: Any) -> Params:
        return self.transform.eval_params(params, state.inner)

    def info(self, state: Any) -> UpdateInfo:
        return self.transform.info(state.inner)

    def reseed(self, state: Any, keys: NoiseKeys) -> Any:
        return replace(state, inner=self.transform.reseed(state.inner, keys))

    def observe(self, state: Any, metric: Any) -> Any:
        return replace(state, inner=self.transform.observe(state.inner, metric))


def restarted(transform: Transform, params: Params, state: Any) -> Any:
    """The transform's state as it would start at `params`, but for what goes on: its `KeptAtRestart` parts."""
    goes_on = lambda node: isinstance(node, KeptAtRestart)
    one = lambda old, new: old if goes_on(old) else jnp.asarray(new).astype(old.dtype)
    return jax.tree.map(one, state, transform.init(params), is_leaf=goes_on)
