"""Where configs lie in their space: enter configs and, where known, the space; leaves each as a point of the unit cube."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jgd.core import checks
from jgd.spaces import Space

OUTER = 0.05  # of a range at each end: its edge
RECIPE = "recipe"  # the name under which several recipes are one more choice of structure


@dataclass(frozen=True)
class UnitCube:
    """Configs as points of the unit cube.

    Attributes:
        names: Those that take two values or more.
        units: (configs, names) in [0, 1]; NaN where a config has no such name.
        structural: (names,), a choice without an order (words, None, True or False), or one that the space calls static.
        edges: (names, 2) how much of [0, 1] at the lower and the upper end is the edge of a name's range: 5%, or its
            outermost value's half bin.
    """

    names: tuple[str, ...]
    units: np.ndarray
    structural: np.ndarray
    edges: np.ndarray

    def column(self, name: str) -> np.ndarray:
        """(configs,), the places along one name."""
        return self.units[:, self.names.index(name)]


def unit_cube(configs: Sequence[tuple[str, Mapping[str, Any]]], space: Any = None) -> UnitCube:
    """The points of (recipe, hyperparameters) pairs, as `Sweep.configs` lists them.

    Without a space, for lists, and for values outside of it, a number's coordinate is that of its rank among the m distinct
    ones there are, (rank − ½)/m: even along a grid, whatever its scale. Structure takes the middles of equal bins in the
    order in which its values came. Several recipes are one more name, "recipe".

    Args:
        configs: At least one pair.
        space: A `jgd.space`, whose distributions say where a value lies and which names are structure.

    Returns:
        The points.

    Raises:
        JgdValueError: For no config.

    Example:
        >>> found = unit_cube([("sgd", {"learning_rate": 0.1}), ("sgd", {"learning_rate": 10.0})])
        >>> found.names, found.units.tolist()
        (('learning_rate',), [[0.25], [0.75]])
    """
    if isinstance(configs, str) or not isinstance(configs, Sequence) or not all(map(_is_config, configs)):
        raise checks.JgdTypeError(
            f"configs must be pairs of a recipe and its values, as of found.configs, got {checks.shown(configs)}",
            argument="configs",
        )
    if space is not None:
        checks.instance("space", space, Space, "jgd.space(…)")
    if not configs:
        raise checks.JgdValueError("configs must hold at least one, got none", argument="configs")
    several = len({recipe for recipe, _ in configs}) > 1
    each = [{**({RECIPE: recipe} if several else {}), **config} for recipe, config in configs]
    names = [name for name in dict.fromkeys(n for config in each for n in config)]
    known = {} if space is None else space.distributions
    columns, kept = [], []
    for name in names:
        distinct = list(dict.fromkeys(config[name] for config in each if name in config))
        if (
            len(distinct) < 2 or getattr(known.get(name), "kind", "") == "derived"
        ):  # what follows from others has no place
            continue
        structural = (space is not None and name in space.static) or not all(_number(value) for value in distinct)
        place, edge = _placing(distinct, structural, known.get(name))
        columns.append(np.array([place[config[name]] if name in config else np.nan for config in each]))
        kept.append((name, structural, edge))
    return UnitCube(
        tuple(name for name, *_ in kept),
        np.stack(columns, axis=1) if columns else np.zeros((len(each), 0)),
        np.array([structural for _, structural, _ in kept], bool),
        np.array([edge for *_, edge in kept], np.float64).reshape(-1, 2),
    )


def neighbors(found: UnitCube, config: int, count: int = 4) -> list[int]:
    """The configs nearest to one, nearest first, by distance in the unit cube.

    Only those with the same structure (recipe, words, and which names there are) are near at all.

    Args:
        found: All configs.
        config: The index of the one.
        count: How many, at most.

    Returns:
        Their indices.

    Raises:
        JgdValueError: For a config that there isn't, and a count below 1.

    Example:
        >>> grid = unit_cube([("sgd", {"learning_rate": rate}) for rate in (0.1, 1.0, 10.0, 100.0)])
        >>> neighbors(grid, 1, 2)
        [0, 2]
    """
    count = checks.count("count", count, 1)
    config = checks.count("config", config, 0, len(found.units) - 1)
    here = found.units[config]
    alike = (np.isnan(found.units) == np.isnan(here)).all(axis=1)
    alike &= (~found.structural | np.isnan(here) | (found.units == here)).all(axis=1)
    distance = np.sqrt(np.nansum((found.units - here) ** 2, axis=1))
    near = [int(i) for i in np.argsort(distance, kind="stable") if alike[i] and i != config]
    return near[:count]


def _placing(distinct: list[Any], structural: bool, distribution: Any) -> tuple[dict[Any, float], tuple[float, float]]:
    """-> (value -> its place in [0, 1], how much at the lower and the upper end is the edge)."""
    listed = getattr(distribution, "values", None)  # of a choice, in the order in which it was written
    if distribution is not None and listed is None and not structural:
        try:
            ends = distribution.place(distribution.at(0)), 1 - distribution.place(distribution.at(1))
            edges = max(OUTER, ends[0]), max(OUTER, ends[1])  # a continuum's ends are 0 and 1, to rounding
            return {value: float(distribution.place(value)) for value in distinct}, edges
        except checks.JgdError:  # a search may have left the range that it started with
            pass
    order = list(dict.fromkeys([*(listed or ()), *distinct]))
    order = order if structural else sorted(order)
    edge = max(OUTER, 0.5 / len(order))
    return {value: (rank + 0.5) / len(order) for rank, value in enumerate(order)}, (edge, edge)


def _number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool | np.bool_)


def _is_config(pair: Any) -> bool:
    """Whether it is a recipe's name and the values of its hyperparameters."""
    return isinstance(pair, Sequence) and len(pair) == 2 and isinstance(pair[0], str) and isinstance(pair[1], Mapping)
