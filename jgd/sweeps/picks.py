"""What a sweep has chosen: each recipe's pick and the best of them. Enters: `SweepData`. Leaves: a `Pick`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jgd.core.statistics import SHARES, Estimate, estimate
from jgd.lane import NOT_DIVERGED
from jgd.spaces.space import Config
from jgd.sweeps.selection import pick
from jgd.sweeps.sweep_data import SweepData


@dataclass(frozen=True)
class Pick:
    """One recipe's outcome: its config with the best mean validation metric over seeds.

    Attributes:
        recipe: Its name.
        config: Its index in the sweep, None where every run diverged.
        hyperparameters: Of the config. In a population those that the best member ended with; `Sweep.schedule` tells
            what it went by on the way.
        metric: The metric that chooses.
        validation: The estimate of it over seeds (and splits, where rows are split), in a population over the best member of each
            seed. These are the numbers that chose the config, and so flattered by the choice: `Sweep.confirm` says how much.
        diverged: How many of the recipe's runs, of all configs and seeds, diverged.
        runs: How many there are.
        reached: The steps that the config was given, after which it was measured; fewer than the sweep's where all
            configs of the recipe were stopped early.
        seeds: The runs that it is measured by; fewer than the sweep's where all configs of the recipe lost a race.
    """

    recipe: str
    config: int | None
    hyperparameters: Config
    metric: str
    validation: Estimate
    diverged: int
    runs: int
    reached: int
    seeds: int


def pick_of(data: SweepData, recipe: str) -> Pick:
    """A recipe's pick, see `Sweep.picks`."""
    mine = data.configs_of(recipe)
    if data.is_population:
        members = [best_member(data, recipe, seed) for seed in data.seeds]
        scores = np.array([data.last_scores[data.indices(*member)] for member in members if member])
        member = best_member(data, recipe)
        config, values = (None, {}) if member is None else (member[0], data.schedule(*member)[-1].hyperparameters)
    else:
        best = pick(data.last_scores[mine], data.larger_is_better, -missing_steps(data)[mine])
        config, values = (None, {}) if best is None else (int(mine[best]), data.configs[mine[best]][1])
        scores = np.full(0, np.nan) if config is None else data.last_scores[config][data.given[config] > 0]
    return Pick(
        recipe=recipe,
        config=config,
        hyperparameters=values,
        metric=data.metric,
        validation=score_estimate(data, scores),
        diverged=int((data.diverged_at[mine] != NOT_DIVERGED).sum()),
        runs=data.diverged_at[mine].size,
        reached=0 if config is None else int(data.reached[config]),
        seeds=len(data.seeds) if data.is_population else len(scores),
    )


def missing_steps(data: SweepData) -> np.ndarray:
    """(configs,): how many updates its runs were not given, at all seeds together; 0 of a config that came to its end."""
    return (data.run_ends - data.given).sum(axis=1)


def score_estimate(data: SweepData, scores: np.ndarray) -> Estimate:
    """Mean and 95% interval of validation scores of a sweep's runs, by what its metric and its splits are."""
    return estimate(scores, overlap=data.facts.splits.overlap, share=data.metric in SHARES)


def best_of(data: SweepData, picks: Sequence[Pick]) -> Pick:
    """See `Sweep.best`."""
    sign = -1 if data.larger_is_better else 1
    chosen = [one for one in picks if one.config is not None] or picks[:1]
    some_failed = lambda one: one.validation.n < one.seeds
    short = lambda one: 0 if one.config is None else data.run_ends[one.config].max() - one.reached
    return min(chosen, key=lambda one: (short(one), -one.seeds, some_failed(one), sign * one.validation.mean))


def best_member(data: SweepData, recipe: str | None = None, seed: int | None = None) -> tuple[int, int] | None:
    """See `Sweep.best_member`."""
    mine = range(len(data.configs)) if recipe is None else data.configs_of(recipe)
    seeds = range(len(data.seeds)) if seed is None else [data.indices(0, seed)[1]]
    runs = [(int(config), index) for config in mine for index in seeds]
    best = pick(np.array([[data.last_scores[run]] for run in runs]), data.larger_is_better)
    return None if best is None else (runs[best][0], data.seeds[runs[best][1]])


def why_none(data: SweepData) -> str:
    """In words, where nothing is picked: the runs diverged, or they aren't there (yet)."""
    return f"{data.runs_left:,} runs are left to run" if data.runs_left else "every run diverged"
