"""The plan of a sweep: everything that fixes its programs, what they are fed, and which runs run together."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from jgd.core import checks
from jgd.core.lengths import kinds_of
from jgd.core.types import Params
from jgd.data.batches import Batches
from jgd.data.orders import HardMining, Order
from jgd.spaces.space import Config
from jgd.sweeps.configs import ConfigAxis
from jgd.sweeps.dry_run import dry_run_block, dry_run_ends, dry_run_loss, dry_run_observe, dry_run_start
from jgd.sweeps.engine.block import Block
from jgd.sweeps.engine.footprint import Footprint, footprint
from jgd.sweeps.engine.local import LocalDevices
from jgd.sweeps.engine.width import width_for
from jgd.sweeps.engine.work import Work
from jgd.sweeps.facts import SweepFacts
from jgd.sweeps.policies.policy import Policy, Round
from jgd.sweeps.policies.population import PopulationBasedTraining
from jgd.sweeps.policies.replay import PopulationReplay
from jgd.sweeps.recipes import Group, Recipe, blamed, check_methods, group_configs
from jgd.sweeps.run_lengths import by_length, run_lengths
from jgd.sweeps.splits import NO_SPLITS, Splits
from jgd.tasks import Task


@dataclass(frozen=True)
class Plan:
    """What is to be done. `dataclasses.replace` makes a longer one; what follows from the fields is made on demand."""

    task: Task
    recipes: Mapping[str, Recipe]
    axis: ConfigAxis
    seeds: tuple[int, ...]  # where rows are split, a label for each seed and fold
    steps: int  # of a config that says no others, and the most
    evaluate_every: int  # updates between two evaluations on the validation rows
    record_every: int  # steps between two losses that are kept
    policy: Policy
    batch_size: int | None  # None: all rows, or what the space says
    order: str | Order
    diverged_above: float
    block: int | None  # runs a block; None: by what the loss computes
    memory: int | None  # bytes that a block may take on its device
    devices: LocalDevices
    store: Path | None = None  # the directory that keeps it
    record: tuple[str, ...] = ()  # numbers of each step that are kept besides the loss
    observe: Callable[[Params], Any] | None = None  # parameters after a step -> what is kept of them
    splits: Splits = NO_SPLITS
    share_of: int | None = None  # a replay's: the steps that a schedule's shares of the run are of; None: its own

    def validate(self) -> None:
        """Refuse, before any step, batches, programs and memory that can't be, and hyperparameters out of reach."""
        for number in range(len(self.groups)):
            _ = self.batches[number], self.widths[number]
        population = isinstance(self.policy, PopulationBasedTraining | PopulationReplay)
        if population and set(self.run_steps) - {self.steps}:
            raise checks.JgdValueError(
                f"the runs of a population must all have {self.steps} steps, and the space says others",
                argument="space",
            )
        if isinstance(self.policy, PopulationBasedTraining):
            for group in self.groups:
                first = group.configs[0]
                dry_run_ends(group, first, self.configs[first][1], self.axis.spaces[group.recipe])

    def check_extendable(self, added: Iterable[str]) -> None:
        """Refuse to add configs, seeds or steps to a sweep whose policy would have gone another way with them."""
        for what in added:
            if why := self.policy.not_extendable.get(what):
                raise checks.JgdValueError(
                    f"a sweep by {self.policy} can't be extended by {what}: {why}. Run the larger one anew, in a "
                    "directory of its own",
                    argument=what,
                )

    @cached_property
    def configs(self) -> tuple[tuple[str, Config], ...]:
        """The config axis: (recipe, its values)."""
        return self.axis.configs

    @cached_property
    def tasks(self) -> tuple[Task, ...]:
        """The task of each run along the seed axis, with the rows that it trains on; all have their shapes in common."""
        return self.splits.tasks(self.task, self.seeds)

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """Configs that share a program; `batches` and `widths` have an entry for each."""
        made = group_configs(self.recipes, self.configs, self.axis.static)
        parts = (part for each in made for part in by_length(each, self._numbers(each), self.run_steps))
        return tuple(self._for_run(group) for group in parts)

    @cached_property
    def run_steps(self) -> tuple[int, ...]:
        """The updates of each config's runs."""
        if self.share_of is not None:
            return (self.steps,) * len(self.configs)
        return run_lengths(self.recipes, self.configs, self.steps)

    def _for_run(self, group: Group) -> Group:
        """A group whose schedules know how long a run and an epoch are, where they ask for it."""
        numbers = self._numbers(group)
        spec = group.build(**numbers)
        if kinds_of(spec):
            steps = self.run_steps[group.configs[0]] if self.share_of is None else self.share_of
            group = replace(group, build=group.build.for_run(steps, self._batches(group).per_epoch, numbers))
        check_methods(group, self.configs, max(self.run_steps[config] for config in group.configs))
        return group

    @cached_property
    def by_share(self) -> bool:
        """Whether a schedule depends on how long the run is."""
        return any(group.build.run is not None and group.build.run.steps for group in self.groups)

    @cached_property
    def group_of(self) -> tuple[int, ...]:
        """The group of each config."""
        home = [0] * len(self.configs)
        for number, group in enumerate(self.groups):
            for config in group.configs:
                home[config] = number
        return tuple(home)

    @cached_property
    def batches(self) -> tuple[Batches, ...]:
        """The batches of each group; the first use checks them."""
        return tuple(self._batches(group) for group in self.groups)

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """The runs of each group's blocks; the first use checks its programs."""
        return tuple(self._width(number) for number in range(len(self.groups)))

    @cached_property
    def common_evaluations(self) -> tuple[int, ...]:
        """Numbers of updates after which the validation rows are evaluated, and each run after its last."""
        every = range(self.evaluate_every, self.steps, self.evaluate_every)
        return tuple(sorted({*every, *self.policy.evaluation_steps(self.steps), self.steps}))

    @cached_property
    def evaluation_steps(self) -> tuple[int, ...]:
        """All numbers of updates after which any run is evaluated; the last one is `steps`."""
        return tuple(sorted({*self.common_evaluations, *self.run_steps}))

    @cached_property
    def facts(self) -> SweepFacts:
        """What results need of it."""
        return SweepFacts(
            task=self.task.name,
            metric=self.task.metric,
            larger_is_better=self.task.larger_is_better,
            metrics=tuple(self.task.metrics),
            spaces=self.axis.spaces,
            configs=self.configs,
            groups=self.group_of,
            seeds=self.seeds,
            steps=self.steps,
            run_steps=self.run_steps,
            evaluation_steps=self.evaluation_steps,
            record_every=self.record_every,
            policy=self.policy,
            splits=self.splits,
        )

    @cached_property
    def work(self) -> Work:
        """What its blocks are computed from."""
        return Work(
            task=self.task,
            seeds=self.seeds,
            splits=self.splits,
            groups=tuple(replace(group, configs=()) for group in self.groups),
            widths=self.widths,
            batches=self.batches,
            evaluation_steps=self.common_evaluations,
            record_every=self.record_every,
            record=self.record,
            observe=self.observe,
            diverged_above=self.diverged_above,
        )

    def hyperparameters(self, block: Block, current: Round) -> list[Config]:
        """Those of a block's runs in a round."""
        return [current.values_of(config, block.seed, self.configs[config][1]) for config in block.configs]

    def _batches(self, group: Group) -> Batches:
        rows = checks.rows("task.train", self.tasks[0].train)
        if group.batch_size is not None and self.batch_size is not None:
            raise checks.JgdValueError(f"batch_size is said twice: {self.batch_size}, and as a choice of the space")
        if group.batch_size is None:  # the sweep's own arguments, no fault of a config
            batches = Batches(rows, rows if self.batch_size is None else self.batch_size, self.order)
        else:
            with blamed(group.recipe, group.configs[0], self.configs[group.configs[0]][1]):
                batches = Batches(rows, group.batch_size, self.order)
        if isinstance(batches.order, HardMining):
            raise checks.JgdValueError(
                "order HardMining follows one run's losses, and the runs of a sweep share batches"
            )
        return batches

    def _width(self, number: int) -> int:
        """The width of a group's blocks, by its loss and the memory; its program is checked on the way."""
        group = self.groups[number]
        first = self.configs[group.configs[0]][1]
        spec, start = dry_run_start(group, first, self.task)
        dry_run_observe(group, first, self.observe, start[0])
        width = self.block
        if width is None:
            work = dry_run_loss(group, first, self.tasks[0], self.batches[number].size, spec, start)
            width = width_for(work, self.devices.platform)
        dry_run_block(group, first, self.tasks[0], width)
        if self.memory is None:
            return width
        takes = self.footprints[number]
        if takes.widest(self.memory) < (1 if self.block is None else self.block):
            raise checks.JgdValueError(
                f"memory must be at least {takes.of(self.block or 1):,} bytes for a block of {self.block or 1}, "
                f"got {self.memory:,}",
                argument="memory",
            )
        return min(width, takes.widest(self.memory))

    @cached_property
    def footprints(self) -> tuple[Footprint, ...]:
        """What a block of each group takes, from its compiled program."""
        return tuple(
            footprint(
                group.build, self._numbers(group), self.tasks[0], batches, record=self.record, observe=self.observe
            )
            for group, batches in zip(self.groups, self.batches, strict=True)
        )

    def _numbers(self, group: Group) -> dict[str, float]:
        """The numbers of a group's first config."""
        values = self.configs[group.configs[0]][1]
        return {name: values[name] for name in group.numbers}
