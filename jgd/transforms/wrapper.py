"""What the wrappers share: each holds one transform, keeps no clock of its own, and passes on what that transform says of itself."""

from typing import Any

import jax
import jax.numpy as jnp

from jgd.core import checks
from jgd.core.optimizer import Optimizer, eval_params
from jgd.core.types import Params, Transform
from jgd.transforms.learning_rate import LearningRateState
from jgd.transforms.noise import Noise


class Wrapper:
    """A transform around a transform; its state has the inner transform's as `inner`.

    A record derives from it, has the field `transform`, and refuses what is no transform in its `__post_init__` (see `held`).
    """

    transform: Transform

    def eval_params(self, params: Params, state: Any) -> Params:
        return eval_params(self.transform, params, state.inner)

    @property
    def ignores_updates(self) -> bool:
        return getattr(self.transform, "ignores_updates", False)

    @property
    def must_be_last(self) -> bool:
        return getattr(self.transform, "must_be_last", False)

    @property
    def per_leaf(self) -> bool:
        return getattr(self.transform, "per_leaf", False)


def held(transform: Any, who: str) -> Transform:
    """`transform`, refused unless it is one; an optimizer's transform is its `.transform`."""
    if isinstance(transform, (Optimizer, type)) or not (hasattr(transform, "init") and hasattr(transform, "update")):
        raise checks.JgdTypeError(
            f"{who} takes transforms (init and update; an Optimizer's is its .transform), got {transform!r}"
        )
    return transform


def restarted(transform: Transform, params: Params, state: Any) -> Any:
    """The transform's state as it would start at `params`, but for its random key and its last rate, which go on."""
    goes_on = lambda node: isinstance(node, (Noise, LearningRateState))
    one = lambda old, new: old if goes_on(old) else jnp.asarray(new).astype(old.dtype)
    return jax.tree.map(one, state, transform.init(params), is_leaf=goes_on)
