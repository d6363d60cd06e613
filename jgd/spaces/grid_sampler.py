"""Layer 1. Enters: a space. Leaves: every combination of its values, as configs."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any, ClassVar

from jgd.core import checks
from jgd.spaces.integer_range import Integers
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
        found = [
            {**structure, **dict(zip(names, values, strict=True))}
            for structure, names in zip(structures, numeric, strict=True)
            for values in product(*(axes[name] for name in names))
        ]
        places = {name: {value: i for i, value in enumerate(map(_key, axis))} for name, axis in axes.items()}
        found.sort(key=lambda config: [places[n][_key(config[n])] if n in config else 0 for n in space.names])
        if count not in (None, len(found)):
            raise checks.JgdValueError(
                f"count must be {len(found)}, the size of the grid, or left out, got {count}: a grid drops no point",
                argument="count",
            )
        return [{name: config[name] for name in space.names if name in config} for config in found]

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


def _limit(configs: int, axes: Mapping[str, tuple[Any, ...]]) -> None:
    if configs > LARGEST_GRID:
        sizes = ", ".join(f"{name}: {len(axis)}" for name, axis in axes.items())
        raise checks.JgdValueError(
            f"points must give a grid of at most {LARGEST_GRID} configs, got {configs} from {sizes}"
        )


def _key(value: Any) -> Any:
    return type(value), value  # 1 and True are two structures
