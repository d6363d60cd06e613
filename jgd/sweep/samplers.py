"""Layer 7. Enters: a space and a sampler. Leaves: configs, the same ones for the same seed on every machine."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

import numpy as np

from jgd.core import checks
from jgd.core import seeds as seeding
from jgd.sweep import sequences
from jgd.sweep.lists import List, index_of, plain
from jgd.sweep.ranges import Integers
from jgd.sweep.space import Config, Space, as_space

POINTS = 8  # of a range in a grid, unless said otherwise
LARGEST_GRID = 10_000_000  # configs; as dicts they take several GiB


class Sampler(ABC):
    """What draws configs from a space. extendable: whether its first configs stay when more are asked for."""

    extendable: ClassVar[bool] = True

    @abstractmethod
    def configs(self, space: Space, count: int | None, first: int) -> list[Config]:
        """Configs `first` … `first + count − 1`; a count of None is all that there are."""


class _Sequence(Sampler):
    """Points of the unit cube, a dimension for each free name of the space, its static ones included."""

    def configs(self, space: Space, count: int | None, first: int) -> list[Config]:
        if count is None:
            raise checks.JgdValueError(f"count must say how many configs {self} shall draw, got None")
        units = np.zeros((count, len(space.names)))
        free = [space.names.index(name) for name in space.free]
        units[:, free] = self.units(first, count, len(free))
        return space.at(units)

    @abstractmethod
    def units(self, first: int, count: int, dimensions: int) -> np.ndarray:
        """Points `first` … `first + count − 1`: (count, dimensions) in [0, 1)."""


@dataclass(frozen=True)
class _Seeded(_Sequence):
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "seed", seeding.check(self.seed))


class Random(_Seeded):
    """Independent draws. More configs: the first stay. seed: 0 … 2³² − 1."""

    def units(self, first: int, count: int, dimensions: int) -> np.ndarray:
        return sequences.random(self.seed, first, count, dimensions)


class Halton(_Seeded):
    """A scrambled Halton sequence: spread more evenly than random draws at any count. More configs: the first stay.

    seed: 0 … 2³² − 1. Dimension d is in the d-th prime's base, so list the names that matter first: beyond about 20,
    few points don't fill a pair of dimensions evenly.

    >>> from jgd.sweep.distributions import log
    >>> found = configs({"learning_rate": log(1e-4, 1)}, Halton(seed=1), 4)
    >>> found == configs({"learning_rate": log(1e-4, 1)}, Halton(seed=1), 8)[:4]
    True
    """

    def units(self, first: int, count: int, dimensions: int) -> np.ndarray:
        return sequences.halton(self.seed, first, count, dimensions)


class Sobol(_Seeded):
    """A scrambled Sobol' sequence. Counts that are powers of two are balanced; others lose some of its evenness.

    More configs: the first stay. seed: 0 … 2³² − 1.
    """

    def units(self, first: int, count: int, dimensions: int) -> np.ndarray:
        return sequences.sobol(self.seed, first, count, dimensions)


class LatinHypercube(_Seeded):
    """One config in each of `count` equal intervals of every name. Another count is another design: not extendable."""

    extendable = False

    def units(self, first: int, count: int, dimensions: int) -> np.ndarray:
        return sequences.latin_hypercube(self.seed, count, dimensions)


@dataclass(frozen=True)
class Grid(Sampler):
    """Every combination, the last name varying fastest; never drops one. What conditions make equal is there once.

    points: values for each range (8), ends included; or name -> count, with 8 for the ranges it doesn't name. Lists
    give all their values, and integers at most all of theirs. Not extendable.

    >>> from jgd.sweep.distributions import log, static, when
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
        partial: list[tuple[tuple[int, ...], Config]] = [((), {})]  # places along the axes so far, and the config
        for name in space.order:
            if len(partial) * len(axes[name]) > LARGEST_GRID:
                sizes = " × ".join(f"{n}: {len(axis)}" for n, axis in axes.items())
                raise checks.JgdValueError(
                    f"points must give a grid of at most {LARGEST_GRID} configs, got up to "
                    f"{prod(map(len, axes.values()))} ({sizes})"
                )
            partial = [
                ((*places, i), {**config, name: axes[name][i]} if there else config)
                for places, config in partial
                for there in [space.includes(name, config)]
                for i in range(len(axes[name]) if there else 1)
            ]
        back = [space.order.index(name) for name in space.names]
        partial.sort(key=lambda one: [one[0][i] for i in back])
        found = [{name: config[name] for name in space.names if name in config} for _, config in partial]
        if count not in (None, len(found)):
            raise checks.JgdValueError(
                f"count must be {len(found)}, the size of the grid, or left out, got {count}: a grid drops no point"
            )
        return found

    def _axes(self, space: Space) -> dict[str, tuple[Any, ...]]:
        own, general = (self.points, POINTS) if isinstance(self.points, Mapping) else ({}, self.points)
        for name in own:
            checks.choice("name in points", name, space.names)
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


@dataclass(frozen=True, eq=False)
class Table(Sampler):
    """A user's own configs, in order: rows as a list of mappings, a mapping of columns, or a data frame.

    In columns, NaN stands for a name that a config hasn't, and so does None unless it is one of the name's values.
    Every row is checked against the space. More configs: the first stay, as long as rows are added at the end.

    >>> from jgd.sweep.distributions import log
    >>> configs({"learning_rate": log(1e-4, 1)}, Table([{"learning_rate": 0.1}, {"learning_rate": 0.3}]))
    [{'learning_rate': 0.1}, {'learning_rate': 0.3}]
    """

    rows: Any

    def configs(self, space: Space, count: int | None, first: int) -> list[Config]:
        rows = self._rows(space)
        until = len(rows) if count is None else first + count
        if until > len(rows):
            raise checks.JgdValueError(f"count must be at most {max(len(rows) - first, 0)}, the rows left, got {count}")
        return [space.admit(rows[i], f"rows[{i}]") for i in range(first, until)]

    def _rows(self, space: Space) -> list[Mapping[str, Any]]:
        rows = self.rows.to_dict("list") if hasattr(self.rows, "to_dict") else self.rows
        if isinstance(rows, Mapping):
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


SAMPLERS: dict[str, type[Sampler]] = {
    "grid": Grid,
    "random": Random,
    "halton": Halton,
    "sobol": Sobol,
    "latin_hypercube": LatinHypercube,
}


def sampler_of(sampler: Sampler | str | None, space: Space) -> Sampler:
    """A sampler as it is, by its name, or (None) the default: the grid where all names have lists, else Halton's."""
    if isinstance(sampler, Sampler):
        return sampler
    if sampler is None:
        return Grid() if all(isinstance(kind, List) for kind in space.distributions.values()) else Halton()
    if isinstance(sampler, str):
        return SAMPLERS[checks.choice("sampler", sampler, SAMPLERS)]()
    raise checks.JgdTypeError(f"sampler must be a sampler, one of {', '.join(SAMPLERS)} or None, got {sampler!r}")


def configs(
    space: Space | Mapping[str, Any],
    sampler: Sampler | str | None = None,
    count: int | None = None,
    first: int = 0,
) -> list[Config]:
    """Configs `first` … `first + count − 1` of a space, each a dict in the order of its names.

    sampler: a `Sampler` or its name (see `sampler_of` for the default). count: how many; a grid and a table know it
    themselves. Where the sampler is extendable, a config depends on its index only, never on count or first.

    >>> configs({"learning_rate": [0.1, 0.2], "b1": [0.9]})
    [{'learning_rate': 0.1, 'b1': 0.9}, {'learning_rate': 0.2, 'b1': 0.9}]
    """
    space = as_space(space)
    chosen = sampler_of(sampler, space)
    first = checks.count("first", first)
    if first and not chosen.extendable:
        can = ", ".join(kind.__name__ for kind in (Halton, Sobol, Random, Table))
        raise checks.JgdValueError(f"first must be 0, got {first}: {chosen} can't be extended; these can: {can}")
    return chosen.configs(space, None if count is None else checks.count("count", count), first)
