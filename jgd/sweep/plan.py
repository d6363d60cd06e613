"""The plan of a sweep: everything that fixes its programs, what they are fed, and which lanes run together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

from jgd.data.batches import Batches
from jgd.sweep.archive import Archive
from jgd.sweep.axis import Axis
from jgd.sweep.blocks import Block
from jgd.sweep.policies import Leg, Policy
from jgd.sweep.recipes import Group, Recipe
from jgd.sweep.space import Config
from jgd.tasks import Task


@dataclass(frozen=True)
class Plan:
    """What is to be done. Groups, batches and widths belong together: a program each."""

    task: Task
    recipes: Mapping[str, Recipe]
    axis: Axis
    configs: tuple[tuple[str, Config], ...]  # the config axis: (recipe, its values)
    groups: tuple[Group, ...]
    batches: tuple[Batches, ...]
    widths: tuple[int, ...]
    seeds: tuple[int, ...]
    steps: int
    every: int  # steps between two looks at the validation rows
    policy: Policy
    diverged_above: float
    devices: tuple[Any, ...]

    @cached_property
    def looks(self) -> tuple[int, ...]:
        """Numbers of updates after which the validation rows are looked at; the last one is `steps`."""
        return tuple(sorted({*range(self.every, self.steps, self.every), *self.policy.looks(self.steps), self.steps}))

    @cached_property
    def group_of(self) -> tuple[int, ...]:
        """The group of each config."""
        home = {config: number for number, group in enumerate(self.groups) for config in group.configs}
        return tuple(home[config] for config in range(len(self.configs)))

    def values(self, block: Block, leg: Leg) -> list[Config]:
        """The hyperparameters of a block's lanes."""
        return [leg.values_of(config, block.seed, self.configs[config][1]) for config in block.configs]

    def blocks(self, leg: Leg, archive: Archive) -> list[Block]:
        """The blocks that are left of a leg: lanes that are done already don't run again, others go on where they are."""
        out = []
        for number, width in enumerate(self.widths):
            mine = [config for config in leg.configs if self.group_of[config] == number]
            for seed in range(len(self.seeds)):
                left = [config for config in mine if not archive.done(config, seed, leg.until)]
                begin = lambda config, seed=seed: max(archive.reached(config, seed, leg.until), leg.begin)
                for step, together in groupby(sorted(left, key=begin), begin):
                    out += [Block(number, seed, lanes, step, leg.until) for lanes in _cut(sorted(together), width)]
        return out


def _cut(configs: Sequence[int], width: int) -> Iterable[tuple[int, ...]]:
    return (tuple(configs[i : i + width]) for i in range(0, len(configs), width))
