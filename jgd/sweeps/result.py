"""What a sweep found: every lane, the pick of each recipe, and what it cost."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from jgd.core import checks
from jgd.core.types import Params
from jgd.epoch_loop import NOT_DIVERGED
from jgd.spaces.proposers import Proposer
from jgd.spaces.space import Config, Space
from jgd.sweeps.engine.engine import SweepProgress
from jgd.sweeps.parameters import of_all, of_lane
from jgd.sweeps.picks import Pick, best_member, best_of_picks, picked
from jgd.sweeps.plan import Plan
from jgd.sweeps.policies.policy import Round
from jgd.sweeps.policies.replay import ScheduleSegment, lineage
from jgd.sweeps.store.memory import MemoryStore
from jgd.training.run import Run

if TYPE_CHECKING:
    import xarray

    from jgd.sweeps.confirm import Confirmation


@dataclass(frozen=True, repr=False)
class Sweep:
    """All lanes of a sweep, (config, seed), as NumPy arrays; `dataset` is the same with labels.

    configs: (recipe, values) of each config. reached (config,): the steps that each was given. loss: (config, seed,
    step), on the step's batch before its update; NaN after the step at which a lane diverged, or was stopped.
    validation: name -> (config, seed, evaluation), NaN likewise, after `evaluate_at` updates.
    diverged_at: (config, seed), −1 where it didn't.
    cost: compile and run seconds, lane-steps, lane-steps per second, padded share, width of a block, devices; the share
    of steps that stopping early has saved, and seconds and lane-steps of each leg. legs: what the policy decided.
    """

    plan: Plan
    archive: MemoryStore
    reached: np.ndarray
    loss: np.ndarray
    validation: dict[str, np.ndarray]
    diverged_at: np.ndarray
    cost: dict[str, Any]
    legs: tuple[Round, ...] = ()

    @property
    def task(self) -> str:
        return self.plan.task.name

    @property
    def configs(self) -> tuple[tuple[str, Config], ...]:
        """(recipe, hyperparameters) of each config, in the order of the config axis."""
        return self.plan.configs

    @property
    def seeds(self) -> tuple[int, ...]:
        return self.plan.seeds

    @property
    def evaluate_at(self) -> tuple[int, ...]:
        return self.plan.looks

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of how it was kept: a disk that failed."""
        return self.archive.notes

    @property
    def metric(self) -> str:
        """The metric that chooses."""
        return self.plan.task.metric

    @property
    def larger_is_better(self) -> bool:
        return self.plan.task.larger_is_better

    @property
    def recipes(self) -> tuple[str, ...]:
        return tuple(self.plan.recipes)

    def of(self, recipe: str) -> np.ndarray:
        """The places of a recipe's configs."""
        checks.choice("recipe", recipe, self.recipes)
        return np.array([place for place, (name, _) in enumerate(self.configs) if name == recipe], int)

    def space_of(self, recipe: str | None = None) -> Space | None:
        """The space of a recipe; without one that of all, None where they have several."""
        spaces = self.plan.axis.spaces
        if recipe is not None:
            return spaces[checks.choice("recipe", recipe, self.recipes)]
        first, *others = spaces.values()
        return first if all(other == first for other in others) else None

    @property
    def scores(self) -> np.ndarray:
        """(config, seed): the metric that chooses after the last step; NaN where a lane diverged or was stopped."""
        return self.validation[self.metric][..., -1]

    @cached_property
    def last_scores(self) -> np.ndarray:
        """(config, seed): the metric that chooses after the steps that each config was given; NaN where it diverged."""
        last = np.searchsorted(self.evaluate_at, self.reached, side="right") - 1
        scores = np.take_along_axis(self.validation[self.metric], np.maximum(last, 0)[:, None, None], axis=2)[..., 0]
        return np.where(last[:, None] < 0, np.nan, scores)

    @cached_property
    def picks(self) -> list[Pick]:
        """Each recipe's best config by its mean validation metric over seeds (see `selection.pick`).

        Configs that were given more steps come first: an early score of one that was stopped is no match for them.
        """
        return [picked(self, recipe) for recipe in self.recipes]

    @property
    def best(self) -> Pick:
        """The best of the picks that came furthest; its `config` is None where every lane of the sweep diverged."""
        return best_of_picks(self)

    @property
    def is_population(self) -> bool:
        """Whether lanes went on from one another: a place on the config axis is a member then, another at each seed."""
        return any(leg.origins is not None for leg in self.legs)

    def best_member(self, recipe: str | None = None, seed: int | None = None) -> tuple[int, int] | None:
        """(config, seed) of a population's best lane, of one recipe or seed or of all; None where all diverged."""
        return best_member(self, recipe, seed)

    def schedule(self, config: int, seed: int) -> tuple[ScheduleSegment, ...]:
        """The hyperparameters over time that made a lane, through the members that it descends from.

        `policy=PopulationReplay(schedule)` trains by them again: with the same seed and block width to the same bits.
        """
        return lineage(self.legs, [values for _, values in self.configs], *self.lane(config, seed))

    def lane_loss(self, config: int, seed: int) -> np.ndarray:
        """(steps,) the loss of a lane as far as it went, through the members that it descends from."""
        place = self.lane(config, seed)[1]
        past = self.schedule(config, seed)
        return np.concatenate([self.loss[each.member, place, each.begin : each.until] for each in past])

    def lane(self, config: int, seed: int) -> tuple[int, int]:
        """The places of a config and a seed; `seed` is one of `seeds`, not a place among them."""
        checks.count("config", config, 0, len(self.configs) - 1)
        if seed not in self.seeds:
            raise checks.JgdValueError(f"seed must be one of {self.seeds}, got {seed}")
        return config, self.seeds.index(seed)

    def params(self, config: int, seed: int) -> Params:
        """The parameters that one lane ended with; `seed` is one of `seeds`, not a place among them.

        The optimizer's average where it keeps one; the last finite ones of a lane that diverged.
        """
        return of_lane(self, config, seed)

    @property
    def final(self) -> Params:
        """The parameters of all lanes, leaves (config, seed, …); refused where configs differ in structure or shapes."""
        return of_all(self)

    @cached_property
    def dataset(self) -> "xarray.Dataset":
        """dims (config, seed, step) and (config, seed, evaluation); hyperparameters are coordinates on config.

        A name that a config lacks is NaN there; structural choices are text. Of a `PopulationBasedTraining` also, with dims
        (leg, config, seed): `origin`, the member that each went on from, and `leg_<name>`, the hyperparameters then.
        """
        from jgd.sweeps.to_xarray import labelled

        return labelled(self)

    def extend(
        self,
        *,
        samples: int | None = None,
        configs: Sequence[Config] | Mapping[str, Sequence[Config]] = (),
        seeds: int | Sequence[int] | None = None,
        steps: int | None = None,
        tell: Callable[[SweepProgress], None] | None = None,
    ) -> "Sweep":
        """A larger sweep of which this one is a part: what is done isn't run again, and keeps its bits.

        samples: configs a recipe in all; the sampler must be extendable (Halton, Sobol, random). configs: rows to add to
        every recipe, or recipe name -> rows. seeds, steps: in all. Its directory, where it has one, is extended too.

        >>> import jgd
        >>> few = jgd.sweep("iris", "sgd", {"learning_rate": jgd.spaces.log_uniform(0.01, 1)}, samples=2, seeds=2, steps=10)
        >>> more = few.extend(samples=4, steps=20)
        >>> bool((more.loss[:2, :, :10] == few.loss).all()), more.cost["lane_steps"]
        (True, 120)
        """
        from jgd.sweeps.extend import extended  # here: it stands on the door, which makes sweeps

        return extended(self, samples=samples, configs=configs, seeds=seeds, steps=steps, tell=tell)

    def propose(
        self, proposer: Proposer, batches: int, batch: int = 16, tell: Callable[[SweepProgress], None] | None = None
    ) -> "Sweep":
        """The sweep with `batches` × `batch` configs that an ask-and-tell `proposer` asks for, one compiled call each.

        It is told the mean score over seeds of its configs after each batch, NaN where a lane diverged; a larger or a
        smaller one is better as `larger_is_better` says. See `jgd.sweeps.proposers.optuna.OptunaProposer`.
        """
        from jgd.sweeps.extend import proposed

        return proposed(self, proposer, batches, batch, tell)

    def confirm(self, seeds: int | Sequence[int] = 10) -> "Confirmation":
        """The picks run again on fresh seeds, and then measured on the test rows: the only way to them.

        seeds: how many, none of which the sweep has used, or which. Says how flattering the choice was, and how often
        this sweep's test rows have been read (a store remembers). A config that is chosen by its test result has no
        test result any more.

        >>> import jgd
        >>> found = jgd.sweep("iris", "sgd", {"learning_rate": [0.01, 0.1]}, seeds=3, steps=30)
        >>> sure = found.confirm(seeds=5)
        >>> sure.seeds, sure.reads, sure.confirmed[0].test.n
        ((3, 4, 5, 6, 7), 1, 5)
        """
        from jgd.sweeps.confirm import confirmed  # here: they make sweeps themselves

        return confirmed(self, self.picks, seeds)

    def replay(self, config: int, seed: int, steps: int | None = None) -> Run:
        """One lane again as a `Run`, by the program that ran it: the same bits, as its note says.

        steps: how many (default: what it was given); more of them go on where it ended. `run.train_state` is for a loop of
        one's own with `jgd.step`, `plan.configs[config]` are its hyperparameters.

        >>> import jgd
        >>> found = jgd.sweep("iris", "sgd", {"learning_rate": [0.01, 0.1]}, seeds=3, steps=30)
        >>> found.replay(config=1, seed=2).notes
        ('bit for bit the stored lane over its 30 steps',)
        """
        from jgd.sweeps.replay import replayed

        return replayed(self, config, seed, steps)

    def __repr__(self) -> str:
        best = self.best
        found = "every lane diverged" if best.config is None else f"best {best.recipe} {best.hyperparameters}"
        return (
            f"Sweep({self.task}: {len(self.configs)} configs × {len(self.seeds)} seeds, {self.plan.steps} steps; "
            f"{int((self.diverged_at != NOT_DIVERGED).sum())} of {self.diverged_at.size} lanes diverged; {found})"
        )
