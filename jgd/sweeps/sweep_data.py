"""What a sweep found, as data: arrays over configs, seeds and steps, what the sweep is, and what they cost."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Self

import numpy as np

from jgd.core import checks
from jgd.core.types import Params
from jgd.spaces.space import Config, Space
from jgd.sweeps.config_table import recipes_of
from jgd.sweeps.curves import Curves
from jgd.sweeps.facts import SweepFacts
from jgd.sweeps.own_ends import ends_of
from jgd.sweeps.plan import Plan
from jgd.sweeps.policies.policy import Round, furthest
from jgd.sweeps.policies.replay import ScheduleSegment, segments_of
from jgd.sweeps.round_blocks import left_of
from jgd.sweeps.run_ends import RunEnds
from jgd.sweeps.store.base import Store


@dataclass(frozen=True, repr=False)
class SweepData:
    """All runs of a sweep, (config, seed), as NumPy arrays.

    Attributes:
        facts: What was asked for, as far as it is data.
        made_by: The plan; of a sweep from a directory, what makes the plan when something has to run.
        store: The block results that the arrays are made of.
        given: (config, seed) the steps that each run was given.
        validation: name -> (config, seed, evaluation) after `evaluation_steps` updates; NaN after the step at which a run
            diverged, or was stopped. One that has ended before others keeps its last value.
        diverged_at: (config, seed) the step whose update was refused, −1 where there is none.
        cost: compile and run seconds, steps of all runs together and a second, padded share, width of a block, devices; the
            share of steps that stopping early saved, seconds and steps of each round; an executor's hosts.
        rounds: What the policy decided.
    """

    facts: SweepFacts
    made_by: Plan | Callable[[], Plan]
    store: Store
    given: np.ndarray
    validation: dict[str, np.ndarray]
    diverged_at: np.ndarray
    cost: dict[str, Any]
    rounds: tuple[Round, ...] = ()

    @classmethod
    def of(cls, data: "SweepData") -> Self:
        """The same data as this class."""
        return cls(**{field.name: getattr(data, field.name) for field in fields(SweepData)})

    @cached_property
    def plan(self) -> Plan:
        """What to go on by, with the task and the recipes.

        Raises:
            JgdValueError: for a sweep from a directory, where these are somebody's own code that nobody has given.
        """
        return self.made_by if isinstance(self.made_by, Plan) else self.made_by()

    @property
    def curves(self) -> Curves:
        """What `loss` and `recorded` are put together from, also a part at a time."""
        return Curves(self.facts, self.store, self.rounds)

    @cached_property
    def _whole(self) -> Mapping[str, np.ndarray]:
        return self.curves.whole()

    @property
    def loss(self) -> np.ndarray:
        """(config, seed, step): on the step's batch before its update, at `recorded_steps`; NaN as in `validation`."""
        return self._whole[""]

    @property
    def recorded(self) -> dict[str, np.ndarray]:
        """Name -> (config, seed, step), what the loss returned beside its value (its aux) and what `record` asked for.

        What `observe` returned is (config, seed, step, …), after the step's update. NaN as in `validation`.
        """
        return {name: values for name, values in self._whole.items() if name}

    @property
    def task(self) -> str:
        """The name of the task."""
        return self.facts.task

    @property
    def configs(self) -> Sequence[tuple[str, Config]]:
        """(recipe, hyperparameters) of each config, in the order of the config axis."""
        return self.facts.configs

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of each config; of a sweep with k folds seed · k + fold, a run for each seed and fold."""
        return self.facts.seeds

    @property
    def steps(self) -> int:
        """Updates of a run that is not stopped, the most where the space has a name steps."""
        return self.facts.steps

    @property
    def evaluation_steps(self) -> tuple[int, ...]:
        """Numbers of updates after which the validation rows were evaluated."""
        return self.facts.evaluation_steps

    @property
    def recorded_steps(self) -> range:
        """The steps along the last axis of `loss`: all of them, or every so many (see `record_every` of `jgd.sweep`)."""
        return self.facts.recorded_steps

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of how it was kept: a disk that failed."""
        return self.store.notes

    @property
    def metric(self) -> str:
        """The metric that chooses."""
        return self.facts.metric

    @property
    def larger_is_better(self) -> bool:
        """Whether a larger value of the metric is better."""
        return self.facts.larger_is_better

    @property
    def recipes(self) -> tuple[str, ...]:
        """The names of the recipes."""
        return tuple(self.facts.spaces)

    @property
    def spaces(self) -> Mapping[str, Space]:
        """Recipe name -> its space."""
        return self.facts.spaces

    @property
    def test_reads(self) -> list[dict[str, Any]]:
        """The confirmations that have read the test rows: when, by which seeds and configs."""
        return self.store.reads

    @property
    def device_seconds(self) -> float:
        """Seconds that blocks have taken on their devices, also in earlier calls that the store remembers."""
        return self.store.scores.seconds

    @property
    def runs_left(self) -> int:
        """Runs that the rounds so far have not brought to their ends; 0 once the sweep is through."""
        left = np.zeros(self.given.shape, bool)
        for each in self.rounds:
            left |= left_of(self.facts, each, self.store)
        return int(left.sum())

    def configs_of(self, recipe: str) -> np.ndarray:
        """The indices of a recipe's configs."""
        checks.choice("recipe", recipe, self.recipes)
        return np.flatnonzero(recipes_of(self.configs) == recipe)

    def space_of(self, recipe: str | None = None) -> Space | None:
        """The space of a recipe; without one that of all, None where they have several."""
        if recipe is not None:
            return self.spaces[checks.choice("recipe", recipe, self.recipes)]
        first, *others = self.spaces.values()
        return first if all(other == first for other in others) else None

    @property
    def reached(self) -> np.ndarray:
        """(config,): the steps that each was given, at the seeds that it was given."""
        return self.given.max(axis=1)

    @property
    def stopped(self) -> np.ndarray:
        """(config,): whether it was given fewer steps than its own, or seeds than the sweep has."""
        return np.any(self.given < self.run_ends, axis=1)

    @cached_property
    def run_ends(self) -> np.ndarray:
        """(config, seed): the steps after which a run has ended by itself: its last, or where `EarlyStopping` stopped it."""
        known = np.array(self.evaluation_steps) <= self.given[..., None]
        return ends_of(self.facts, self.validation[self.metric], known)[0]

    @property
    def scores(self) -> np.ndarray:
        """(config, seed): the metric that chooses after the last step; NaN where a run diverged or was stopped."""
        return self.validation[self.metric][..., -1]

    @cached_property
    def last_scores(self) -> np.ndarray:
        """(config, seed): the metric that chooses after the steps that each config was given; NaN where it diverged."""
        return self.last(self.metric)

    def last(self, metric: str) -> np.ndarray:
        """(config, seed): a validation metric after the steps that each run was given; NaN where it diverged, or had none."""
        values = self.validation[checks.choice("metric", metric, self.validation)]
        last = np.searchsorted(self.evaluation_steps, self.given, side="right") - 1
        scores = np.take_along_axis(values, np.maximum(last, 0)[..., None], axis=2)[..., 0]
        return np.where(last < 0, np.nan, scores)

    @property
    def is_population(self) -> bool:
        """Whether runs went on from one another: an index of a config is a member then, another at each seed."""
        return any(each.origins is not None for each in self.rounds)

    def indices(self, config: int, seed: int) -> tuple[int, int]:
        """Where a run is in the arrays; `seed` is one of `seeds`, not its index."""
        checks.count("config", config, 0, len(self.configs) - 1)
        if seed not in self.seeds:
            raise checks.JgdValueError(f"seed must be one of {self.seeds}, got {seed}", argument="seed")
        return config, self.seeds.index(seed)

    def schedule(self, config: int, seed: int) -> tuple[ScheduleSegment, ...]:
        """The hyperparameters over time that made a run, through the members that it descends from.

        `policy=PopulationReplay(schedule)` trains by them again: with the same seed and block width to the same bits.
        """
        return segments_of(self.rounds, [values for _, values in self.configs], *self.indices(config, seed))

    def run_loss(self, config: int, seed: int) -> np.ndarray:
        """The loss of a run at the `recorded_steps`, as far as it went, through the members that it descends from."""
        index, every, past = self.indices(config, seed)[1], self.facts.record_every, self.schedule(config, seed)
        parts = [(each.member, slice(-(-each.begin // every), -(-each.until // every))) for each in past]
        curves = self.curves
        return np.concatenate([curves.window(range(m, m + 1), index)[""][0, part] for m, part in parts])

    def params(self, config: int, seed: int) -> Params:
        """The parameters that one run ended with; `seed` is one of `seeds`, not its index.

        The optimizer's average where it keeps one; the last finite ones of a run that diverged.
        """
        return self._ends.params(*self.indices(config, seed))

    def model_state(self, config: int, seed: int) -> Any:
        """What the model of one run ended with beside its parameters; None without, the last finite one of a diverged run."""
        return self._ends.model_state(*self.indices(config, seed))

    @property
    def final(self) -> Params:
        """The parameters of all runs, leaves (config, seed, …); refused where configs differ in structure or shapes."""
        return self._ends.all_params()

    @property
    def _ends(self) -> RunEnds:
        most = furthest(self.rounds, self.given.shape) if self.rounds else np.full(self.given.shape, self.steps)
        return RunEnds(self.store, self.given, most)
