"""Layer 1. Enters: a space. Leaves: every combination of its values, as configs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar, TypeAlias

import numpy as np

from jgd.core import checks
from jgd.spaces.columns import merged
from jgd.spaces.derived import Derived
from jgd.spaces.integer_range import Integers
from jgd.spaces.sampler import Sampler
from jgd.spaces.space import Config, Space

POINTS = 8  # of a range in a grid, unless said otherwise
Axes: TypeAlias = Mapping[str, Sequence[tuple[Any, ...]]]  # name -> the points of each of its cases
LARGEST_GRID = 1_000_000  # configs; as dicts of ten names they take a GiB


@dataclass(frozen=True)
class Grid(Sampler):
    """Every combination, the last name varying fastest; never drops one. What conditions make equal is there once.

    Lists give all their values, and integers at most all of theirs. Not extendable.

    Args:
        points: values for each range, ends included; or name -> count, with 8 for the ranges it doesn't name.

    Raises:
        JgdTypeError: for counts that are no whole numbers.
        JgdValueError: for counts below 1.

    Example:
        >>> from jgd.spaces.conditions import when
        >>> from jgd.spaces.distributions import static
        >>> from jgd.spaces.samplers import configs
        >>> one = {"optimizer": static(["sgd", "adam"]), "b2": when([0.9, 0.99], optimizer="adam")}
        >>> configs(one, Grid())
        [{'optimizer': 'sgd'}, {'optimizer': 'adam', 'b2': 0.9}, {'optimizer': 'adam', 'b2': 0.99}]
    """

    points: int | Mapping[str, int] = POINTS
    extendable: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if isinstance(self.points, Mapping):
            own = {name: checks.count(f"points[{name!r}]", n, 1) for name, n in self.points.items()}
            object.__setattr__(self, "points", own)
        else:
            checks.count("points", self.points, 1)

    def configs(self, space: Space, count: int | None, first: int) -> list[Config]:
        axes = self._axes(space)
        structures = _structures(space, axes)
        _limit(sum(prod(len(axis) for _, axis in each.axes.values()) for each in structures), axes)
        places = np.concatenate([_places(space, each) for each in structures], axis=1)
        places = places[:, np.lexsort(np.maximum(places, 0)[::-1])] if space.names else places
        found = space.allowed_of(_columns(space, axes, places), places.shape[1])
        if not found:
            raise checks.JgdValueError(
                f"points must leave a config that fulfils {' and '.join(space.constraints)}, got none",
                argument="points",
            )
        if count not in (None, len(found)):
            raise checks.JgdValueError(
                f"count must be {len(found)}, the size of the grid, or left out, got {count}: a grid drops no point",
                argument="count",
            )
        return found

    def _axes(self, space: Space) -> Axes:
        own, general = (self.points, POINTS) if isinstance(self.points, Mapping) else ({}, self.points)
        for name in own:
            checks.choice("name in points:", name, space.names)
        axes: dict[str, list[tuple[Any, ...]]] = {}
        for name, cases in space.cases.items():
            for kind in (case.distribution for case in cases):
                size = general if kind.size is None else kind.size
                most = min(general, size) if isinstance(kind, Integers) else size
                try:
                    axes.setdefault(name, []).append(kind.points(own.get(name, most)))
                except checks.JgdError as error:
                    raise checks.prefixed(f"points[{name!r}]: ", error) from error
        return axes


@dataclass(frozen=True)
class _Structure:
    """One combination of the names that others look at. What lies where is told by places on a name's axes in a row.

    config: their values. fixed: name -> its place. axes: name -> (the place where its axis begins, the axis), of the others.
    """

    config: Config
    fixed: Mapping[str, int]
    axes: Mapping[str, tuple[int, tuple[Any, ...]]]


def _structures(space: Space, axes: Axes) -> list[_Structure]:
    """Every combination of the names of structure, and of those that conditions look at."""
    deciding = {
        *space.static,
        *(parent for each in space.cases.values() for case in each for parent in case.conditions),
    }
    for name in reversed(space.order):
        kinds = [case.distribution for case in space.cases[name] if name in deciding]
        deciding.update(each for kind in kinds if isinstance(kind, Derived) for each in kind.expression.names)
    made: list[tuple[Config, dict[str, int]]] = [({}, {})]
    for name in (name for name in space.order if name in deciding):
        longer = []
        for config, fixed in made:
            case = space.case(name, config)
            kind = None if case is None else space.kind(name, config)
            if case is None or kind is None:
                longer.append((config, fixed))
            elif isinstance(kind, Derived):
                longer.append(({**config, name: kind.of(config)}, {**fixed, name: _derived_place(case)}))
            else:
                begin = sum(map(len, axes[name][:case]))
                each = enumerate(axes[name][case], begin)
                longer += [({**config, name: value}, {**fixed, name: place}) for place, value in each]
            _limit(len(longer), axes)
        made = longer
    out = []
    for config, fixed in made:
        free, fixed = {}, dict(fixed)
        for name in (name for name in space.names if name not in deciding):
            case = space.case(name, config)
            if case is not None and isinstance(space.cases[name][case].distribution, Derived):
                fixed[name] = _derived_place(case)
            elif case is not None:
                free[name] = (sum(map(len, axes[name][:case])), axes[name][case])
        out.append(_Structure(config, fixed, free))
    return out


def _derived_place(case: int) -> int:
    """What stands for a place of a name that is derived by this of its cases; −1 for one that isn't there."""
    return -2 - case


def _places(space: Space, structure: _Structure) -> np.ndarray:
    """(names, configs): where the configs of one structure lie on the axes, −1 for names that they lack."""
    sizes = [len(axis) for _, axis in structure.axes.values()]
    grid = dict(zip(structure.axes, np.indices(sizes, np.int32).reshape(len(sizes), prod(sizes)), strict=True))
    rows = [
        grid[name] + structure.axes[name][0]
        if name in grid
        else np.full(prod(sizes), structure.fixed.get(name, -1), np.int32)
        for name in space.names
    ]
    return np.stack(rows) if rows else np.zeros((0, prod(sizes)), np.int32)


def _columns(space: Space, axes: Axes, places: np.ndarray) -> dict[str, Sequence[Any]]:
    """Name -> its values in the configs at these places."""
    columns: dict[str, Sequence[Any]] = {}
    for name in space.order:
        row, whole = places[space.names.index(name)], [value for axis in axes[name] for value in axis]
        parts: list[tuple[Sequence[Any], np.ndarray]] = [([whole[i] for i in row[row >= 0].tolist()], row >= 0)]
        for case, kind in enumerate(each.distribution for each in space.cases[name]):
            if isinstance(kind, Derived):
                where = row == _derived_place(case)
                parts.append((kind.of_columns(columns, np.flatnonzero(where).tolist()), where))
        columns[name] = merged(parts, places.shape[1])
    return columns


def _limit(configs: int, axes: Axes) -> None:
    if configs > LARGEST_GRID:
        sizes = ", ".join(f"{name}: {sum(map(len, each))}" for name, each in axes.items())
        raise checks.JgdValueError(
            f"points must give a grid of at most {LARGEST_GRID} configs, got {configs} from {sizes}", argument="points"
        )
