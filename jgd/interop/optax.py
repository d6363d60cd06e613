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
from jgd.core.transform import Context
from jgd.interop.libraries import library
from jgd.interop.optax_transform import OptaxTransform, Transformation

__all__ = ["to_optax", "wrap"]

ANY_NUMBER = "(-inf, inf)"


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
    if isinstance(optimizer, Optimizer):
        raise checks.JgdTypeError(
            "wrap takes what is optax's, got a jgd.Optimizer, which needs no wrap", argument="optimizer"
        )
    if hasattr(optimizer, "init") and hasattr(optimizer, "update"):
        library("optax")
        return chain(Transformation(optimizer))
    if not callable(optimizer):
        raise checks.JgdTypeError(
            f"wrap takes an optax.GradientTransformation, or a function that returns one, got {checks.shown(optimizer)}",
            argument="optimizer",
        )
    library("optax")
    try:
        inspect.signature(optimizer)
    except ValueError as fault:
        raise checks.JgdTypeError(
            f"wrap takes a function whose parameters can be read, got {checks.shown(optimizer)}: {fault}",
            argument="optimizer",
        ) from fault
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
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as fault:
            raise checks.JgdTypeError(f"optax's {name_of(build)}{signature}: {fault}") from None
        bound.apply_defaults()
        given = _arguments(signature, bound)
        for name, value in given.items():
            if name not in static:
                _refuse_words(name, value, signature)
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


def _refuse_words(name: str, value: Any, signature: inspect.Signature) -> None:
    """Refuse what can't be a number for an argument that is one."""
    wants = name == "learning_rate" or (
        name in signature.parameters and type(signature.parameters[name].default) is float
    )
    if wants and isinstance(value, str | bytes | list | tuple | dict | set | bool):
        raise checks.JgdTypeError(f"{name} must be a number or a schedule, got {value!r}", argument=name)


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
    return record(type(name_of(build), (OptaxTransform,), body))


def __getattr__(name: str) -> Any:
    """`wrap(optax.NAME)`, so that a stored sweep of it is found by its address."""
    build = None if name.startswith("_") else getattr(library("optax"), name, None)
    if not inspect.isfunction(build):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}, and optax no builder of that name")
    return wrap(build)
