"""Checks of numbers by a rule: hyperparameters, schedules, lengths, and arrays whose numbers are gone."""

import inspect
import numbers
from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from jgd.core.checks import columns
from jgd.core.checks.errors import JgdTypeError, JgdValueError
from jgd.core.checks.rules import holds, obeys, plainly_good
from jgd.core.checks.shown import shown


def hyperparameter(name: str, value: Any, rule: str, schedule: bool = True, length: bool = False) -> None:
    """Refuse `value` unless it is a traced number, finite numbers that obey `rule`, or (where allowed) a schedule.

    Args:
        name: What the message calls the argument.
        value: The argument.
        rule: `"> 0"`, `">= 0"` or an interval such as `"[0, 1)"`; it must hold in the default dtype too.
        schedule: Whether a schedule passes.
        length: Whether a length passes that isn't counted in steps (`jgd.schedules.share`, `epochs`).

    Raises:
        JgdTypeError: For something that holds no real numbers.
        JgdValueError: For a number outside the rule, by its place in an array.

    Example:
        >>> hyperparameter("learning_rate", -0.1, "> 0")
        Traceback (most recent call last):
            ...
        jgd.core.checks.errors.JgdValueError: learning_rate must be a finite number > 0, got -0.1
    """
    if plainly_good(rule, value) or (length and _is_length(value)):
        return
    if schedule and callable(value):
        return _can_be_schedule(name, value)
    if isinstance(value, Tracer):
        return columns.note(lambda column: obeys(rule, column)[0], value)
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real | np.ndarray | jax.Array):
        kinds = "a number, an array of numbers or a schedule" if schedule else "a number or an array of numbers"
        raise JgdTypeError(f"{name} must be {kinds}, got {shown(value)} ({type(value).__name__})", argument=name)
    if isinstance(value, int) and abs(int(value)) > jnp.iinfo(jnp.result_type(int)).max:
        raise JgdValueError(f"{name} must fit {jnp.result_type(int)} or be a float, got {shown(value)}", argument=name)
    not_deleted(name, value)
    dtype = getattr(value, "dtype", None) or np.asarray(value).dtype  # a typed key has no NumPy array
    if not (jnp.issubdtype(dtype, jnp.floating) or jnp.issubdtype(dtype, jnp.integer)):
        raise JgdTypeError(f"{name} must hold real numbers, got dtype {dtype}", argument=name)
    array = np.asarray(value, np.float64)
    if not array.size:
        raise JgdValueError(f"{name} must hold at least one number, got shape {array.shape}", argument=name)
    good, held = obeys(rule, array)
    if not good.all():
        where = np.argwhere(~good)[0]
        place = "".join(f"[{i}]" for i in where)
        words = rule if rule[0] in "<>" else f"in {rule}"
        value, there = array[tuple(where)], held[tuple(where)]
        rounded = (
            f", which is {there:g} in {jnp.result_type(float)}" if np.isfinite(value) and holds(rule, value) else ""
        )
        still = value == 0 and name.endswith("learning_rate")
        hint = ": a schedule may reach 0, and jgd.transforms.Freeze() keeps parameters as they are" if still else ""
        raise JgdValueError(
            f"{name}{place} must be a finite number {words}, got {value:.12g}{rounded}{hint}", argument=name
        )


def _can_be_schedule(name: str, value: Callable) -> None:
    """Refuse what can be called but is no function of the step; what it returns is checked where it is called."""
    value = bare(value)
    if isinstance(value, type | BuiltinFunctionType):
        raise JgdTypeError(
            f"{name} must be a number, an array of numbers or a schedule, a function of the step that jax can trace, "
            f"got {shown(value)}",
            argument=name,
        )
    if isinstance(value, FunctionType | MethodType):
        try:
            inspect.signature(value).bind(0)
        except TypeError as fault:
            raise JgdTypeError(
                f"{name} must be a schedule that takes the step alone, got {shown(value)}: {fault}", argument=name
            ) from None


def bare(value: Any) -> Any:
    """The function in the wrapper in which a record keeps it."""
    kept = isinstance(value, jax.tree_util.Partial) and not (value.args or value.keywords)
    return value.func if kept else value


def not_deleted(name: str, value: Any) -> None:
    """Refuse an array whose numbers are gone: JAX deletes one that was donated to a jitted function."""
    if isinstance(value, jax.Array) and not isinstance(value, Tracer) and value.is_deleted():
        raise JgdValueError(
            f"{name} is an array that was deleted ({value.dtype}{value.shape}): it was donated to a jitted function; "
            "give what that function returned, or a copy made before",
            argument=name,
        )


def _is_length(value: Any) -> bool:
    """Whether it is a share of a run, or epochs: their records stand above this module."""
    return getattr(type(value), "is_length", False) is True


def in_order(first: str, low: Any, second: str, high: Any) -> None:
    """Refuse low > high where both are known; traced ones and schedules pass, and None is no bound."""
    if any(bound is None or callable(bound) or _is_length(bound) for bound in (low, high)):
        return
    if isinstance(low, Tracer) or isinstance(high, Tracer):
        return columns.note(np.less_equal, low, high)
    if not np.all(np.asarray(low) <= np.asarray(high)):
        raise JgdValueError(f"{first} must be <= {second}, got {low} and {high}", argument=first)


def number(name: str, value: Any, rule: str) -> float:
    """`value` as a float: one finite number that obeys `rule`, and no schedule or array."""
    if plainly_good(rule, value):
        return value
    if not isinstance(value, numbers.Real) or isinstance(value, bool | np.bool_):
        raise JgdTypeError(f"{name} must be a number, got {shown(value)} ({type(value).__name__})", argument=name)
    hyperparameter(name, value, rule, schedule=False)
    return float(value)
