"""The config axis of a sweep: every recipe with the configs that its space and the sampler give it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from jgd.core import checks
from jgd.spaces.json_space import of_json
from jgd.spaces.samplers import SAMPLERS, Grid, Sampler, Table, configs, sampler_of
from jgd.spaces.space import Config, Space, as_space


@dataclass(frozen=True)
class ConfigAxis:
    """The configs of every recipe.

    spaces: recipe name -> its space; each is sampled `count` times (None: the sampler knows). added: recipe name -> rows
    that come after those.
    """

    spaces: Mapping[str, Space]
    sampler: Sampler | str | None
    count: int | None
    added: Mapping[str, tuple[Config, ...]] = field(default_factory=dict)

    @cached_property
    def configs(self) -> tuple[tuple[str, Config], ...]:
        """(recipe, config), recipe by recipe."""
        out = []
        for recipe, space in self.spaces.items():
            drawn = _drawn(space, self.sampler, self.count) if self.count != 0 else []
            out += [(recipe, config) for config in (*drawn, *self.added.get(recipe, ()))]
        return tuple(out)

    @property
    def static(self) -> frozenset[str]:
        """The names of structure in any of the spaces."""
        return frozenset(name for space in self.spaces.values() for name in space.static)

    def longer(self, count: int | None, rows: Sequence[Config] | Mapping[str, Sequence[Config]]) -> "ConfigAxis":
        """The axis with `count` configs drawn for each recipe, and with `rows` added to every one, or to those named."""
        if count is not None:
            if self.count == 0:  # a table, read from a directory
                raise checks.JgdValueError("samples can't be extended: the configs are rows of a table; add to configs")
            for space in self.spaces.values():
                sampler = sampler_of(self.sampler, space)
                if not sampler.extendable or isinstance(sampler, Table):
                    raise checks.JgdValueError(f"samples can't be extended: {sampler} would draw other configs")
            checks.count("samples", count, self.count or 1)
        named = rows if isinstance(rows, Mapping) else dict.fromkeys(self.spaces, rows)
        for recipe, mine in named.items():
            checks.choice("recipe in configs", recipe, self.spaces)
            if not isinstance(mine, Sequence) or isinstance(mine, str):
                raise checks.JgdTypeError(
                    f"configs must be rows, or map recipes to rows, got {checks.shown(rows)}", argument="configs"
                )
        more = {
            recipe: tuple(self.spaces[recipe].admit(row, f"configs[{place}]") for place, row in enumerate(mine))
            for recipe, mine in named.items()
        }
        added = {recipe: (*self.added.get(recipe, ()), *more.get(recipe, ())) for recipe in self.spaces}
        return replace(self, count=self.count if count is None else count, added=added)

    def describe(self) -> dict[str, Any]:
        """The axis as plain data for JSON; `ConfigAxis.of` makes it again. A user's table is told by its rows."""
        table = isinstance(self.sampler, Table)
        rows = {name: [config for recipe, config in self.configs if recipe == name] for name in self.spaces}
        return {
            "spaces": {recipe: space.describe() for recipe, space in self.spaces.items()},
            "sampler": None if self.sampler is None or table else _described(self.sampler),
            "count": 0 if table else self.count,
            "added": rows if table else {recipe: list(added) for recipe, added in self.added.items()},
        }

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "ConfigAxis":
        """What `describe` said."""
        spaces = {recipe: Space.of(space) for recipe, space in data["spaces"].items()}
        made: dict[str, Any] = dict(SAMPLERS)
        sampler = None if data["sampler"] is None else made[data["sampler"][0]](data["sampler"][1])
        plain = lambda row: {name: of_json(value) for name, value in row.items()}
        added = {
            recipe: tuple(spaces[recipe].admit(plain(row)) for row in rows) for recipe, rows in data["added"].items()
        }
        return cls(spaces, sampler, data["count"], added)


def config_axis(recipes: Iterable[str], space: Any, sampler: Sampler | str | None, count: int | None) -> ConfigAxis:
    """`space` is one for all recipes, or maps each recipe's name to its own."""
    recipes = list(recipes)
    own = isinstance(space, Mapping) and bool(space) and all(isinstance(v, Mapping | Space) for v in space.values())
    if own:
        for name in space:
            checks.choice("recipe in space", name, recipes)
        for name in recipes:
            checks.choice(f"space for the recipe {name!r}: name", name, space)
    count = None if count is None else checks.count("samples", count, 1)
    return ConfigAxis({name: as_space(space[name] if own else space) for name in recipes}, sampler, count)


def _drawn(space: Space, sampler: Sampler | str | None, samples: int | None) -> list[Config]:
    """The configs that a sampler gives; a sampler's count is the sweep's `samples`, also in messages."""
    with checks.renamed(count="samples"):
        return configs(space, sampler, samples)


def _described(sampler: Sampler | str) -> list[Any]:
    """A sampler's name and its one option."""
    if isinstance(sampler, str):
        sampler = SAMPLERS[sampler]()
    name = next((name for name, kind in SAMPLERS.items() if type(sampler) is kind), None)
    if name is None:
        raise checks.JgdTypeError(
            f"sampler must be one of {', '.join(SAMPLERS)} to be stored, got {checks.shown(sampler)}",
            argument="sampler",
        )
    return [name, sampler.points if isinstance(sampler, Grid) else getattr(sampler, "seed", 0)]
