"""How scores are spread: enters a `Sweep`, leaves for each recipe the share of its runs that are at least as good."""

from dataclasses import dataclass

import numpy as np

from jgd.analysis.check_sweep import check_sweep
from jgd.analysis.final_scores import final_scores
from jgd.sweeps import Sweep


@dataclass(frozen=True)
class ScoreDistribution:
    """The empirical distribution of final scores.

    Attributes:
        values: (distinct,) scores, the best first.
        shares: (distinct,) of the runs that are at least that good; the last is below 1 where runs diverged.
        runs: How many, diverged ones included; those of configs that were stopped early are in neither.
    """

    values: np.ndarray
    shares: np.ndarray
    runs: int


def score_distribution(sweep: Sweep, metric: str | None = None) -> dict[str, ScoreDistribution]:
    """The share of each recipe's runs (every config at every seed) that end at a score or better.

    A curve far to the good side and steep is a method that needs no tuning.

    Args:
        sweep: The result of `jgd.sweep`.
        metric: A validation metric; default the one that selects.

    Returns:
        {recipe: distribution}; no entry for a recipe all of whose configs were stopped early.

    Raises:
        JgdValueError: For an unknown metric.

    Example:
        >>> import jgd
        >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 0.1, 9.0]}, seeds=2, steps=30)
        >>> spread = score_distribution(found)["sgd"]
        >>> spread.runs, bool(spread.shares[-1] == 4 / 6)
        (6, True)
    """
    check_sweep(sweep)
    out = {}
    for recipe in sweep.recipes:
        ends = final_scores(sweep, recipe, metric)
        scores = ends.scores[~ends.stopped].ravel()
        if scores.size:
            sign = -1 if ends.larger_is_better else 1
            values, counts = np.unique(sign * scores[np.isfinite(scores)], return_counts=True)
            out[recipe] = ScoreDistribution(sign * values, np.cumsum(counts) / scores.size, scores.size)
    return out
