"""Layer 1. Enters: a space. Leaves: every combination of its values, as configs."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

import numpy as np

from jgd.core import checks
from jgd.spaces.columns import configs_of, filled
from jgd.spaces.integer_range import Integers
from jgd.spaces.lists import index_of
from jgd.spaces.sampler import Sampler
from jgd.spaces.space import Config, Space

POINTS = 8  # of a range in a grid, unless said otherwise
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
        places = np.concatenate(
            parts, axis=1
        )  # (names, configs) indices into the axes, −1 where a config lacks the name
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
                raise checks.prefixed(f"points[{name!r}]: ", error) from error
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
            f"points must give a grid of at most {LARGEST_GRID} configs, got {configs} from {sizes}", argument="points"
        )
