"""Layer 1. Enters: a column of values for each name. Leaves: configs. A column has `ABSENT` where a config lacks the name.

What is done config by config costs Python's time ten thousand times; a column is one pass over one list.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

ABSENT = object()


def configs_of(names: Sequence[str], columns: Mapping[str, Sequence[Any]], count: int) -> list[dict[str, Any]]:
    """`count` configs, each with its values in the order of the names.

    >>> configs_of(["x", "y"], {"x": [1, 2], "y": [ABSENT, 3]}, 2)
    [{'x': 1}, {'x': 2, 'y': 3}]
    """
    if not names:
        return [{} for _ in range(count)]
    rows: Iterable[tuple[Any, ...]] = zip(*(columns[name] for name in names), strict=True)
    if not any(value is ABSENT for name in names for value in columns[name]):
        return [dict(zip(names, row)) for row in rows]  # noqa: B905  (of one length; being strict costs a third more)
    return [{name: value for name, value in zip(names, row, strict=True) if value is not ABSENT} for row in rows]


def filled(values: Sequence[Any], where: np.ndarray) -> Sequence[Any]:
    """A column with the values in the places where `where` is True, one after the other, and `ABSENT` in the others.

    >>> filled([0.1, 0.2], np.array([True, False, True]))[::2]
    [0.1, 0.2]
    """
    if where.all():
        return values
    given = iter(values)
    return [next(given) if there else ABSENT for there in where.tolist()]


def merged(parts: Sequence[tuple[Sequence[Any], np.ndarray]], count: int) -> Sequence[Any]:
    """One column of several: pairs of the values that hold in some places, one after the other, and those places.

    >>> merged([([1], np.array([True, False])), ([2], np.array([False, True]))], 2)
    [1, 2]
    """
    if len(parts) == 1:
        return filled(*parts[0])
    out = [ABSENT] * count
    for values, where in parts:
        for row, value in zip(np.flatnonzero(where).tolist(), values, strict=True):
            out[row] = value
    return out
