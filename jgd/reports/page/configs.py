"""The configs of a sweep as rows that a browser sorts. Enters: a `Sweep`. Leaves: headings and cells with their keys."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from jgd.analysis import final_scores, rank
from jgd.core.format import format_estimate, format_value
from jgd.core.statistics import Estimate
from jgd.lane import NOT_DIVERGED
from jgd.sweeps import Sweep, ranked
from jgd.sweeps.picks import missing_steps, score_estimate

MOST = 1000  # rows: a browser keeps up, and the data files have the rest


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        text: What is read.
        key: What it is sorted by, a number or text; None is last either way.
    """

    text: str
    key: float | str | None


@dataclass(frozen=True)
class ConfigTable:
    """Configs, best first.

    Attributes:
        headings: One a column.
        rows: (config, whether it is tied with the best, cells).
        left_out: How many of the worst are not in it.
        tied: How many can't be told apart from the best.
    """

    headings: list[str]
    rows: list[tuple[int, bool, list[Cell]]]
    left_out: int
    tied: int


def config_table(sweep: Sweep) -> ConfigTable:
    """All configs in the order in which the sweep chooses: those that came furthest first, then by the mean."""
    names = parameter_names(sweep)
    order = config_order(sweep)
    tied = ties(sweep)
    short = bool((sweep.reached < sweep.run_ends.max(axis=1)).any())
    headings = ["config", "recipe", *names, f"validation {sweep.metric}", *(["steps"] if short else []), "diverged"]
    rows = [(config, config in tied, _cells(sweep, config, names, short)) for config in order[:MOST]]
    return ConfigTable(headings, rows, max(0, len(order) - MOST), len(tied))


def config_order(sweep: Sweep) -> list[int]:
    """Configs, best first: by the steps that each was given, the seeds that failed, the mean of the others."""
    order = ranked(sweep.last_scores, sweep.larger_is_better)
    return [int(config) for config in order[np.argsort(missing_steps(sweep)[order], kind="stable")]]


def ties(sweep: Sweep) -> set[int]:
    """The best config and those that can't be told apart from it; empty while runs are missing, and for a population."""
    if sweep.is_population or sweep.runs_left:
        return set()
    ends = final_scores(sweep)
    return set(rank(ends.scores, ends.larger_is_better, stopped=ends.stopped, overlap=ends.overlap).tied)


def score_of(sweep: Sweep, config: int) -> Estimate:
    """A config's last validation score over seeds."""
    return score_estimate(sweep, sweep.last_scores[config])


def parameter_names(sweep: Sweep) -> list[str]:
    """The names of all hyperparameters, in the order in which they come, the learning rate first."""
    names = dict.fromkeys(name for _, values in sweep.configs for name in values)
    return sorted(names, key="learning_rate".__ne__)


def _cells(sweep: Sweep, config: int, names: list[str], short: bool) -> list[Cell]:
    recipe, values = sweep.configs[config]
    score = score_of(sweep, config)
    lost = int((sweep.diverged_at[config] != NOT_DIVERGED).sum())
    reached = int(sweep.reached[config])
    return [
        Cell(str(config), config),
        Cell(recipe, recipe),
        *(_value(values[name]) if name in values else Cell("–", None) for name in names),
        Cell(format_estimate(score, len(sweep.seeds)), score.mean if score.n else None),
        *([Cell(f"{reached:,}", reached)] if short else []),
        Cell(f"{lost} of {len(sweep.seeds)}", lost),
    ]


def _value(value: Any) -> Cell:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return Cell(format_value(value), float(value) if number else str(value))
