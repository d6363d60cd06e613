"""Checks of single arguments: numbers, counts, flags, words, functions."""

import difflib
import numbers
from collections.abc import Hashable, Iterable
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from jgd.core.checks import columns
from jgd.core.checks.errors import JgdTypeError, JgdValueError
from jgd.core.checks.rules import holds, obeys, plainly_good

T = TypeVar("T")
MOST_LISTED = 12  # names in a message; more than that nobody reads


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
    if plainly_good(rule, value) or (schedule and callable(value)) or (length and _is_length(value)):
        return
    if isinstance(value, Tracer):
        return columns.note(lambda column: obeys(rule, column)[0], value)
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real | np.ndarray | jax.Array):
        kinds = "a number, an array of numbers or a schedule" if schedule else "a number or an array of numbers"
        raise JgdTypeError(f"{name} must be {kinds}, got {value!r} ({type(value).__name__})", argument=name)
    array = np.asarray(value)
    if not (jnp.issubdtype(array.dtype, jnp.floating) or jnp.issubdtype(array.dtype, jnp.integer)):
        raise JgdTypeError(f"{name} must hold real numbers, got dtype {array.dtype}", argument=name)
    if isinstance(value, int) and abs(int(value)) > jnp.iinfo(jnp.result_type(int)).max:
        raise JgdValueError(
            f"{name} must fit {jnp.result_type(int)} or be a float: write {float(value)!r}, not {value}", argument=name
        )
    array = array.astype(np.float64)
    good, held = obeys(rule, array)
    if not good.all():
        where = np.argwhere(~good)[0]
        place = "".join(f"[{i}]" for i in where)
        words = rule if rule[0] in "<>" else f"in {rule}"
        value, there = array[tuple(where)], held[tuple(where)]
        rounded = (
            f", which is {there:g} in {jnp.result_type(float)}" if np.isfinite(value) and holds(rule, value) else ""
        )
        raise JgdValueError(f"{name}{place} must be a finite number {words}, got {value:.12g}{rounded}", argument=name)


def _is_length(value: Any) -> bool:
    """Whether it is a share of a run, or epochs: their records stand above this module."""
    return getattr(type(value), "is_length", False) is True


def count(name: str, value: Any, least: int = 0, most: int | None = None) -> int:
    """`value` as an int, refused unless it is a whole number within `least` … `most`.

    Args:
        name: What the message calls the argument.
        value: The argument.
        least: The smallest that passes.
        most: The largest that passes; None is no bound.

    Returns:
        The number.

    Raises:
        JgdTypeError: For something that is no whole number.
        JgdValueError: For one outside the limits.

    Example:
        >>> count("steps", 2.5)
        Traceback (most recent call last):
            ...
        jgd.core.checks.errors.JgdTypeError: steps must be a whole number >= 0, got 2.5 (float)
    """
    limits = f">= {least}" if most is None else f"from {least} to {most}"
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Integral):
        raise JgdTypeError(
            f"{name} must be a whole number {limits}, got {value!r} ({type(value).__name__})", argument=name
        )
    whole = int(value)
    if whole < least or (most is not None and whole > most):
        raise JgdValueError(f"{name} must be a whole number {limits}, got {whole}", argument=name)
    return whole


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
        raise JgdTypeError(f"{name} must be a number, got {value!r} ({type(value).__name__})", argument=name)
    hyperparameter(name, value, rule, schedule=False)
    return float(value)


def flag(name: str, value: Any) -> bool:
    """`value`, refused unless it is True or False: a word or a number in a flag's place would count as True.

    Args:
        name: What the message calls the argument.
        value: The argument.

    Returns:
        It, as a bool.

    Raises:
        JgdTypeError: For anything else.

    Example:
        >>> flag("nesterov", "no")
        Traceback (most recent call last):
            ...
        jgd.core.checks.errors.JgdTypeError: nesterov must be True or False, got 'no' (str)
    """
    if not isinstance(value, bool | np.bool_):
        raise JgdTypeError(f"{name} must be True or False, got {value!r} ({type(value).__name__})", argument=name)
    return bool(value)


def instance(name: str, value: Any, kind: type[T], example: str) -> T:
    """`value`, refused unless it is of the kind, of which the message gives an example."""
    if not isinstance(value, kind):
        kind_name = f"jgd.{kind.__name__}" if kind.__module__.startswith("jgd") else kind.__name__.lower()
        raise JgdTypeError(f"{name} must be a {kind_name} such as {example}, got {value!r}", argument=name)
    return value


def function(name: str, value: Any) -> Any:
    """`value`, refused unless it can be called, and told from another (which an array or a list can't)."""
    if not callable(value) or not isinstance(value, Hashable):
        raise JgdTypeError(f"{name} must be a function, got {value!r} ({type(value).__name__})", argument=name)
    return value


def floating_dtype(name: str, value: Any) -> str:
    """The name of a floating dtype.

    Args:
        name: What the message calls the argument.
        value: A dtype, its name or a scalar type.

    Returns:
        The dtype's name.

    Raises:
        JgdTypeError: For anything else.

    Example:
        >>> floating_dtype("mu_dtype", jnp.bfloat16)
        'bfloat16'
    """
    try:
        dtype = jnp.dtype(value)
    except TypeError:
        dtype = None
    if value is None or dtype is None or not jnp.issubdtype(dtype, jnp.floating):
        raise JgdTypeError(f"{name} must be a floating dtype such as 'bfloat16', got {value!r}", argument=name)
    return dtype.name


def choice(kind: str, name: Any, choices: Iterable[str]) -> str:
    """`name`, refused unless it is one of `choices`; the error suggests the nearest, and lists them where they are few.

    Args:
        kind: What the message calls it.
        name: The argument.
        choices: What passes.

    Returns:
        The name.

    Raises:
        JgdValueError: For an unknown one.

    Example:
        >>> choice("optimizer", "adm", ["sgd", "adam"])
        Traceback (most recent call last):
            ...
        jgd.core.checks.errors.JgdValueError: unknown optimizer 'adm'; did you mean 'adam'? choose from: sgd, adam
    """
    known = list(choices)
    if isinstance(name, str) and name in known:
        return name
    near = nearest(str(name), known)
    hint = f"; did you mean {near!r}?" if near else ";"
    some = known if len(known) <= MOST_LISTED else [*known[:3], f"... ({len(known)} in all)"]
    raise JgdValueError(f"unknown {kind} {name!r}{hint} choose from: {', '.join(some)}", argument=kind)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` is most likely a slip of, letters in another order first; None where none is near.

    The beginning of a name, three letters or more, is short for the shortest such name.

    Example:
        >>> nearest("adma", ["adamax", "adam"]), nearest("cosin", ["join", "cosine_decay", "cosine_restarts"])
        ('adam', 'cosine_decay')
    """
    known = list(known)
    longer = [each for each in known if len(name) > 2 and each.startswith(name.lower())]
    if longer:
        return min(longer, key=len)
    near = difflib.get_close_matches(name.lower(), known, n=5)
    return min(near, key=lambda each: sorted(each) != sorted(name.lower()), default=None)
