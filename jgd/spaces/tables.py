"""Layer 1. Enters: a space. Leaves: configs that are written down rather than drawn: a grid's, or a user's table."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

import numpy as np

from jgd.core import checks
from jgd.spaces.columns import configs_of, filled
from jgd.spaces.lists import List, index_of, plain
from jgd.spaces.ranges import Integers
from jgd.spaces.space import Config, Space

POINTS = 8  # of a range in a grid, unless said otherwise
LARGEST_GRID = 1_000_000  # configs; as dicts of ten names they take a GiB


class Sampler(ABC):
    """What draws configs from a space. extendable: whether its first configs stay when more are asked for."""

    extendable: ClassVar[bool] = True

    @abstractmethod
    def configs(self, space: Space, count: int | None, first: int) -> list[Config]:
        """Configs `first` … `first + count − 1`; a count of None is all that there are."""


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
        >>> from jgd.spaces.distributions import static, when
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
        structures = self._structures(space, axes)
        numeric = [[n for n in space.names if n not in space.static and space.includes(n, s)] for s in structures]
        _limit(sum(prod(len(axes[name]) for name in names) for names in numeric), axes)
        parts = [_places(space, axes, *part) for part in zip(structures, numeric, strict=True)]
        places = np.concatenate(parts, axis=1)  # (names, configs) indices into the axes, −1 where a config lacks the name
        found = places[:, np.lexsort(np.maximum(places, 0)[::-1])] if space.names else places
        if count not in (None, found.shape[1]):
            raise checks.JgdValueError(
                f"count must be {found.shape[1]}, the size of the grid, or left out, got {count}: a grid drops no point",
                argument="count",
            )
        columns = {
            name: filled([axes[name][i] for i in row[row >= 0].tolist()], row >= 0)
            for name, row in zip(space.names, found, strict=True)
        }
        return configs_of(space.names, columns, found.shape[1])

    def _structures(self, space: Space, axes: Mapping[str, tuple[Any, ...]]) -> list[Config]:
        """Every combination of the static names, on which alone all conditions look."""
        structures: list[Config] = [{}]
        for name in (name for name in space.order if name in space.static):
            _limit(len(structures) * len(axes[name]), axes)
            structures = [
                {**structure, name: value} if there else structure
                for structure in structures
                for there in [space.includes(name, structure)]
                for value in (axes[name] if there else axes[name][:1])
            ]
        return structures

    def _axes(self, space: Space) -> dict[str, tuple[Any, ...]]:
        own, general = (self.points, POINTS) if isinstance(self.points, Mapping) else ({}, self.points)
        for name in own:
            checks.choice("name in points:", name, space.names)
        axes = {}
        for name, kind in space.distributions.items():
            most = (
                general if kind.size is None else min(general, kind.size) if isinstance(kind, Integers) else kind.size
            )
            try:
                axes[name] = kind.points(own.get(name, most))
            except checks.JgdError as error:
                raise type(error)(f"points[{name!r}]: {error}") from error
        return axes


def _places(space: Space, axes: Mapping[str, tuple[Any, ...]], structure: Config, numeric: list[str]) -> np.ndarray:
    """(names, configs): where the configs of one structure lie on the axes, −1 for names that they lack."""
    sizes = [len(axes[name]) for name in numeric]
    grid = dict(zip(numeric, np.indices(sizes, np.int32).reshape(len(sizes), prod(sizes)), strict=True))
    fixed = {name: index_of(value, axes[name]) for name, value in structure.items()}
    rows = [grid[name] if name in grid else np.full(prod(sizes), fixed.get(name, -1), np.int32) for name in space.names]
    return np.stack(rows) if rows else np.zeros((0, prod(sizes)), np.int32)


def _limit(configs: int, axes: Mapping[str, tuple[Any, ...]]) -> None:
    if configs > LARGEST_GRID:
        sizes = ", ".join(f"{name}: {len(axis)}" for name, axis in axes.items())
        raise checks.JgdValueError(
            f"points must give a grid of at most {LARGEST_GRID} configs, got {configs} from {sizes}"
        )


@dataclass(frozen=True, eq=False)
class Table(Sampler):
    """A user's own configs, in order.

    Every row is checked against the space. More configs: the first stay, as long as rows are added at the end.

    Args:
        rows: a list of mappings, a mapping of columns, or a data frame. In columns, NaN stands for a name that a config
            hasn't, and so does None unless it is one of the name's values.

    Example:
        >>> from jgd.spaces.distributions import log_uniform
        >>> from jgd.spaces.samplers import configs
        >>> configs({"learning_rate": log_uniform(1e-4, 1)}, Table([{"learning_rate": 0.1}, {"learning_rate": 0.3}]))
        [{'learning_rate': 0.1}, {'learning_rate': 0.3}]
    """

    rows: Any

    def configs(self, space: Space, count: int | None, first: int) -> list[Config]:
        rows = self._rows(space)
        until = max(first, len(rows)) if count is None else first + count
        if until > len(rows):
            raise checks.JgdValueError(f"first + count must be at most {len(rows)}, the number of rows, got {until}")
        return [space.admit(rows[i], f"rows[{i}]") for i in range(first, until)]

    def _rows(self, space: Space) -> list[Mapping[str, Any]]:
        rows = self.rows.to_dict("list") if hasattr(self.rows, "to_dict") else self.rows
        if isinstance(rows, Mapping):
            for name, column in rows.items():
                if isinstance(column, str) or not isinstance(column, Sequence | np.ndarray):
                    raise checks.JgdTypeError(f"rows[{name!r}] must be a sequence, a column of values, got {column!r}")
            lengths = {name: len(column) for name, column in rows.items()}
            if len(set(lengths.values())) > 1:
                raise checks.JgdValueError(f"rows must have columns of the same length, got {lengths}")
            cells = [dict(zip(rows, row, strict=True)) for row in zip(*rows.values(), strict=True)]
            rows = [{name: value for name, value in row.items() if not _missing(space, name, value)} for row in cells]
        if isinstance(rows, str) or not isinstance(rows, Sequence):
            raise checks.JgdTypeError(f"rows must be a sequence of mappings or a mapping of columns, got {rows!r}")
        if not rows:
            raise checks.JgdValueError("rows must hold at least one config, got none")
        return list(rows)


def _missing(space: Space, name: str, value: Any) -> bool:
    if value is None:
        kind = space.distributions.get(name)
        return not (isinstance(kind, List) and index_of(None, kind.values) >= 0)
    value = plain(value)
    return isinstance(value, float) and value != value
