"""What a run is made of, in words that can be stored and compared: path -> a short text, one for each number.

Two descriptions are equal where the things are, so that a stored run can be refused by the name of what differs.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core.functions import ADDRESS, fingerprint
from jgd.core.snapshots import digest

SHOWN = 8  # entries of an array that are written out; a larger one is known by its digest


def described(name: str, thing: Any) -> dict[str, str]:
    """Everything in a tree or record that another one could differ in: path -> its value, type or digest.

    Numbers are written so that they can be read back bit for bit, arrays of more than 8 entries as their SHA-256
    (its first 64 bits), functions by what they do (`fingerprint`).

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
        return {name: fingerprint(thing)}
    elif thing is None or jax.tree_util.all_leaves([thing]):
        return {name: _value(thing)}
    else:  # a node of a kind that only JAX knows
        leaves, structure = jax.tree_util.tree_flatten_with_path(thing)
        return {name: str(structure)} | {f"{name}{jax.tree_util.keystr(path)}": _value(leaf) for path, leaf in leaves}
    return {name: type(thing).__name__} | {k: v for part in parts.items() for k, v in described(*part).items()}


def _value(leaf: Any) -> str:
    if not isinstance(leaf, np.ndarray | np.generic | jax.Array):
        return ADDRESS.sub("", repr(leaf))
    array = np.asarray(leaf)
    own = "" if array.dtype == jnp.result_type(float) else f"{array.dtype} "  # x64 is described apart
    if array.ndim == 0:
        return f"{own}{array[()]!s}"
    if array.ndim == 1 and array.size <= SHOWN:
        return f"{own}[{', '.join(map(str, array))}]"
    return f"{array.dtype}{array.shape} {digest(array)[:16]}"


def differences(there: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    """What differs between two descriptions, a phrase each; of a part that is of another kind only that it is.

    >>> differences({"seed": "0", "loss": "a"}, {"seed": "1", "loss": "a"})
    ['seed 0 there, 1 here']
    """
    out, other = [], []
    for name in sorted({*there, *here}):
        if there.get(name) == here.get(name) or any(name.startswith(kind) for kind in other):
            continue
        out.append(f"{name} {there.get(name, 'nothing')} there, {here.get(name, 'nothing')} here")
        other += [f"{name}.", f"{name}["]  # its parts have nothing in common to be compared
    return out
