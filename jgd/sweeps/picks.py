"""What a sweep has chosen: each recipe's pick and the best of them. Enters: a `Sweep`. Leaves: a `Pick`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from jgd.core.statistics import Estimate, estimate
from jgd.epoch_loop import NOT_DIVERGED
from jgd.spaces.space import Config
from jgd.sweeps.selection import pick

if TYPE_CHECKING:
    from jgd.sweeps.confirm import Confirmation
    from jgd.sweeps.result import Sweep


@dataclass(frozen=True)
class Pick:
    """One recipe's outcome: its config with the best mean validation metric over seeds.

    config: its place in the sweep, None where every lane diverged. reached: the steps that it was given, after which it
    was measured; fewer than the sweep's where all configs of the recipe were stopped early. validation: the estimate
    of `metric` over seeds, of the numbers that chose it, and so flattered by the choice: `Sweep.confirm` says how much.
    diverged of lanes: over all the recipe's configs and seeds.
    Of a `PopulationBasedTraining`: validation is over the best member of each seed, and config and hyperparameters are those that
    the best of these ended with; `Sweep.schedule` tells what it went by on the way.
    """

    recipe: str
    config: int | None
    hyperparameters: Config
    metric: str
    validation: Estimate
    diverged: int
    lanes: int
    reached: int
    sweep: "Sweep" = field(repr=False, compare=False)

    def confirm(self, seeds: int | Sequence[int] = 10) -> "Confirmation":
        """This config alone on fresh seeds and the test rows, see `Sweep.confirm`."""
        from jgd.sweeps.confirm import confirmed

        return confirmed(self.sweep, [self], seeds)


def picked(sweep: "Sweep", recipe: str) -> Pick:
    """A recipe's pick, see `Sweep.picks`."""
    mine = sweep.of(recipe)
    if sweep.is_population:
        members = [best_member(sweep, recipe, seed) for seed in sweep.seeds]
        scores = np.array([sweep.last_scores[sweep.lane(*member)] for member in members if member])
        member = best_member(sweep, recipe)
        place, hypers = (None, {}) if member is None else (member[0], sweep.schedule(*member)[-1].hyperparameters)
    else:
        best = pick(sweep.last_scores[mine], sweep.larger_is_better, sweep.reached[mine])
        place, hypers = (None, {}) if best is None else (int(mine[best]), sweep.configs[mine[best]][1])
        scores = np.full(0, np.nan) if place is None else sweep.last_scores[place]
    return Pick(
        recipe=recipe,
        config=place,
        hyperparameters=hypers,
        metric=sweep.metric,
        validation=estimate(scores),
        diverged=int((sweep.diverged_at[mine] != NOT_DIVERGED).sum()),
        lanes=sweep.diverged_at[mine].size,
        reached=0 if place is None else int(sweep.reached[place]),
        sweep=sweep,
    )


def best_of_picks(sweep: "Sweep") -> Pick:
    """See `Sweep.best`."""
    sign = -1 if sweep.larger_is_better else 1
    whole = [one for one in sweep.picks if one.config is not None] or sweep.picks[:1]
    some_failed = lambda one: one.validation.n < len(sweep.seeds)
    return min(whole, key=lambda one: (-one.reached, some_failed(one), sign * one.validation.mean))


def best_member(sweep: "Sweep", recipe: str | None = None, seed: int | None = None) -> tuple[int, int] | None:
    """See `Sweep.best_member`."""
    mine = range(len(sweep.configs)) if recipe is None else sweep.of(recipe)
    places = range(len(sweep.seeds)) if seed is None else [sweep.lane(0, seed)[1]]
    lanes = [(int(config), place) for config in mine for place in places]
    best = pick(np.array([[sweep.last_scores[lane]] for lane in lanes]), sweep.larger_is_better)
    return None if best is None else (lanes[best][0], sweep.seeds[lanes[best][1]])
