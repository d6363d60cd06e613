"""Checks of single arguments: counts, flags, words, functions, dtypes."""

import difflib
import inspect
import numbers
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core.checks.errors import JgdTypeError, JgdValueError
from jgd.core.checks.shown import shown

T = TypeVar("T")
MOST_LISTED = 12  # names in a message; more than that nobody reads


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
    most = 2**63 - 1 if most is None else most
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Integral):
        raise JgdTypeError(
            f"{name} must be a whole number {limits}, got {shown(value)} ({type(value).__name__})", argument=name
        )
    whole = int(value)
    if not least <= whole <= most:
        raise JgdValueError(f"{name} must be a whole number {limits}, got {shown(whole)}", argument=name)
    return whole


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
        raise JgdTypeError(f"{name} must be True or False, got {shown(value)} ({type(value).__name__})", argument=name)
    return bool(value)


def instance(name: str, value: Any, kind: type[T], example: str) -> T:
    """`value`, refused unless it is of the kind, of which the message gives an example."""
    if not isinstance(value, kind):
        kind_name = f"jgd.{kind.__name__}" if kind.__module__.startswith("jgd") else kind.__name__.lower()
        raise JgdTypeError(f"{name} must be a {kind_name} such as {example}, got {shown(value)}", argument=name)
    return value


def function(name: str, value: Any, *arguments: str) -> Any:
    """`value`, refused unless it can be called, and told from another (which an array or a list can't).

    arguments: what it is called with, by place; a class, which would make something of them, is refused then.
    """
    if not callable(value) or not isinstance(value, Hashable) or (arguments and isinstance(value, type)):
        of = f" of {', '.join(arguments)}" if arguments else ""
        raise JgdTypeError(f"{name} must be a function{of}, got {shown(value)} ({type(value).__name__})", argument=name)
    if arguments:
        takes(name, value, *arguments)
    return value


def takes(name: str, function: Any, *arguments: str, **named: Any) -> None:
    """Refuse a function that can't be called with these arguments by place, and those by name, by its signature.

    Example:
        >>> takes("init", lambda: 0, "key")
        Traceback (most recent call last):
            ...
        jgd.core.checks.errors.JgdTypeError: init must be callable as init(key), got <lambda>(): too many positional arguments
    """
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # built in: only a call can tell
        return
    try:
        signature.bind(*arguments, **named)
    except TypeError as fault:
        called = getattr(function, "__name__", None) or type(function).__name__
        raise JgdTypeError(
            f"{name} must be callable as {name}({', '.join((*arguments, *named))}), got {called}{signature}: {fault}",
            argument=name,
        ) from None


def array(name: str, value: Any) -> np.ndarray:
    """`value` as float64 numbers, refused where it holds none."""
    try:
        held = np.asarray(value)
        if held.dtype.kind in "cmMUS":  # parts of which would be dropped, or which are words
            raise TypeError(held.dtype)
        return held.astype(np.float64, copy=False)
    except Exception as fault:  # NumPy and JAX have a dozen ways to refuse what holds no numbers
        raise JgdTypeError(f"{name} must be an array of numbers, got {shown(value)}", argument=name) from fault


def names(argument: str, given: Any, count: int, usual: str | None = None) -> tuple[str, ...]:
    """Texts, one for each of `count` rows; of None, "usual 0", "usual 1", ….

    >>> names("methods", None, 2, "method")
    ('method 0', 'method 1')
    """
    if given is None and usual is not None:
        return tuple(f"{usual} {i}" for i in range(count))
    if isinstance(given, str) or not isinstance(given, Sequence) or not all(isinstance(each, str) for each in given):
        raise JgdTypeError(f"{argument} must be names, a list of text, got {shown(given)}", argument=argument)
    if len(given) != count:
        raise JgdValueError(
            f"{argument} must have a name for each of {count} rows, got {len(given)}", argument=argument
        )
    return tuple(given)


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
    except Exception:  # NumPy asks whatever it is given for its text
        dtype = None
    listed = isinstance(value, np.ndarray | jax.Array)
    if value is None or listed or dtype is None or not jnp.issubdtype(dtype, jnp.floating):
        raise JgdTypeError(f"{name} must be a floating dtype such as 'bfloat16', got {shown(value)}", argument=name)
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
    near = nearest(name, known) if isinstance(name, str) and len(name) < 100 else None
    hint = f"; did you mean {near!r}?" if near else ";"
    some = known if len(known) <= MOST_LISTED else [*known[:3], f"... ({len(known)} in all)"]
    raise JgdValueError(f"unknown {kind} {shown(name)}{hint} choose from: {', '.join(some)}", argument=kind)


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
