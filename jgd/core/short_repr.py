"""Optimizers in one line: each transform with what differs from its defaults. Enters: records. Leaves: text, or HTML."""

from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any

import numpy as np
from jax.core import Tracer

from jgd.core import notebook

FEW = 4  # entries of an array that are all shown
_SHOWN = ("float32", "float64", "int32", "int64", "bool")


def short(value: Any) -> str:
    """A value in few words: a record without the fields that are at their defaults, an array by its dtype and shape.

    >>> from jgd.transforms import ClipByGlobalNorm
    >>> short((ClipByGlobalNorm(1.0), np.ones((3, 2), np.float32), 1e-8, None))
    '(ClipByGlobalNorm(max_norm=1), float32[3, 2], 1e-08, None)'
    """
    if is_dataclass(value) and not isinstance(value, type):
        changed = [f for f in fields(value) if f.repr and not _is_default(f, getattr(value, f.name, MISSING))]
        return f"{type(value).__name__}({', '.join(f'{f.name}={short(getattr(value, f.name))}' for f in changed)})"
    if isinstance(value, tuple | list):
        return f"({', '.join(map(short, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name!r}: {short(each)}' for name, each in value.items())}}}"
    if isinstance(value, float | np.floating):
        return f"{value:.6g}"
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return _array(value)
    return getattr(value, "__name__", None) or repr(value)


def optimizer_line(self: Any) -> str:
    """An optimizer as its transforms, in the order in which updates go through them."""
    return f"{type(self).__name__}({', '.join(map(short, _links(self.transform)))})"


def optimizer_html(self: Any) -> str:
    """The same as a table for a notebook, with the defaults too."""
    rows = [(type(each).__name__, _words(each)) for each in _links(self.transform)]
    return notebook.table(("transform", "hyperparameters"), rows, type(self).__name__)


def _links(transform: Any) -> Iterator[Any]:
    """The transforms of a chain, and of the chains in it."""
    if type(transform).__name__ == "Chain":
        for each in transform.transforms:
            yield from _links(each)
    else:
        yield transform


def _words(record: Any) -> str:
    return ", ".join(f"{f.name} {short(getattr(record, f.name, None))}" for f in fields(record) if f.repr)


def _is_default(f: Field, value: Any) -> bool:
    """Whether a field has the value that it has unless it is given."""
    if value is MISSING:  # JAX has put a record together without it
        return True
    default = f.default if f.default_factory is MISSING else f.default_factory()
    if default is MISSING or type(value) not in (type(default), float, int, np.float64):
        return False
    return bool(value == default)


def _array(value: Any) -> str:
    """By its numbers where they are few and known, else by its dtype and shape."""
    shape = list(value.shape)
    known = not isinstance(value, Tracer) and np.size(value) <= FEW and str(value.dtype) in _SHOWN
    if known and not shape:
        return short(np.asarray(value).item())
    if known:
        return np.array2string(np.asarray(value), precision=6, separator=", ")
    return f"{value.dtype}{shape}"
