"""Compiled programs that are found again, but never by a function's name alone.

A function that reads a variable outside itself changes when the variable does, and still is the same object. So each
call traces it anew, which is cheap; only what compiles to the very same program is compiled once.
"""

import hashlib
from collections.abc import Hashable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core.jaxprs import equations

MAX_PROGRAMS = 16  # programs hold executables, and their losses hold data

_programs: dict[Hashable, Any] = {}


def cached(key: Hashable, digest: str, program: Any) -> Any:
    """What was kept for the functions in `key` when their program had this `digest` too, else `program`, now kept.

    digest: the `jaxpr_digest` of the program as the functions are now.
    """
    found = lookup(key, digest)
    return store(key, digest, program) if found is None else found


def lookup(key: Hashable, digest: str) -> Any:
    """What was kept, or None."""
    try:
        found = _programs.pop((key, digest), None)
        return None if found is None else store(key, digest, found)
    except (TypeError, ValueError):  # a function that has no hash, or that can't say whether it equals another
        return None


def store(key: Hashable, digest: str, value: Any) -> Any:
    """`value`, kept as the newest of `MAX_PROGRAMS`."""
    try:
        _programs[key, digest] = value
    except (TypeError, ValueError):
        return value
    while len(_programs) > MAX_PROGRAMS:
        _programs.pop(next(iter(_programs)))
    return value


def jaxpr_digest(traced: Any) -> str:
    """A digest of a program: its text, and every number in it."""
    digest = hashlib.blake2b(str(traced).encode())
    _hash_numbers(traced, digest)
    return digest.hexdigest()


CUSTOM_DERIVATIVES = ("custom_vjp_call", "custom_jvp_call")


def has_custom_derivatives(part: Any) -> bool:
    """Whether a program holds derivatives that it does not show: its gradient may change while it stays the same."""
    return any(each.primitive.name in CUSTOM_DERIVATIVES for each in equations(getattr(part, "jaxpr", part)))


def _hash_numbers(part: Any, digest: Any) -> None:
    """The numbers that the text abbreviates: constants and literals, of the programs inside too."""
    for constant in getattr(part, "consts", ()):
        _hash_array(constant, digest)
    program = getattr(part, "jaxpr", part)
    for equation in program.eqns:
        for literal in (v for v in equation.invars if hasattr(v, "val")):
            _hash_array(literal.val, digest)
        held = jax.tree.leaves(list(equation.params.values()), is_leaf=lambda p: hasattr(p, "eqns"))
        for each in held:
            if hasattr(getattr(each, "jaxpr", each), "eqns"):
                _hash_numbers(each, digest)
            elif isinstance(each, np.ndarray | jax.Array):
                _hash_array(each, digest)


def _hash_array(value: Any, digest: Any) -> None:
    if jnp.issubdtype(getattr(value, "dtype", np.float64), jax.dtypes.extended):
        value = jax.random.key_data(value)
    array = np.asarray(value)
    digest.update(f"{array.dtype}{array.shape}".encode())
    digest.update(array.tobytes())
