"""optax both ways: its optimizers as jgd's, which `train`, `sweep` and `chain` take, and jgd's as its transformations.

In optax's shape the state of both is the other's: nothing is copied or computed twice on the way.
"""

import inspect
from collections.abc import Callable
from dataclasses import fields
from functools import cache, wraps
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import checks
from jgd.core.functions import name_of
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.seeds import NoiseKeys
from jgd.core.transform import Context, Transform, UpdateInfo
from jgd.core.types import Params
from jgd.interop.libraries import library
from jgd.transforms.learning_rate import LearningRateState

__all__ = ["to_optax", "wrap"]

ANY_NUMBER = "(-inf, inf)"


@record
class OptaxState:
    """optax's own state, its typed keys as raw data, and the learning rate of the last update."""

    inner: Any
    rate: LearningRateState


class _Optax(Transform):
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
class Transformation(_Optax):
    """A GradientTransformation as it is: its numbers are inside it, and structure."""

    transformation: Any = static_field()

    def _made(self, context: Context | None) -> Any:
        return self.transformation


def wrap(optimizer: Any, *, static: str | tuple[str, ...] = ()) -> Any:
    """An optimizer of optax as one of jgd's, or one of its builders as a builder of jgd's.

    `wrap(optax.adam(1e-3))` is a `jgd.Optimizer` for `train`, `chain` and loops of one's own. Its numbers are inside
    closures: others are another program. `wrap(optax.adam)` is a builder with the same parameters, whose result has its
    floating numbers as leaves: they are traced, may be jgd's schedules, and are swept by name as those of
    `jgd.optimizers` are, in one compiled program.

    Transformations that want more than gradients get `value`, `grad` and `value_fn` from `train`, `sweep` and `step`.
    Keys in their state are made the run's own, so that seeds differ in the noise too.

    Args:
        optimizer: A `GradientTransformation`, or a function of hyperparameters that returns one, such as `optax.adam`,
            `optax.clip_by_global_norm`.
        static: Of a builder, hyperparameters that are structure although they are floating: those on which it branches
            in Python, as a step size that is compared with 0. Others than floating numbers always are.

    Returns:
        A `jgd.Optimizer`; of a builder, a function of its hyperparameters that returns one, which is also a recipe of
        `jgd.sweep`. Its history tells the learning rate where a hyperparameter has that name, else NaN.

    Raises:
        JgdTypeError: Something that is neither.
        ImportError: optax is not installed.

    Example:
        >>> import pytest; optax = pytest.importorskip("optax")
        >>> import jgd
        >>> optimizer = jgd.chain(jgd.transforms.ClipByGlobalNorm(1.0), wrap(optax.adam(0.1)))
        >>> jgd.train("iris", optimizer, steps=50).best.value > 0.9
        True
        >>> found = jgd.sweep("iris", wrap(optax.adam), {"learning_rate": [0.01, 0.1]}, seeds=2, steps=20)
        >>> found.best.hyperparameters
        {'learning_rate': 0.1}
    """
    if hasattr(optimizer, "init") and hasattr(optimizer, "update"):
        library("optax")
        return chain(Transformation(optimizer))
    if not callable(optimizer):
        raise checks.JgdTypeError(
            f"wrap takes an optax.GradientTransformation, or a function that returns one, got {checks.shown(optimizer)}",
            argument="optimizer",
        )
    library("optax")
    return _builder(optimizer, (static,) if isinstance(static, str) else tuple(static))


def to_optax(optimizer: Optimizer) -> Any:
    """An optimizer of jgd's as a transformation of optax's: for `optax.chain`, Flax's `TrainState` and `nnx.Optimizer`.

    Its state is the optimizer's own, so that `optimizer.eval_params(state, params)` and `optimizer.info(state)` read it.

    Args:
        optimizer: Such as `jgd.optimizers.lion(1e-3)`.

    Returns:
        An `optax.GradientTransformationExtraArgs` whose `update(updates, state, params)` needs the parameters, and takes
        `value` (the loss there) and `value_fn` (parameters -> loss) for methods that use them.

    Raises:
        JgdTypeError: What is no `jgd.Optimizer`; at the update, no parameters.
        ImportError: optax is not installed.

    Example:
        >>> import pytest; optax = pytest.importorskip("optax")
        >>> import jgd
        >>> both = optax.chain(optax.clip_by_global_norm(1.0), to_optax(jgd.optimizers.sgd(0.5)))
        >>> params = jnp.zeros(2)
        >>> updates, state = both.update(jnp.array([3.0, 4.0]), both.init(params), params)
        >>> updates.tolist()
        [-0.3, -0.4]
    """
    checks.instance("optimizer", optimizer, Optimizer, "jgd.optimizers.adam(1e-3)")

    def update(updates: Any, state: Any, params: Any = None, *, value: Any = None, value_fn: Any = None, **extra: Any):
        if params is None:
            raise checks.JgdTypeError("a jgd optimizer needs the parameters: update(updates, state, params)")
        return optimizer.update(updates, state, params, value=value, loss=value_fn)

    return library("optax").GradientTransformationExtraArgs(optimizer.init, update)


@cache
def _builder(build: Callable[..., Any], static: tuple[str, ...]) -> Callable[..., Optimizer]:
    """The builder of jgd's for one of optax's; one for each, so that equal numbers make equal optimizers."""
    signature = inspect.signature(build)

    @wraps(build)
    def builder(*args: Any, **kwargs: Any) -> Optimizer:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        given = _arguments(signature, bound)
        names = tuple(n for n, v in given.items() if n not in static and _is_number(n, v, signature))
        structure = tuple((name, value) for name, value in given.items() if name not in names)
        return chain(_kind(build, names)(*(given[name] for name in names), structure))

    builder.__module__ = __name__  # who imports it by its address must not find optax's own
    del builder.__annotations__
    return builder


def _arguments(signature: inspect.Signature, bound: inspect.BoundArguments) -> dict[str, Any]:
    """The arguments by name, those of **kwargs among them."""
    out = {}
    for name, value in bound.arguments.items():
        kind = signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_POSITIONAL and value:
            raise checks.JgdTypeError(f"{name} can't be wrapped as hyperparameters: give them by name")
        if kind is inspect.Parameter.VAR_KEYWORD:
            out |= value
        elif kind is not inspect.Parameter.VAR_POSITIONAL:
            out[name] = value
    return out


def _is_number(name: str, value: Any, signature: inspect.Signature) -> bool:
    """Whether an argument is a floating number, or what may stand in its place: a whole one, an array or a schedule."""
    default = signature.parameters[name].default if name in signature.parameters else inspect.Parameter.empty
    floating = isinstance(default, float) or default is inspect.Parameter.empty
    if callable(value):
        return floating or name == "learning_rate"
    if isinstance(value, jax.Array):
        return bool(jnp.issubdtype(value.dtype, jnp.number))
    if isinstance(value, int | np.integer):
        return not isinstance(value, bool) and (floating or default is None)
    return isinstance(value, float | np.floating | np.ndarray)


@cache
def _kind(build: Callable[..., Any], names: tuple[str, ...]) -> type:
    """The record of a builder's result: a field for each number, and the rest as structure."""

    def _made(self: Any, context: Context | None) -> Any:
        now = (lambda value: value) if context is None else context.at
        numbers = {f.name: now(getattr(self, f.name)) for f in fields(self) if f.name != "structure"}
        return build(**numbers, **dict(self.structure))

    body = {
        "__doc__": f"optax's {name_of(build)}, its numbers as leaves.",
        "__module__": __name__,
        "__annotations__": {**dict.fromkeys(names, Any), "structure": tuple},
        **{name: hyper(ANY_NUMBER) for name in names},
        "structure": static_field(),
        "build": staticmethod(build),
        "_made": _made,
    }
    return record(type(name_of(build), (_Optax,), body))


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
