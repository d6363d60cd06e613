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


def reused(key: Hashable, traced: Any, fresh: Any) -> Any:
    """What was kept for the functions in `key` when they traced to the same program as now, else `fresh`, now kept.

    traced: the closed jaxpr of the program as the functions are now.
    """
    try:
        whole = (key, fingerprint(traced))
        found = _kept.pop(whole, fresh)
    except (TypeError, ValueError):  # a function that has no hash, or that can't say whether it equals another
        return fresh
    _kept[whole] = found
    while len(_kept) > KEPT:
        _kept.pop(next(iter(_kept)))
    return found


def fingerprint(traced: Any) -> str:
    """A digest of a program: its text, and every number in it."""
    digest = hashlib.blake2b(str(traced).encode())
    _numbers(traced, digest)
    return digest.hexdigest()


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
