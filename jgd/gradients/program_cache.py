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

KEPT = 16  # programs hold executables, and their losses hold data

_kept: dict[Hashable, Any] = {}


def reused(key: Hashable, mark: str, fresh: Any) -> Any:
    """What was kept for the functions in `key` when their program had this `mark` too, else `fresh`, now kept.

    mark: the `fingerprint` of the program as the functions are now.
    """
    found = recalled(key, mark)
    return keep(key, mark, fresh) if found is None else found


def recalled(key: Hashable, mark: str) -> Any:
    """What was kept, or None."""
    try:
        found = _kept.pop((key, mark), None)
        return None if found is None else keep(key, mark, found)
    except (TypeError, ValueError):  # a function that has no hash, or that can't say whether it equals another
        return None


def keep(key: Hashable, mark: str, value: Any) -> Any:
    """`value`, kept as the newest of `KEPT`."""
    try:
        _kept[key, mark] = value
    except (TypeError, ValueError):
        return value
    while len(_kept) > KEPT:
        _kept.pop(next(iter(_kept)))
    return value


def fingerprint(traced: Any) -> str:
    """A digest of a program: its text, and every number in it."""
    digest = hashlib.blake2b(str(traced).encode())
    _numbers(traced, digest)
    return digest.hexdigest()


OWN_RULES = ("custom_vjp_call", "custom_jvp_call")


def has_own_rules(part: Any) -> bool:
    """Whether a program holds derivatives that it does not show: its gradient may change while it stays the same."""
    program = getattr(part, "jaxpr", part)
    for equation in program.eqns:
        if equation.primitive.name in OWN_RULES:
            return True
        held = jax.tree.leaves(list(equation.params.values()), is_leaf=lambda p: hasattr(p, "eqns"))
        if any(has_own_rules(each) for each in held if hasattr(getattr(each, "jaxpr", each), "eqns")):
            return True
    return False


def _numbers(part: Any, digest: Any) -> None:
    """The numbers that the text abbreviates: constants and literals, of the programs inside too."""
    for constant in getattr(part, "consts", ()):
        _number(constant, digest)
    program = getattr(part, "jaxpr", part)
    for equation in program.eqns:
        for literal in (v for v in equation.invars if hasattr(v, "val")):
            _number(literal.val, digest)
        held = jax.tree.leaves(list(equation.params.values()), is_leaf=lambda p: hasattr(p, "eqns"))
        for each in held:
            if hasattr(getattr(each, "jaxpr", each), "eqns"):
                _numbers(each, digest)
            elif isinstance(each, np.ndarray | jax.Array):
                _number(each, digest)


def _number(value: Any, digest: Any) -> None:
    if jnp.issubdtype(getattr(value, "dtype", np.float64), jax.dtypes.extended):
        value = jax.random.key_data(value)
    array = np.asarray(value)
    digest.update(f"{array.dtype}{array.shape}".encode())
    digest.update(array.tobytes())
