"""An optax transformation as one of jgd's: its state, with the keys in it as the run's own."""

from typing import Any

import jax
import jax.numpy as jnp

from jgd.core.record import record, static_field
from jgd.core.seeds import NoiseKeys
from jgd.core.transform import Context, Transform, UpdateInfo
from jgd.core.types import Params
from jgd.interop.libraries import library
from jgd.transforms.learning_rate import LearningRateState


@record
class OptaxState:
    """optax's own state, its typed keys as raw data, and the learning rate of the last update."""

    inner: Any
    rate: LearningRateState


class OptaxTransform(Transform):
    """What wraps a GradientTransformation; which one it is, at given values of its hyperparameters, is `_made`."""

    per_leaf = True  # nothing says that it isn't

    def _made(self, context: Context | None) -> Any:
        raise NotImplementedError

    def init(self, params: Params) -> OptaxState:
        return OptaxState(_raw(self._made(None).init(params)), LearningRateState.unused(params))

    def update(self, updates: Params, state: OptaxState, context: Context) -> tuple[Params, OptaxState]:
        made = library("optax").with_extra_args_support(self._made(context))
        known = {"value": context.value, "value_fn": context.loss, "grad": context.grads}
        extra = {name: value for name, value in known.items() if value is not None}
        after, inner = made.update(updates, _typed(state.inner, made, context.params), context.params, **extra)
        return after, OptaxState(_raw(inner), LearningRateState(self._rate(inner, state, context)))

    def _rate(self, inner: Any, state: OptaxState, context: Context) -> Any:
        """The learning rate in use where the transformation has one of that name, else NaN as before."""
        named = getattr(inner, "hyperparams", {})  # of optax.inject_hyperparams
        rate = getattr(self, "learning_rate", named.get("learning_rate"))
        return state.rate.learning_rate if rate is None else context.at(rate)

    def info(self, state: OptaxState) -> UpdateInfo:
        return UpdateInfo(state.rate.learning_rate)

    def reseed(self, state: OptaxState, keys: NoiseKeys) -> OptaxState:
        """Its keys, which optax names "rng_key", as those of the run."""
        mix = lambda path, leaf: keys.mix(leaf) if _is_key(path) else leaf
        return OptaxState(jax.tree_util.tree_map_with_path(mix, state.inner), state.rate)


@record
class Transformation(OptaxTransform):
    """A GradientTransformation as it is: its numbers are inside it, and structure."""

    transformation: Any = static_field()

    def _made(self, context: Context | None) -> Any:
        return self.transformation


def _is_key(path: tuple[Any, ...]) -> bool:
    return bool(path) and getattr(path[-1], "name", None) == "rng_key"


def _is_typed(leaf: Any) -> bool:
    return hasattr(leaf, "dtype") and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _raw(state: Any) -> Any:
    """A state with typed keys as their data, which arithmetic on trees and files can hold."""
    return jax.tree.map(lambda leaf: jax.random.key_data(leaf) if _is_typed(leaf) else leaf, state)


def _typed(state: Any, made: Any, params: Params) -> Any:
    """The state with its keys typed again, as the transformation makes them."""
    if not any(map(_is_typed, jax.tree.leaves(jax.eval_shape(made.init, params)))):
        return state
    again = lambda kind, leaf: jax.random.wrap_key_data(leaf, impl=jax.random.key_impl(kind))
    one = lambda kind, leaf: again(kind, leaf) if _is_typed(kind) else leaf
    return jax.tree.map(one, made.init(params), state)
