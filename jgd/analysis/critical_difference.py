"""Many methods on many tasks: enter their scores, leave average ranks and how far apart two must be to be told apart."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from jgd.core import checks
from jgd.core.statistics import midranks

FEWEST = 2  # tasks


@dataclass(frozen=True)
class CriticalDifference:
    """Average ranks with Nemenyi's critical difference.

    Attributes:
        methods: Names, the best first.
        ranks: (methods,) averages over the tasks, 1 for one that is always the best.
        difference: That two of them must differ by, at `confidence` for all pairs together.
        groups: Indices of methods that can't be told apart, the largest such sets, (first, last) in the order of `methods`.
        tasks: How many.
        confidence: In (0, 1).
    """

    methods: tuple[str, ...]
    ranks: np.ndarray
    difference: float
    groups: tuple[tuple[int, int], ...]
    tasks: int
    confidence: float


def critical_difference(
    scores: Any, methods: list[str] | tuple[str, ...] | None = None, *, larger_is_better: bool, confidence: float = 0.95
) -> CriticalDifference:
    """Ranks on each task, averaged; two methods differ where their ranks do by q √(k (k + 1) / (6 N)).

    q is the quantile of the studentized range of k values over √2, Nemenyi's test. Ties share the mean of their ranks. A
    score that isn't finite ranks last. Tasks must be independent: seeds of one task are none.

    Source: Demšar 2006, "Statistical comparisons of classifiers over multiple data sets", JMLR 7, section 3.2.2.

    Args:
        scores: (methods, tasks), such as means over seeds.
        methods: Names, a row each.
        larger_is_better: Of the scores.
        confidence: Of all pairs together.

    Returns:
        The ranks, and which of them can't be told apart.

    Raises:
        JgdValueError: For another shape, fewer than two methods or tasks, and as many names as there aren't rows.

    Example:
        >>> found = critical_difference([[0.9, 0.8, 0.9], [0.8, 0.9, 0.8], [0.1, 0.2, 0.1]], ["a", "b", "c"], larger_is_better=True)
        >>> found.methods, found.ranks.round(2).tolist(), round(found.difference, 2), found.groups
        (('a', 'b', 'c'), [1.33, 1.67, 3.0], 1.91, ((0, 2),))
    """
    from scipy.stats import studentized_range  # here: jgd imports as fast as jax

    values = checks.array("scores", scores)
    if values.ndim != 2 or min(values.shape) < FEWEST:
        raise checks.JgdValueError(
            f"scores must have shape (methods, tasks), two of each or more, got {values.shape}", argument="scores"
        )
    names = checks.names("methods", methods, len(values), "method")
    sign = -1 if checks.flag("larger_is_better", larger_is_better) else 1
    confidence = checks.number("confidence", confidence, "(0, 1)")
    k, n = values.shape
    ranks = np.stack([midranks(np.where(np.isfinite(row), sign * row, np.inf)) for row in values.T]).mean(axis=0)
    order = np.argsort(ranks, kind="stable")
    ranks = ranks[order]
    difference = float(studentized_range.ppf(confidence, k, np.inf) / np.sqrt(2) * np.sqrt(k * (k + 1) / (6 * n)))
    reach = [int(np.flatnonzero(ranks <= low + difference)[-1]) for low in ranks]  # the last that each reaches
    groups = tuple((i, last) for i, last in enumerate(reach) if last > i and (i == 0 or last > reach[i - 1]))
    return CriticalDifference(tuple(names[i] for i in order), ranks, difference, groups, n, confidence)
