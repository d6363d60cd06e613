"""Layer 1. Enters: a column of values for each name. Leaves: configs. A column has `ABSENT` where a config lacks the name.

What is done config by config costs Python's time ten thousand times; a column is one pass over one list.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from jgd.spaces.lists import index_of

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


def present(wanted: Mapping[str, tuple[Any, ...]], columns: Mapping[str, Sequence[Any]], count: int) -> np.ndarray:
    """(count,) bool: where the columns have one of the wanted values for each of these names.

    >>> present({"optimizer": ("adam",)}, {"optimizer": ["sgd", "adam", ABSENT]}, 3)
    array([False,  True, False])
    """
    out = np.ones(count, bool)
    for parent, values in wanted.items():
        known: dict[Any, bool] = {}  # a column of structure has few values; 1 and True are two
        for place, value in enumerate(columns[parent]):
            key = type(value), value
            if key not in known:
                known[key] = value is not ABSENT and index_of(value, values) >= 0
            out[place] &= known[key]
    return out


def filled(values: Sequence[Any], where: np.ndarray) -> Sequence[Any]:
    """A column with the values in the places where `where` is True, one after the other, and `ABSENT` in the others.

    >>> filled([0.1, 0.2], np.array([True, False, True]))[::2]
    [0.1, 0.2]
    """
    if where.all():
        return values
    given = iter(values)
    return [next(given) if there else ABSENT for there in where.tolist()]
