"""How a search went: enters a `Sweep`, leaves the scores in the order of its configs and the best so far."""

from dataclasses import dataclass

import numpy as np

from jgd.analysis.final_scores import final_scores
from jgd.sweeps import Sweep


@dataclass(frozen=True)
class SearchHistory:
    """Scores in the order in which configs were tried.

    Attributes:
        metric: Which one.
        larger_is_better: Of the metric.
        configs: (n,) their numbers in the sweep.
        means: (n,) over the seeds; NaN for a config that lost a seed or was stopped early.
        best: (n,) of the means up to there; NaN before the first.
        diverged: (n,) whether a seed did.
        stopped: (n,) whether it was stopped early.
    """

    metric: str
    larger_is_better: bool
    configs: np.ndarray
    means: np.ndarray
    best: np.ndarray
    diverged: np.ndarray
    stopped: np.ndarray


def search_history(sweep: Sweep, recipe: str | None = None) -> SearchHistory:
    """The mean final validation score of each config in the order of the sweep, and the best so far.

    Of a random search or a proposer the order is that of the trials. A grid's order says nothing: for that there is
    `best_of_budget`.

    Args:
        sweep: The result of `jgd.sweep`.
        recipe: One of its recipes; default all.

    Returns:
        The history.

    Raises:
        JgdValueError: For an unknown recipe.

    Example:
        >>> import jgd
        >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 9.0, 0.1]}, seeds=2, steps=30)
        >>> history = search_history(found)
        >>> history.diverged.tolist(), bool(history.best[2] < history.best[1] == history.best[0])
        ([False, True, False], True)
    """
    ends = final_scores(sweep, recipe)
    means = ends.scores.mean(axis=1)  # NaN where a seed is
    best = (np.fmax if ends.larger_is_better else np.fmin).accumulate(means)
    return SearchHistory(
        ends.metric, ends.larger_is_better, ends.rows, means, best, np.asarray(ends.diverged.any(axis=1)), ends.stopped
    )
