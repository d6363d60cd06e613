"""The score over two hyperparameters: enters a `Sweep`, leaves a score for each pair of their values."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from jgd.analysis.final_scores import final_scores
from jgd.analysis.responses import response, swept_rows
from jgd.sweeps import Sweep


@dataclass(frozen=True)
class ResponsePlane:
    """A score over pairs of values of two hyperparameters.

    Attributes:
        first: The name of one.
        second: The name of the other.
        pairs: (points,) distinct (first, second) values, in order.
        scores: (points, seeds), the best over other hyperparameters by mean; NaN where the run diverged.
        metric: Of the scores.
        larger_is_better: Of the metric.
    """

    first: str
    second: str
    pairs: tuple[tuple[Any, Any], ...]
    scores: np.ndarray
    metric: str
    larger_is_better: bool

    @property
    def means(self) -> np.ndarray:
        """(points,) over the seeds; NaN where one diverged."""
        return self.scores.mean(axis=1)

    @property
    def grid(self) -> tuple[tuple[Any, ...], tuple[Any, ...], np.ndarray]:
        """(values of first, values of second, (firsts, seconds) means); NaN also where no config has the pair."""
        values = [tuple(_in_order({pair[axis] for pair in self.pairs}, self.pairs, axis)) for axis in (0, 1)]
        table = np.full((len(values[0]), len(values[1])), np.nan)
        for (a, b), mean in zip(self.pairs, self.means, strict=True):
            table[values[0].index(a), values[1].index(b)] = mean
        return values[0], values[1], table


def response_plane(
    sweep: Sweep, first: str, second: str, recipe: str | None = None, metric: str | None = None
) -> ResponsePlane:
    """The final validation metric over two hyperparameters, each pair by its best config.

    Configs that lack one of the two and those that were stopped early are left out.

    Args:
        sweep: The result of `jgd.sweep`.
        first: A swept name.
        second: Another.
        recipe: One of the sweep's; default the only one that has both.
        metric: A validation metric; default the one that selects.

    Returns:
        The pairs with their scores.

    Raises:
        JgdValueError: For unknown names, recipes and metrics, and where several recipes have both.

    Example:
        >>> import jgd
        >>> space = {"learning_rate": [0.01, 0.1], "momentum": [0.0, 0.9]}
        >>> found = jgd.sweep("hours_points", "momentum", space, seeds=2, steps=30)
        >>> plane = response_plane(found, "learning_rate", "momentum")
        >>> plane.pairs[0], plane.scores.shape, plane.grid[2].shape
        ((0.01, 0.0), (4, 2), (2, 2))
    """
    ends = final_scores(sweep, recipe, metric)
    rows = swept_rows(sweep, ends, (first, second))
    values = [tuple(sweep.configs[ends.rows[k]][1][name] for name in (first, second)) for k in rows]
    curve = response(values, ends.scores[rows], ends.larger_is_better, "best", f"{first}, {second}")
    return ResponsePlane(first, second, curve.values, curve.scores, ends.metric, ends.larger_is_better)


def _in_order(values: set[Any], pairs: tuple[tuple[Any, Any], ...], axis: int) -> list[Any]:
    """Numbers ascending, words as they came."""
    numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    return sorted(values) if numeric else list(dict.fromkeys(pair[axis] for pair in pairs))
