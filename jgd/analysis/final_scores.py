"""What every run of a sweep ended with: enters a `Sweep`, leaves scores that know diverged from stopped early."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jgd.analysis.check_sweep import check_sweep
from jgd.core import checks
from jgd.core.statistics import ERRORS, midranks
from jgd.sweeps import Sweep
from jgd.sweeps.config_table import recipes_of


@dataclass(frozen=True)
class FinalScores:
    """The last validation scores of a sweep's configs.

    Attributes:
        metric: Which one.
        larger_is_better: Of the metric.
        scores: (config, seed), after the last step; NaN where the run diverged or was stopped before.
        diverged: (config, seed), whether it isn't finite though the config was given every step, or diverged before it was
            stopped.
        stopped: (config,), given fewer steps than the others (halving), or fewer seeds (racing).
        rows: (config,), the index of each config in the sweep.
        overlap: Validation rows over training rows, where runs share them (see `jgd.sweeps.estimate`).
    """

    metric: str
    larger_is_better: bool
    scores: np.ndarray
    diverged: np.ndarray
    stopped: np.ndarray
    rows: np.ndarray
    overlap: float = 0.0


def final_scores(sweep: Sweep, recipe: str | None = None, metric: str | None = None) -> FinalScores:
    """The last validation scores of all configs, or of one recipe's.

    Args:
        sweep: The result of `jgd.sweep`.
        recipe: One of its recipes; default all.
        metric: A validation metric; default the one that selects. "loss" is better when smaller, whatever the sweep is
            selected by.

    Returns:
        The scores, with what diverged and what was stopped.

    Raises:
        JgdValueError: For an unknown recipe or metric.

    Example:
        >>> import jgd
        >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 9.0]}, seeds=2, steps=30)
        >>> ends = final_scores(found)
        >>> ends.metric, ends.scores.shape, ends.diverged.tolist()
        ('loss', (2, 2), [[False, False], [True, True]])
    """
    check_sweep(sweep)
    metric = checks.choice("metric", metric or sweep.metric, sweep.validation)
    rows = config_indices(sweep, recipe)
    scores = np.asarray(sweep.validation[metric][rows, :, -1], np.float64)
    scores = np.where(np.isfinite(scores), scores, np.nan)
    stopped = sweep.stopped[rows]
    diverged = np.where(stopped[:, None], sweep.diverged_at[rows] >= 0, np.isnan(scores))
    larger = larger_is_better(sweep, metric)
    overlap = sweep.facts.splits.overlap
    return FinalScores(metric, larger, np.where(stopped[:, None], np.nan, scores), diverged, stopped, rows, overlap)


def larger_is_better(sweep: Sweep, metric: str) -> bool:
    """Whether a larger value of a validation metric is better: as the task says of the one that chooses, else by its name."""
    return sweep.larger_is_better if metric == sweep.metric else metric not in ERRORS


def overall_ranks(sweep: Sweep, ends: FinalScores) -> np.ndarray:
    """(configs,) larger for the better: where each stands among all, also among those that were stopped early.

    A config that ran to the end stands by its mean over seeds, above all that were stopped. Of those the one that was
    given more steps (over all seeds) stands higher, and of equals the one with the better mean where it stopped. A config
    that lost a seed or has not run has NaN.
    """
    values = np.asarray(sweep.validation[ends.metric][ends.rows], np.float64) * (1 if ends.larger_is_better else -1)
    evaluated = np.asarray(np.isfinite(values).any(axis=1))
    last = values.shape[2] - 1 - evaluated[:, ::-1].argmax(axis=1)
    given = sweep.given[ends.rows]
    ended = np.take_along_axis(values, last[:, None, None], axis=2)[..., 0]
    means = np.where(given > 0, ended, 0.0).sum(axis=1) / np.maximum((given > 0).sum(axis=1), 1)
    _, place = np.unique(np.stack([given.sum(axis=1), means], axis=1), axis=0, return_inverse=True)
    lost = ends.diverged.any(axis=1) | (given == 0).all(axis=1) | np.isnan(means)
    return np.where(lost, np.nan, place.ravel().astype(np.float64))


def config_indices(sweep: Sweep, recipe: str | None) -> np.ndarray:
    """The places of a recipe's configs on the config axis; of all where it is None."""
    names = recipes_of(sweep.configs)
    if recipe is None:
        return np.arange(len(names))
    return np.flatnonzero(names == checks.choice("recipe", recipe, dict.fromkeys(names.tolist())))


def worst_first_ranks(scores: Sequence[float] | np.ndarray, larger_is_better: bool) -> np.ndarray:
    """Ranks (configs,) from 1, the worst, to n; equal ones share the mean of theirs, and NaN are the worst, equally.

    >>> worst_first_ranks([0.5, np.nan, 0.9, 0.5], larger_is_better=True).tolist()
    [2.5, 1.0, 4.0, 2.5]
    """
    oriented = np.asarray(scores, np.float64) * (1 if larger_is_better else -1)
    return midranks(np.where(np.isnan(oriented), -np.inf, oriented))
