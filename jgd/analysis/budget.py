"""What a budget of configs buys: enters a score for each config, leaves the expected best of k of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jgd.analysis.check_sweep import check_sweep
from jgd.analysis.final_scores import final_scores
from jgd.core import checks
from jgd.sweeps import Sweep


@dataclass(frozen=True)
class BestOf:
    """The expected best of k random configs.

    Attributes:
        budgets: (k,) how many configs each.
        expected: (k,) the best validation score of so many, on average over which are drawn.
        deviation: (k,) the standard deviation of that best score from one search to the next.
    """

    budgets: np.ndarray
    expected: np.ndarray
    deviation: np.ndarray


def best_of(
    scores: np.ndarray,
    larger_is_better: bool,
    budgets: int | Sequence[int] | np.ndarray | None = None,
    *,
    replacement: bool = False,
    diverged_as: float | None = None,
) -> BestOf:
    """The expected best of k random configs, exactly, by order statistics.

    Sorted from the worst, the i-th of n is the best of k with probability C(i−1, k−1)/C(n, k) if k different ones are drawn:
    unbiased for a search of k configs (Dodge et al. 2021, arXiv:2110.00613), the default, with k ≤ n. With replacement:
    (i/n)ᵏ − ((i−1)/n)ᵏ, the first estimator (Dodge et al. 2019, "Show your work", arXiv:1909.03004), which is pessimistic,
    steadier, and knows k > n.

    Args:
        scores: (configs,), one validation score each, from a space sampled at random; NaN: the config diverged.
        larger_is_better: Of the scores.
        budgets: Numbers of configs k, or one for 1 … k; default 1 … n.
        replacement: Whether configs are drawn with replacement.
        diverged_as: The score of a config without one; default the worst there is.

    Returns:
        The expectation and deviation at each k.

    Raises:
        JgdValueError: For no finite score, another shape, and a k that is below 1 or above n without replacement.

    Example:
        >>> curve = best_of(np.array([0.5, 0.7, 0.9]), larger_is_better=True)
        >>> curve.expected.tolist(), curve.deviation.tolist()
        ([0.7, 0.833, 0.9], [0.163, 0.094, 0.0])
    """
    larger, replacement = checks.flag("larger_is_better", larger_is_better), checks.flag("replacement", replacement)
    scores = np.asarray(scores, np.float64)
    if scores.ndim != 1 or not np.isfinite(scores).any():
        raise checks.JgdValueError(
            f"scores must have shape (configs,) and one that is finite, got {scores}", argument="scores"
        )
    finite, sign = np.isfinite(scores), 1 if larger else -1
    worst = (sign * scores[finite]).min() * sign
    floor = worst if diverged_as is None else checks.number("diverged_as", diverged_as, "(-inf, inf)")
    ordered = np.sort(np.where(finite, scores, floor) * sign)
    n = len(ordered)
    chosen = _budgets(n if budgets is None else budgets, None if replacement else n)
    weights = _with_replacement(n) if replacement else _without_replacement(n)
    moments = []
    for k in chosen:
        share = weights(k)
        mean = share @ ordered
        moments.append((mean * sign, np.sqrt(share @ (ordered - mean) ** 2)))
    expected, deviation = np.array(moments).T
    return BestOf(np.array(chosen), expected, deviation)


def _budgets(budgets: Any, most: int | None) -> list[int]:
    if isinstance(budgets, Sequence | np.ndarray) and not isinstance(budgets, str):
        chosen = [checks.count(f"budgets[{i}]", k, 1, most) for i, k in enumerate(budgets)]
        if not chosen:
            raise checks.JgdValueError("budgets must hold at least one number, got none", argument="budgets")
        return chosen
    return list(range(1, checks.count("budgets", budgets, 1, most) + 1))


def _with_replacement(n: int) -> Callable[[int], np.ndarray]:
    ends = np.arange(n + 1) / n
    return lambda k: np.diff(ends**k)


def _without_replacement(n: int) -> Callable[[int], np.ndarray]:
    from scipy.special import gammaln  # here: jgd imports as fast as jax

    log_factorial = gammaln(np.arange(n + 1) + 1.0)

    def weights(k: int) -> np.ndarray:
        i = np.arange(k, n + 1)  # the worst k − 1 are never the best of k
        likely = np.exp(log_factorial[i - 1] - log_factorial[i - k] - (log_factorial[n - 1] - log_factorial[n - k]))
        return np.concatenate([np.zeros(k - 1), likely / likely.sum()])

    return weights


def best_of_budget(sweep: Sweep) -> dict[str, BestOf]:
    """`best_of` of each recipe's mean validation scores, at up to 64 budgets.

    Args:
        sweep: The result of `jgd.sweep` over a space sampled at random. Configs that were stopped early are left out;
            one that diverged counts as the worst.

    Returns:
        {recipe: curve}; no entry for a recipe whose runs all diverged.

    Example:
        >>> import jgd
        >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 0.1, 9.0]}, seeds=2, steps=30)
        >>> best_of_budget(found)["sgd"].budgets.tolist()
        [1, 2, 3]
    """
    check_sweep(sweep)
    curves = {}
    for recipe in sweep.recipes:
        ends = final_scores(sweep, recipe)
        means = ends.scores[~ends.stopped].mean(axis=1)
        if np.isfinite(means).any():
            budgets = np.unique(np.geomspace(1, len(means), 64).astype(int))
            curves[recipe] = best_of(means, ends.larger_is_better, budgets)
    return curves
