"""Fingerprints: what a run is made of, in words that can be stored and compared.

A function of jgd's is known by its name and jgd's version, another one by its source, a tree of arrays by the digest of
its bytes, and a record or any other tree by its description: path -> a short text, one for each number. Two
descriptions are equal where the things are, so that a stored run can be refused by the name of what differs.
"""

import hashlib
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core.functions import name_of
from jgd.core.processes import gathered
from jgd.core.source import code_text
from jgd.core.spellings import own_function
from jgd.core.text import printable
from jgd.core.version import __version__

ADDRESS = re.compile(r" at 0x[0-9a-f]+")  # differs from process to process
CHUNK = 2**24  # bytes hashed at once
SHOWN = 8  # entries of an array that are written out; a larger one is known by its digest


def described(name: str, thing: Any) -> dict[str, str]:
    """Everything in a tree or record that another one could differ in: path -> its value, type or digest.

    Numbers are written so that they can be read back bit for bit, arrays of more than 8 entries as their SHA-256
    (its first 64 bits), functions by what they do (`function_fingerprint`).

    Args:
        name: What the paths begin with.
        thing: A record, a mapping, a sequence, a function, an array, or any other pytree.

    Returns:
        A flat mapping that JSON can hold.

    Example:
        >>> import jgd
        >>> described("stop", jgd.StoppingRule(patience=3))["stop.patience"]
        '3'
    """
    if is_dataclass(thing) and not isinstance(thing, type):
        parts = {f"{name}.{f.name}": getattr(thing, f.name) for f in fields(thing)}
    elif isinstance(thing, Mapping):
        parts = {f"{name}[{key!r}]": value for key, value in thing.items()}
    elif isinstance(thing, tuple | list):
        parts = {f"{name}[{place}]": value for place, value in enumerate(thing)}
    elif callable(thing):
        return {name: function_fingerprint(thing)}
    elif thing is None or jax.tree_util.all_leaves([thing]):
        return {name: _value(thing)}
    else:  # a node of a kind that only JAX knows
        leaves, structure = jax.tree_util.tree_flatten_with_path(thing)
        return {name: str(structure)} | {f"{name}{jax.tree_util.keystr(path)}": _value(leaf) for path, leaf in leaves}
    return {name: type(thing).__name__} | {k: v for part in parts.items() for k, v in described(*part).items()}


def _value(leaf: Any) -> str:
    if not isinstance(leaf, np.ndarray | np.generic | jax.Array):
        return ADDRESS.sub("", repr(leaf))
    array = np.asarray(gathered(leaf))  # one leaf at a time, where no process has all of it
    own = "" if array.dtype == jnp.result_type(float) else f"{array.dtype} "  # x64 is described apart
    if array.ndim == 0:
        return f"{own}{array[()]!s}"
    if array.ndim == 1 and array.size <= SHOWN:
        return f"{own}[{', '.join(map(str, array))}]"
    return f"{array.dtype}{array.shape} {tree_digest(array)[:16]}"


def differences(there: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    r"""What differs between two descriptions; of a part that is of another kind only that it is.

    Args:
        there: The description that was stored.
        here: The description of what runs now.

    Returns:
        A phrase for each difference, in the order of the names; [] where the two agree.

    Example:
        >>> differences({"seed": "0", "loss": "a"}, {"seed": "1", "loss": "a"})
        ['seed 0 there, 1 here']
        >>> print(*differences({"loss": chr(27)}, {"loss": "a"}))  # what would steer a terminal is spelled out
        loss \x1b there, a here
    """
    out, other = [], []
    for name in sorted({*there, *here}):
        if there.get(name) == here.get(name) or any(name.startswith(kind) for kind in other):
            continue
        out.append(printable(f"{name} {there.get(name, 'nothing')} there, {here.get(name, 'nothing')} here"))
        other += [f"{name}.", f"{name}["]  # its parts have nothing in common to be compared
    return out


def tree_digest(tree: Any) -> str:
    """The SHA-256 of a tree's structure, dtypes, shapes and bytes: two runs with one digest saw the same numbers.

    Args:
        tree: A pytree of arrays; a memory-mapped one is read piece by piece.

    Returns:
        64 hexadecimal digits.

    Example:
        >>> tree_digest({"w": np.ones(2)}) == tree_digest({"w": np.ones(2, np.float32)})
        False
    """
    out = hashlib.sha256(str(jax.tree.structure(tree)).encode())
    for path, leaf in jax.tree_util.tree_leaves_with_path(tree):
        array = np.asarray(jax.device_get(leaf))
        out.update(f"{jax.tree_util.keystr(path)}{array.dtype}{array.shape}".encode())
        flat = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        for begin in range(0, len(flat), CHUNK):  # a memory-mapped array never is in memory whole
            out.update(flat[begin : begin + CHUNK].data)
    return out.hexdigest()


def function_fingerprint(function: Any) -> str:
    """What a function or record does, as far as it can be told.

    A function of jgd's module is its name and jgd's version. Of another one the fingerprint covers its source without
    comments, captured values, and the functions and constants of its own module that it names; the bytecode only where
    there is no source. Two runs with one fingerprint minimize the same loss; a changed line of a loss, or of its
    helper, changes it.

    Args:
        function: A function, a `functools.partial` or a record that can be called.

    Returns:
        Its name, what it is known by, and the first 64 bits of a SHA-256 in hexadecimal, the same in every process, and
        with a source under every version of Python.

    Example:
        >>> import jgd
        >>> function_fingerprint(jgd.optimizers.adam) == f"adam of jgd {jgd.__version__}"
        True
        >>> square, cube = (lambda x: x**2), (lambda x: x**3)
        >>> function_fingerprint(square) == function_fingerprint(cube)
        False
    """
    if _is_jgds(function) and _found_at(address_of(function)) is function:
        return f"{name_of(function)} of jgd {__version__}"
    out, function = hashlib.sha256(), own_function(function)
    _absorb(out, function, set())
    inner = getattr(function, "func", function)
    code, known_by = getattr(inner, "__code__", None), ""
    if code is not None and not _is_jgds(inner):
        known_by = "by its source " if code_text(code) else f"by its bytecode of Python {_PYTHON} "
    return f"{name_of(function)} {known_by}{out.hexdigest()[:16]}"


_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


def address_of(function: Any) -> str:
    """Where a module-level function can be imported from, module:name.

    >>> address_of(address_of)
    'jgd.core.fingerprint:address_of'
    """
    return f"{getattr(function, '__module__', '')}:{getattr(function, '__qualname__', '')}"


def _found_at(address: str) -> Any:
    """What an imported module has under a name, None where there is nothing."""
    module, _, path = address.partition(":")
    found = sys.modules.get(module)
    for part in path.split("."):
        found = getattr(found, part, None)
    return found


def _is_jgds(function: Any) -> bool:
    return str(getattr(function, "__module__", "")).partition(".")[0] == "jgd"


def _absorb(out: Any, thing: Any, seen: set[int]) -> None:
    thing = own_function(thing)
    if id(thing) in seen:
        return
    code = getattr(thing, "__code__", None)
    if isinstance(thing, partial):  # a jax Partial is one
        for part in (thing.func, thing.args, tuple(sorted(thing.keywords.items()))):
            _absorb(out, part, seen)
    elif code is not None:
        seen.add(id(thing))
        for part in _absorb_code(out, thing):
            _absorb(out, part, seen)
    else:
        out.update(ADDRESS.sub("", str(jax.tree.structure(thing))).encode())
        for leaf in jax.tree.leaves(thing):
            if callable(leaf) and leaf is not thing:
                _absorb(out, leaf, seen)
            elif isinstance(leaf, int | float | np.ndarray | jax.Array | np.generic):
                array = np.asarray(leaf)
                out.update(f"{array.dtype}{array.shape}".encode() + array.tobytes())
            elif isinstance(leaf, str):
                out.update(leaf.encode())
            else:
                out.update(getattr(leaf, "__qualname__", type(leaf).__qualname__).encode())


def _absorb_code(out: Any, function: Any) -> tuple[Any, ...]:
    """What a function itself says, into the digest; -> what it depends on."""
    captured = tuple(cell.cell_contents for cell in function.__closure__ or ())
    address, text = address_of(function), code_text(function.__code__)
    if _is_jgds(function):  # two lambdas have one address
        out.update(f"{address} {__version__} {text if '<' in address else ''}".encode())
        return captured
    if text:
        out.update(text.encode())
    else:
        _code(out, function.__code__)
    return (*captured, function.__defaults__ or (), *_named(function))


def _named(function: Any) -> Iterator[Any]:
    """The functions and constants of its own module that a function names, also inside the functions in it."""
    for name in sorted(_names(function.__code__)):
        value = getattr(function, "__globals__", {}).get(name)
        helper = hasattr(value, "__code__") and getattr(value, "__module__", None) == function.__module__
        if helper or isinstance(value, int | float | str | np.ndarray | jax.Array):
            yield value


def _names(code: Any) -> set[str]:
    inner = (_names(constant) for constant in code.co_consts if hasattr(constant, "co_code"))
    return set(code.co_names).union(*inner)


def _code(out: Any, code: Any) -> None:
    out.update(code.co_code + repr(code.co_names).encode())
    for constant in code.co_consts:
        if hasattr(constant, "co_code"):
            _code(out, constant)
        else:
            out.update(repr(sorted(constant) if isinstance(constant, frozenset) else constant).encode())
