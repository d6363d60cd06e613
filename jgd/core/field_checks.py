"""What a record's fields take: a number by its rule, structure by its annotation. Enters: a record that is being made."""

import re
from collections.abc import Hashable
from dataclasses import Field
from typing import Any

import jax

from jgd.core import checks


def check_field(self: Any, f: Field) -> None:
    """Refuse a value that breaks its field's rule; a bare function, which can't cross jit, is wrapped."""
    value, static = getattr(self, f.name), "static" in f.metadata
    if "rule" in f.metadata:
        checks.hyperparameter(f.name, value, f.metadata["rule"], f.metadata["schedule"], f.metadata["length"])
    if not static and callable(value) and jax.tree_util.all_leaves([value]):
        object.__setattr__(self, f.name, jax.tree_util.Partial(value))
    if static and not isinstance(value, Hashable):
        raise checks.JgdTypeError(
            f"{f.name} is structure and must be hashable (a tuple, not a list; never a swept number), got {checks.shown(value)}",
            argument=f.name,
        )
    if static:
        _check_structure(f.name, value, _kind(f))


def _check_structure(name: str, value: Any, kind: str) -> None:
    """Refuse structure of another type than its annotation says, where that is a plain one."""
    if kind == "bool":
        checks.flag(name, value)
    elif kind == "tuple" and not isinstance(value, tuple):
        raise checks.JgdTypeError(
            f"{name} must be a tuple, such as (4, 8), got {checks.shown(value)} ({type(value).__name__})", argument=name
        )


def check_kind(self: Any, f: Field) -> None:
    """Likewise for whole numbers and text, of which a class's own checks know more: after them."""
    kind, value = _kind(f), getattr(self, f.name)
    if "static" not in f.metadata or value is None:
        return
    if kind == "int":
        checks.count(f.name, value, -(2**63))
    elif kind == "str" and not isinstance(value, str):
        raise checks.JgdTypeError(f"{f.name} must be text, got {checks.shown(value)}", argument=f.name)


def _kind(f: Field) -> str:
    """A plain annotation's name, also where annotations are text: "tuple" for any tuple; a union has none."""
    if isinstance(f.type, str):
        return re.sub(r"^tuple\[[^|]*\]$", "tuple", f.type)
    return getattr(f.type, "__name__", "")
