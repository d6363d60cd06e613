"""The config axis of a sweep: every recipe with the configs that its space and the sampler give it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jgd.core import checks
from jgd.sweep.samplers import Sampler, configs, sampler_of
from jgd.sweep.space import Config, Space, as_space


@dataclass(frozen=True)
class Axis:
    """Recipe name -> its space, sampled by one sampler; count: configs a recipe, None where the sampler knows."""

    spaces: Mapping[str, Space]
    sampler: Sampler | str | None
    count: int | None

    @property
    def configs(self) -> tuple[tuple[str, Config], ...]:
        """(recipe, config), recipe by recipe."""
        each = ((recipe, configs(space, self.sampler, self.count)) for recipe, space in self.spaces.items())
        return tuple((recipe, config) for recipe, mine in each for config in mine)

    @property
    def static(self) -> frozenset[str]:
        """The names of structure in any of the spaces."""
        return frozenset(name for space in self.spaces.values() for name in space.static)

    @property
    def samplers(self) -> tuple[Sampler, ...]:
        """The sampler of each recipe."""
        return tuple(sampler_of(self.sampler, space) for space in self.spaces.values())


def axis_of(recipes: Iterable[str], space: Any, sampler: Sampler | str | None, count: int | None) -> Axis:
    """`space` is one for all recipes, or maps each recipe's name to its own."""
    recipes = list(recipes)
    own = isinstance(space, Mapping) and bool(space) and all(isinstance(v, Mapping | Space) for v in space.values())
    if own:
        for name in space:
            checks.choice("recipe in space", name, recipes)
        for name in recipes:
            checks.choice(f"space for the recipe {name!r}: name", name, space)
    count = None if count is None else checks.count("samples", count, 1)
    return Axis({name: as_space(space[name] if own else space) for name in recipes}, sampler, count)
