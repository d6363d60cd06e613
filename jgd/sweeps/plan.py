"""The plan of a sweep: everything that fixes its programs, what they are fed, and which lanes run together."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

from jgd.core import checks
from jgd.data.batches import Batches
from jgd.data.orders import HardMining, Order
from jgd.spaces.space import Config
from jgd.sweeps.configs import Axis
from jgd.sweeps.dry_run import parameters_of, rehearse
from jgd.sweeps.engine.blocks import Block, width_for
from jgd.sweeps.engine.footprint import Footprint, footprint
from jgd.sweeps.policies.policy import Policy, Round
from jgd.sweeps.recipes import Group, Recipe, blamed, grouped
from jgd.sweeps.store.memory import MemoryStore
from jgd.tasks import Task


@dataclass(frozen=True)
class Plan:
    """What is to be done. `dataclasses.replace` makes a longer one; what follows from the fields is made on demand."""

    task: Task
    recipes: Mapping[str, Recipe]
    axis: Axis
    seeds: tuple[int, ...]
    steps: int
    every: int  # steps between two looks at the validation rows
    policy: Policy
    batch_size: int | None  # None: all rows, or what the space says
    order: str | Order
    diverged_above: float
    block: int | None  # lanes a block; None: by the size of the model
    memory: int | None  # bytes that a block may take on its device
    devices: tuple[Any, ...]
    store: Path | None = None  # the directory that keeps it

    @cached_property
    def configs(self) -> tuple[tuple[str, Config], ...]:
        """The config axis: (recipe, its values)."""
        return self.axis.configs

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """Configs that share a program; `batches` and `widths` have an entry for each."""
        return tuple(grouped(self.recipes, self.configs, self.axis.static))

    @cached_property
    def group_of(self) -> tuple[int, ...]:
        """The group of each config."""
        home = {config: number for number, group in enumerate(self.groups) for config in group.configs}
        return tuple(home[config] for config in range(len(self.configs)))

    @cached_property
    def batches(self) -> tuple[Batches, ...]:
        return tuple(self._batches(group) for group in self.groups)

    @cached_property
    def widths(self) -> tuple[int, ...]:
        return tuple(self._width(number) for number in range(len(self.groups)))

    @cached_property
    def looks(self) -> tuple[int, ...]:
        """Numbers of updates after which the validation rows are looked at; the last one is `steps`."""
        return tuple(sorted({*range(self.every, self.steps, self.every), *self.policy.looks(self.steps), self.steps}))

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """A name for each config, made of its recipe and values; equal ones are told apart by their number."""
        seen: dict[str, int] = {}
        out = []
        for recipe, config in self.configs:
            text = json.dumps([recipe, sorted(config.items())], default=repr)
            seen[text] = seen.get(text, 0) + 1
            out.append(hashlib.sha256(f"{text}{seen[text]}".encode()).hexdigest()[:16])
        return tuple(out)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {key: place for place, key in enumerate(self.keys)}

    def place(self, keys: Sequence[str], seed: int, begin: int, end: int) -> Block | None:
        """The block of these configs and this seed in this plan; None where it isn't part of it."""
        if seed not in self.seeds or end > self.steps or not all(key in self._places for key in keys):
            return None
        configs = tuple(self._places[key] for key in keys)
        return Block(self.group_of[configs[0]], self.seeds.index(seed), configs, begin, end)

    def values(self, block: Block, leg: Round) -> list[Config]:
        """The hyperparameters of a block's lanes."""
        return [leg.values_of(config, block.seed, self.configs[config][1]) for config in block.configs]

    def blocks(self, leg: Round, archive: MemoryStore, lanes: Set[tuple[int, int]] | None = None) -> list[Block]:
        """The blocks that are left of a leg: lanes that are done already don't run again, others go on where they are.

        lanes: (config, place of its seed) that run, done or not.
        """
        missing = lambda config, seed: (
            not archive.done(config, seed, leg.until) if lanes is None else (config, seed) in lanes
        )
        out = []
        for number, width in enumerate(self.widths):
            mine = [config for config in leg.configs if self.group_of[config] == number]
            for seed in range(len(self.seeds)):
                left = [config for config in mine if missing(config, seed)]
                begin = lambda config, seed=seed: max(archive.reached(config, seed, leg.until), leg.begin)
                for step, together in groupby(sorted(left, key=begin), begin):
                    out += [Block(number, seed, lanes, step, leg.until) for lanes in _cut(sorted(together), width)]
        return out

    def _batches(self, group: Group) -> Batches:
        rows = checks.rows("task.train", self.task.train)
        if group.batch_size is not None and self.batch_size is not None:
            raise checks.JgdValueError(f"batch_size is said twice: {self.batch_size}, and as a choice of the space")
        size = self.batch_size if group.batch_size is None else group.batch_size
        with blamed(group.recipe, group.configs[0], self.configs[group.configs[0]][1]):
            batches = Batches(rows, rows if size is None else size, self.order)
        if isinstance(batches.order, HardMining):
            raise checks.JgdValueError(
                "order HardMining follows one run's losses, and the lanes of a sweep share batches"
            )
        return batches

    def _width(self, number: int) -> int:
        """The width of a group's blocks, by its parameters and the memory; its program is checked on the way."""
        group = self.groups[number]
        first = self.configs[group.configs[0]][1]
        size = parameters_of(group, first, self.task)
        width = width_for(size, self.devices[0].platform) if self.block is None else self.block
        rehearse(group, first, self.task, width)
        if self.memory is None:
            return width
        takes = self.footprints[number]
        if takes.widest(self.memory) < (1 if self.block is None else self.block):
            raise checks.JgdValueError(
                f"memory must be at least {takes.of(self.block or 1):,} bytes for a block of {self.block or 1}, "
                f"got {self.memory:,}"
            )
        return min(width, takes.widest(self.memory))

    @cached_property
    def footprints(self) -> tuple[Footprint, ...]:
        """What a block of each group takes, from its compiled program."""
        return tuple(
            footprint(group.build, self._numbers(group), self.task, batches)
            for group, batches in zip(self.groups, self.batches, strict=True)
        )

    def _numbers(self, group: Group) -> dict[str, float]:
        """The numbers of a group's first config."""
        values = self.configs[group.configs[0]][1]
        return {name: values[name] for name in group.numbers}


def _cut(configs: Sequence[int], width: int) -> Iterable[tuple[int, ...]]:
    return (tuple(configs[i : i + width]) for i in range(0, len(configs), width))
