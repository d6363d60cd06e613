"""Do methods differ over tasks: enter a score of each on each task, leave p-values of all together and of each pair.

Source: Demšar 2006, "Statistical comparisons of classifiers over multiple data sets", JMLR 7, sections 3.1.3 and 3.2.2; Benavoli
et al. 2016, JMLR 17(5), on why pairs are tested by their differences and not by mean ranks, which depend on the other methods.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from jgd.core import checks
from jgd.core.statistics import midranks


@dataclass(frozen=True)
class PairTest:
    """Two methods over tasks.

    Attributes:
        first: The one of better mean rank.
        second: The other one.
        wins: Tasks on which the first is better, a tie counts half.
        p: Of Wilcoxon's signed-rank test, two-sided.
        adjusted: The same, adjusted for all pairs by Holm: below 1 − confidence the two differ.
    """

    first: str
    second: str
    wins: float
    p: float
    adjusted: float


def friedman(scores: Any) -> tuple[float, float]:
    """Whether any of the methods differ: Friedman's statistic in the form of Iman and Davenport, and its p-value.

        χ² = 12 N / (k (k + 1)) (Σ Rⱼ² − k (k + 1)² / 4),   F = (N − 1) χ² / (N (k − 1) − χ²)

    with the correction for ties in χ²; F has k − 1 and (k − 1)(N − 1) degrees of freedom.

    Args:
        scores: (methods, tasks), three methods and two tasks or more; finite. Which direction is better does not matter.

    Returns:
        (F, p); F is inf where all tasks agree.

    Raises:
        JgdValueError: For another shape.

    Example:
        >>> F, p = friedman([[9, 8, 9, 7], [8, 9, 8, 6], [1, 2, 1, 5]])
        >>> round(F, 1), round(p, 3)
        (13.0, 0.007)
    """
    from scipy import stats  # here: jgd imports as fast as jax

    values = _table(scores, 3)
    k, n = values.shape
    if (values == values[0]).all():
        return 0.0, 1.0
    chi = float(stats.friedmanchisquare(*values).statistic)
    rest = n * (k - 1) - chi
    if rest <= 1e-9:
        return np.inf, 0.0
    F = (n - 1) * chi / rest
    return F, float(stats.f.sf(F, k - 1, (k - 1) * (n - 1)))


def wilcoxon_holm(scores: Any, methods: list[str] | tuple[str, ...], *, larger_is_better: bool) -> tuple[PairTest, ...]:
    """Each pair of methods by Wilcoxon's signed-rank test over tasks, adjusted for all pairs by Holm (1979).

    Tasks without a difference are split between both sides. The least p of N tasks is 2 · 2⁻ᴺ: of five tasks or fewer no
    pair differs at 0.05.

    Args:
        scores: (methods, tasks), on a common scale; finite.
        methods: Names, a row each.
        larger_is_better: Of the scores.

    Returns:
        The pairs, the smallest p first.

    Raises:
        JgdValueError: For another shape, or as many names as there aren't rows.

    Example:
        >>> a = [0.9, 0.8, 0.7, 0.9, 0.6, 0.8, 0.75]
        >>> b = [0.7, 0.71, 0.62, 0.6, 0.5, 0.73, 0.7]
        >>> (test,) = wilcoxon_holm([b, a], ["b", "a"], larger_is_better=True)
        >>> test.first, test.wins, round(test.p, 4)
        ('a', 7.0, 0.0156)
    """
    from scipy import stats  # here: jgd imports as fast as jax

    values = _table(scores, 2) * (1 if checks.flag("larger_is_better", larger_is_better) else -1)
    methods = checks.names("methods", methods, len(values))
    ranks = np.stack([midranks(-row) for row in values.T]).mean(axis=0)
    found = []
    for i, j in combinations(np.argsort(ranks, kind="stable"), 2):
        difference = values[i] - values[j]
        test: Any = stats.wilcoxon(difference, zero_method="zsplit") if difference.any() else None
        p = 1.0 if test is None else float(test.pvalue)
        wins = float((difference > 0).sum() + 0.5 * (difference == 0).sum())
        found.append((p, methods[i], methods[j], wins))
    found.sort(key=lambda each: each[0])
    adjusted = np.maximum.accumulate([min(1.0, (len(found) - i) * each[0]) for i, each in enumerate(found)])
    return tuple(
        PairTest(first, second, wins, p, float(q)) for (p, first, second, wins), q in zip(found, adjusted, strict=True)
    )


def _table(scores: Any, fewest: int) -> np.ndarray:
    values = checks.array("scores", scores)
    if values.ndim != 2 or len(values) < fewest or values.shape[1] < 2 or not np.isfinite(values).all():
        raise checks.JgdValueError(
            f"scores must be finite, (methods, tasks), {fewest} methods and 2 tasks or more, got shape {values.shape}",
            argument="scores",
        )
    return values
