"""Layer 1. Enters: a space and a sampler. Leaves: configs, functions of the seed, their index and the names' order."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from jgd.core import checks
from jgd.core import seeds as seeding
from jgd.spaces import sequences
from jgd.spaces.derived import Derived
from jgd.spaces.grid_sampler import Grid
from jgd.spaces.lists import List
from jgd.spaces.ranges import MOST
from jgd.spaces.sampler import Sampler
from jgd.spaces.space import Config, Space, as_space
from jgd.spaces.table_sampler import Table

AT_ONCE = 256  # points that are drawn at a time where some are left out
LEAST_SHARE = 1000  # points that may be drawn for each that is kept


@dataclass(frozen=True)
class _Drawn(Sampler):
    """Points of the unit cube, a dimension for each free name of the space, its static ones included."""

    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "seed", seeding.check(self.seed))

    def configs(self, space: Space, count: int | None, first: int) -> list[Config]:
        if count is None:
            raise checks.JgdValueError(f"count must say how many configs {self} shall draw, got None", argument="count")
        if not space.constraints:
            return space.at(self._points(space, first, count))
        if not self.extendable:
            raise checks.JgdValueError(f"{self} can't leave out what breaks a constraint: take another sampler")
        return self._rejecting(space, first, count)

    def _points(self, space: Space, first: int, count: int) -> np.ndarray:
        units = np.zeros((count, len(space.names)))
        free = [space.names.index(name) for name in space.free]
        units[:, free] = self.units(first, count, len(free))
        return units

    def _rejecting(self, space: Space, first: int, count: int) -> list[Config]:
        """Config i is that of the i-th point that fulfils all constraints, whatever the count."""
        found: list[Config] = []
        wanted, tried = first + count, 0
        while len(found) < wanted:
            more = max(AT_ONCE, 2 * (wanted - len(found)))
            found += space.drawn(self._points(space, tried, more))
            tried += more
            if tried > LEAST_SHARE * (len(found) + 1) + AT_ONCE:
                raise checks.JgdValueError(
                    f"constraints must leave more of the space: {len(found)} of {tried} configs that were drawn fulfil "
                    f"{' and '.join(space.constraints)}; narrow the ranges, or derive one name from another",
                    argument="space",
                )
        return found[first:wanted]

    @abstractmethod
    def units(self, first: int, count: int, dimensions: int) -> np.ndarray:
        """Points `first` … `first + count − 1`: (count, dimensions) in [0, 1)."""


class Random(_Drawn):
    """Independent draws. More configs: the first stay.

    Args:
        seed: 0 … 2³² − 1.

    Example:
        >>> from jgd.spaces.distributions import uniform
        >>> sum(config["x"] for config in configs({"x": uniform(0, 1)}, Random(), 10_000)) / 10_000
        0.50
    """

    def units(self, first: int, count: int, dimensions: int) -> np.ndarray:
        return sequences.random(self.seed, first, count, dimensions)


class Halton(_Drawn):
    """A scrambled Halton sequence: spread more evenly than random draws at any count. More configs: the first stay.

    Dimension d is in the d-th prime's base, so list the names that matter first: beyond about 20, few points don't fill a
    pair of dimensions evenly.

    Args:
        seed: 0 … 2³² − 1.

    Example:
        >>> from jgd.spaces.distributions import log_uniform
        >>> found = configs({"learning_rate": log_uniform(1e-4, 1)}, Halton(seed=1), 4)
        >>> found == configs({"learning_rate": log_uniform(1e-4, 1)}, Halton(seed=1), 8)[:4]
        True
    """

    def units(self, first: int, count: int, dimensions: int) -> np.ndarray:
        return sequences.halton(self.seed, first, count, dimensions)


class Sobol(_Drawn):
    """A scrambled Sobol' sequence. Counts that are powers of two are balanced; others lose some of its evenness.

    More configs: the first stay.

    Args:
        seed: 0 … 2³² − 1.

    Example:
        >>> from jgd.spaces.distributions import integers
        >>> sorted(config["n"] for config in configs({"n": integers(0, 7)}, Sobol(), 8))
        [0, 1, 2, 3, 4, 5, 6, 7]
    """

    def units(self, first: int, count: int, dimensions: int) -> np.ndarray:
        return sequences.sobol(self.seed, first, count, dimensions)


class LatinHypercube(_Drawn):
    """One config in each of `count` equal intervals of every name. Another count is another design: not extendable.

    Args:
        seed: 0 … 2³² − 1.

    Example:
        >>> from jgd.spaces.distributions import integers
        >>> sorted(config["n"] for config in configs({"n": integers(1, 5)}, LatinHypercube(), 5))
        [1, 2, 3, 4, 5]
    """

    extendable = False

    def units(self, first: int, count: int, dimensions: int) -> np.ndarray:
        return sequences.latin_hypercube(self.seed, count, dimensions)


SAMPLERS: dict[str, type[Sampler]] = {
    "grid": Grid,
    "random": Random,
    "halton": Halton,
    "sobol": Sobol,
    "latin_hypercube": LatinHypercube,
}


def sampler_of(sampler: Sampler | str | None, space: Space) -> Sampler:
    """A sampler as it is, by its name, or the default.

    Args:
        sampler: a record of this module, or its name; None is the grid where all names have lists, else Halton's.
        space: what it is to sample.

    Returns:
        The sampler.

    Raises:
        JgdTypeError: for what is no sampler.
        JgdValueError: for an unknown name.

    Example:
        >>> from jgd.spaces.space import as_space
        >>> sampler_of(None, as_space({"learning_rate": [0.1, 0.2]})), sampler_of("sobol", as_space({}))
        (Grid(points=8), Sobol(seed=0))
    """
    if isinstance(sampler, Sampler):
        return sampler
    if sampler is None:
        kinds = [case.distribution for each in space.cases.values() for case in each]
        return Grid() if all(isinstance(kind, List | Derived) for kind in kinds) else Halton()
    if isinstance(sampler, str):
        return SAMPLERS[checks.choice("sampler", sampler, SAMPLERS)]()
    raise checks.JgdTypeError(
        f"sampler must be a sampler, one of {', '.join(SAMPLERS)} or None, got {checks.shown(sampler)}",
        argument="sampler",
    )


def configs(
    space: Space | Mapping[str, Any],
    sampler: Sampler | str | None = None,
    count: int | None = None,
    first: int = 0,
) -> list[Config]:
    """Configs `first` … `first + count − 1` of a space, each a dict in the order of its names.

    Where the sampler is extendable, a config depends on its index only, never on count or first.

    Args:
        space: a `jgd.space`, or a mapping of names to its entries.
        sampler: a record of `jgd.spaces.samplers` or its name; None is a grid where the space has lists only, else
            Halton's sequence.
        count: how many; None for a grid and a table, which know it themselves.
        first: the index of the first one.

    Returns:
        The configs.

    Raises:
        JgdTypeError: for what is no space or sampler.
        JgdValueError: for a count that the sampler can't give, or a `first` where it can't be extended.

    Example:
        >>> configs({"learning_rate": [0.1, 0.2], "b1": [0.9]})
        [{'learning_rate': 0.1, 'b1': 0.9}, {'learning_rate': 0.2, 'b1': 0.9}]
    """
    space = as_space(space)
    chosen = sampler_of(sampler, space)
    first = checks.count("first", first, 0, MOST)
    if first and not chosen.extendable:
        can = ", ".join(kind.__name__ for kind in (Halton, Sobol, Random, Table))
        raise checks.JgdValueError(
            f"first must be 0, got {first}: {chosen} can't be extended; these can: {can}", argument="first"
        )
    return chosen.configs(space, None if count is None else checks.count("count", count, 0, MOST), first)
