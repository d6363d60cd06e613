"""Errors for bad input: each names the argument or the tree path, the rule, and the value got.

Checks run on the host, when a record is made or when a program is traced, never inside a compiled step. A traced
value can't be read and passes; the sweep checks its grid before it traces.
"""

import difflib
import math
import numbers
import os
import re
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

T = TypeVar("T")


class JgdError(Exception):
    """The base of every error that jgd raises for bad input."""


class JgdValueError(JgdError, ValueError):
    """The type is right, the value is not."""


class JgdTypeError(JgdError, TypeError):
    """The type, the dtype or the tree is not what the argument takes."""


_INTERVAL = re.compile(r"([\[(])\s*(\S+),\s*(\S+)\s*([\])])")


def _holds(rule: str, value: np.ndarray) -> np.ndarray:
    if rule == "> 0":
        return value > 0
    if rule == ">= 0":
        return value >= 0
    match = _INTERVAL.fullmatch(rule)
    assert match, rule
    left, low, high, right = match.groups()
    above = value >= float(low) if left == "[" else value > float(low)
    below = value <= float(high) if right == "]" else value < float(high)
    return above & below


def hyperparameter(name: str, value: Any, rule: str, schedule: bool = True) -> None:
    """Refuse `value` unless it is a traced number, finite numbers that obey `rule`, or (where allowed) a schedule.

    >>> hyperparameter("learning_rate", -0.1, "> 0")
    Traceback (most recent call last):
        ...
    jgd.core.checks.JgdValueError: learning_rate must be a finite number > 0, got -0.1
    """
    if isinstance(value, Tracer) or (schedule and callable(value)):
        return
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real | np.ndarray | jax.Array):
        kinds = "a number, an array of numbers or a schedule" if schedule else "a number or an array of numbers"
        raise JgdTypeError(f"{name} must be {kinds}, got {value!r} ({type(value).__name__})")
    array = np.asarray(value)
    if not (jnp.issubdtype(array.dtype, jnp.floating) or jnp.issubdtype(array.dtype, jnp.integer)):
        raise JgdTypeError(f"{name} must hold real numbers, got dtype {array.dtype}")
    if isinstance(value, int) and abs(int(value)) > jnp.iinfo(jnp.result_type(int)).max:
        raise JgdValueError(
            f"{name} must fit {jnp.result_type(int)} or be a float: write {float(value)!r}, not {value}"
        )
    array = array.astype(np.float64)
    with np.errstate(over="ignore"):
        held = array.astype(jnp.result_type(float)).astype(np.float64)  # 1 − 1e-9 is 1 in float32
    good = np.isfinite(array) & _holds(rule, array) & np.isfinite(held) & _holds(rule, held)
    if not good.all():
        where = np.argwhere(~good)[0]
        place = "".join(f"[{i}]" for i in where)
        words = rule if rule[0] in "<>" else f"in {rule}"
        value, there = array[tuple(where)], held[tuple(where)]
        rounded = (
            f", which is {there:g} in {jnp.result_type(float)}" if np.isfinite(value) and _holds(rule, value) else ""
        )
        raise JgdValueError(f"{name}{place} must be a finite number {words}, got {value:.12g}{rounded}")


def count(name: str, value: Any, least: int = 0, most: int | None = None) -> int:
    """`value` as an int, refused unless it is a whole number within `least` … `most`.

    >>> count("steps", 2.5)
    Traceback (most recent call last):
        ...
    jgd.core.checks.JgdTypeError: steps must be a whole number >= 0, got 2.5 (float)
    """
    limits = f">= {least}" if most is None else f"from {least} to {most}"
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Integral):
        raise JgdTypeError(f"{name} must be a whole number {limits}, got {value!r} ({type(value).__name__})")
    whole = int(value)
    if whole < least or (most is not None and whole > most):
        raise JgdValueError(f"{name} must be a whole number {limits}, got {whole}")
    return whole


def in_order(first: str, low: Any, second: str, high: Any) -> None:
    """Refuse low > high where both are known; traced ones pass."""
    if isinstance(low, Tracer) or isinstance(high, Tracer):
        return
    if not np.all(np.asarray(low) <= np.asarray(high)):
        raise JgdValueError(f"{first} must be <= {second}, got {low} and {high}")


def number(name: str, value: Any, rule: str) -> float:
    """`value` as a float: one finite number that obeys `rule`, and no schedule or array."""
    if not isinstance(value, numbers.Real) or isinstance(value, bool | np.bool_):
        raise JgdTypeError(f"{name} must be a number, got {value!r} ({type(value).__name__})")
    hyperparameter(name, value, rule, schedule=False)
    return float(value)


def flag(name: str, value: Any) -> bool:
    """`value`, refused unless it is True or False: a word or a number in a flag's place would count as True.

    >>> flag("nesterov", "no")
    Traceback (most recent call last):
        ...
    jgd.core.checks.JgdTypeError: nesterov must be True or False, got 'no' (str)
    """
    if not isinstance(value, bool | np.bool_):
        raise JgdTypeError(f"{name} must be True or False, got {value!r} ({type(value).__name__})")
    return bool(value)


def instance(name: str, value: Any, kind: type[T], example: str) -> T:
    """`value`, refused unless it is of the kind, of which the message gives an example."""
    if not isinstance(value, kind):
        raise JgdTypeError(f"{name} must be a jgd.{kind.__name__} such as {example}, got {value!r}")
    return value


def function(name: str, value: Any) -> Any:
    """`value`, refused unless it can be called, and told from another (which an array or a list can't)."""
    if not callable(value) or not isinstance(value, Hashable):
        raise JgdTypeError(f"{name} must be a function, got {value!r} ({type(value).__name__})")
    return value


def path(name: str, value: Any) -> None:
    """Refuse what is no path of a file or directory."""
    if not isinstance(value, str | os.PathLike) or not os.fspath(value):
        raise JgdTypeError(f"{name} must be the path of a directory, got {value!r} ({type(value).__name__})")


def floating_dtype(name: str, value: Any) -> str:
    """The name of a floating dtype, refused if it is anything else.

    >>> floating_dtype("mu_dtype", jnp.bfloat16)
    'bfloat16'
    """
    try:
        dtype = jnp.dtype(value)
    except TypeError:
        dtype = None
    if value is None or dtype is None or not jnp.issubdtype(dtype, jnp.floating):
        raise JgdTypeError(f"{name} must be a floating dtype such as 'bfloat16', got {value!r}")
    return dtype.name


def choice(kind: str, name: Any, choices: Iterable[str]) -> str:
    """`name`, refused unless it is one of `choices`; the error lists them and the nearest.

    >>> choice("optimizer", "adm", ["sgd", "adam"])
    Traceback (most recent call last):
        ...
    jgd.core.checks.JgdValueError: unknown optimizer 'adm'; did you mean 'adam'? choose from: sgd, adam
    """
    known = list(choices)
    if isinstance(name, str) and name in known:
        return name
    near = difflib.get_close_matches(str(name), known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ";"
    raise JgdValueError(f"unknown {kind} {name!r}{hint} choose from: {', '.join(known)}")


def path_of(path: Sequence[Any]) -> str:
    """A leaf's path as a person writes it, `['layer'].weights`, or `(the tree itself)` for a bare leaf."""
    return jax.tree_util.keystr(tuple(path)) or "(the tree itself)"


def parameters(params: Any) -> None:
    """Refuse leaves that can't descend: anything but real floating numbers, by path and dtype."""
    for path, leaf in jax.tree_util.tree_leaves_with_path(params):
        dtype = getattr(leaf, "dtype", None)
        if dtype is None and isinstance(leaf, float):
            continue
        if dtype is None or not jnp.issubdtype(dtype, jnp.floating):
            got = dtype if dtype is not None else type(leaf).__name__
            raise JgdTypeError(
                f"params{path_of(path)} must hold floating numbers (complex ones as real and imaginary parts), "
                f"got {got}; keep what is not trained outside params"
            )


def same_structure(grads: Any, params: Any, name: str = "grads", other: str = "params") -> None:
    """Refuse gradients (or updates) that are not floating, or whose tree or shapes are not those of `params`.

    name, other: what the message calls the two trees; it names the path too.
    """
    got = {path_of(path): jnp.shape(leaf) for path, leaf in jax.tree_util.tree_leaves_with_path(grads)}
    want = {path_of(path): jnp.shape(leaf) for path, leaf in jax.tree_util.tree_leaves_with_path(params)}
    for path in want:
        if path not in got:
            raise JgdValueError(f"{name} misses the leaf {path}, which {other} has")
    for path in got:
        if path not in want:
            raise JgdValueError(f"{name} has an unexpected leaf {path}, which {other} has not")
    for path, leaf in jax.tree_util.tree_leaves_with_path(grads):
        dtype = jnp.asarray(leaf).dtype
        if not jnp.issubdtype(dtype, jnp.floating):
            raise JgdTypeError(f"{name}{path_of(path)} must hold real floating numbers, got {dtype}")
    for path, shape in want.items():
        if got[path] != shape:
            raise JgdValueError(f"{name}{path} must have the shape of {other}{path}, {shape}, got {got[path]}")
    if jax.tree.structure(grads) != jax.tree.structure(params):
        raise JgdTypeError(
            f"{name} must be the same kind of tree as {other}, {jax.tree.structure(params)}, "
            f"got {jax.tree.structure(grads)}"
        )


def same_state(state: Any, made: Any) -> None:
    """Refuse an optimizer's state that is not like `made`, the one that the optimizer makes; names the first leaf."""
    shapes = lambda at: [jnp.shape(leaf) for leaf in jax.tree.leaves(at)]
    if jax.tree.structure(state) == jax.tree.structure(made) and shapes(state) == shapes(made):
        return
    leaves = lambda at: {path_of(path): jnp.shape(leaf) for path, leaf in jax.tree_util.tree_leaves_with_path(at)}
    have, want, whose = leaves(state), leaves(made), "it is of another optimizer, or of other parameters"
    for path, shape in want.items():
        if path not in have:
            raise JgdValueError(f"state misses the leaf state{path}: {whose}")
        if have[path] != shape:
            raise JgdValueError(f"state{path} must have the shape {shape}, got {have[path]}: {whose}")
    for path in have:
        if path not in want:
            raise JgdValueError(f"state has an unexpected leaf state{path}: {whose}")
    raise JgdTypeError(f"state must be {jax.tree.structure(made)}, got {jax.tree.structure(state)}: {whose}")


def rows(name: str, data: Any) -> int:
    """The number of rows that all leaves of `data` share; no leaf, no row and unequal counts are refused."""
    leaves = jax.tree_util.tree_leaves_with_path(data)
    if not leaves:
        raise JgdValueError(f"{name} must hold at least one array, got {data!r}")
    first = None
    for path, leaf in leaves:
        if jnp.ndim(leaf) == 0:
            raise JgdValueError(f"{name}{path_of(path)} must have a leading axis of rows, got a scalar")
        have = jnp.shape(leaf)[0]
        if first is None:
            first = (path, have)
        elif have != first[1]:
            raise JgdValueError(
                f"{name} must have as many rows in every array: {name}{path_of(first[0])} has {first[1]}, "
                f"{name}{path_of(path)} has {have}"
            )
    assert first is not None
    if first[1] == 0:
        raise JgdValueError(f"{name} has 0 rows")
    return first[1]


def numeric_data(name: str, data: Any) -> None:
    """Refuse arrays that hold no numbers (text, objects, dates), by their path."""
    for path, leaf in jax.tree_util.tree_leaves_with_path(data):
        dtype = getattr(leaf, "dtype", None)
        dtype = np.asarray(leaf).dtype if dtype is None else dtype
        if not (jnp.issubdtype(dtype, jnp.number) or jnp.issubdtype(dtype, jnp.bool_)):
            raise JgdTypeError(f"{name}{path_of(path)} must hold numbers, got dtype {dtype}")


def finite_data(name: str, data: Any) -> None:
    """Refuse NaN and infinity in `data`, by the array's path and the first bad index (row, column)."""
    for path, leaf in jax.tree_util.tree_leaves_with_path(data):
        array = np.asarray(leaf)
        if not jnp.issubdtype(array.dtype, jnp.floating):
            continue
        index = _first_bad(array)
        if index is None:
            continue
        place = ", ".join(f"{word} {i}" for word, i in zip(("row", "column"), index, strict=False))
        raise JgdValueError(
            f"{name}{path_of(path)} must be finite, got {array[index]} at {place or index} "
            "(check_finite=False lets it pass)"
        )


def _first_bad(array: np.ndarray) -> tuple[int, ...] | None:
    """The index of the first entry that is not finite, looked for by pieces: the array may be larger than memory."""
    if array.ndim == 0:
        return None if np.isfinite(array) else ()
    piece = max(1, 2**22 // max(1, array[:1].size))
    for first in range(0, len(array), piece):
        finite = np.isfinite(array[first : first + piece])
        if not finite.all():
            row, *rest = map(int, np.argwhere(~finite)[0])
            return (first + row, *rest)
    return None


def same_shape(name: str, array: Any, other: str, shape: tuple[int, ...]) -> None:
    """Refuse two arrays that would silently broadcast: (n,) against (n, 1) is (n, n)."""
    if jnp.shape(array) != shape:
        hint = ""
        if math.prod(jnp.shape(array)) == math.prod(shape):
            hint = f"; reshape one, for example {name}.reshape({shape})"
        raise JgdValueError(f"{name} must have the shape of {other}, {shape}, got {jnp.shape(array)}{hint}")
