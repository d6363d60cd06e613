"""Layer 1. Enters: the cases of a space's names, points of the unit cube. Leaves: a column of values for each name."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from jgd.core import checks
from jgd.spaces.columns import merged
from jgd.spaces.conditions import Case, present
from jgd.spaces.derived import Derived
from jgd.spaces.ranges import unit


def columns_at(
    points: np.ndarray, names: Sequence[str], order: Sequence[str], cases: Mapping[str, Sequence[Case]]
) -> dict[str, Sequence[Any]]:
    """Name -> its values at points, (n, d) with a column for each of `names`; `order`: those looked at before the others."""
    columns: dict[str, Sequence[Any]] = {}
    for name in order:
        place, left, parts = names.index(name), np.ones(len(points), bool), []
        for case in cases[name]:
            where = left & present(case.conditions, columns, len(points))
            left &= ~where
            parts.append((_values(case, columns, points[:, place], where), where))
        columns[name] = merged(parts, len(points))
    return columns


def _values(case: Case, columns: Mapping[str, Sequence[Any]], places: np.ndarray, where: np.ndarray) -> Sequence[Any]:
    """The values in the places where a case holds, one after the other."""
    if isinstance(case.distribution, Derived):
        return case.distribution.of_columns(columns, np.flatnonzero(where).tolist())
    read = places[where]
    if np.isnan(read).any():
        unit(np.nan)  # refuses it
    return case.distribution.at_each(read.tolist())


def points_of(units: ArrayLike, names: Sequence[str]) -> np.ndarray:
    """(n, d) points with a column for each name; refused outside of [0, 1]. NaN is let through, where it isn't read."""
    points = checks.array("units", units)
    if points.ndim != 2 or points.shape[1] != len(names):
        raise checks.JgdValueError(f"units must have the shape (n, {len(names)}), got {points.shape}", argument="units")
    for row, column in np.argwhere((points < 0) | (points > 1))[:1]:
        raise checks.JgdValueError(
            f"units[{row}, {column}] ({names[column]}) must be in [0, 1], got {points[row, column]}", argument="units"
        )
    return points
