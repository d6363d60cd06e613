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
    """The expected best of k of the configs that were tried.

    Attributes:
        budgets: (k,) how many configs each.
        expected: (k,) the best validation score of so many, on average over which are drawn.
        deviation: (k,) the standard deviation of the best mean score from one search to the next.
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
    """The expected best of k of the configs that were tried, exactly, by order statistics.

    It is that of a random search where they were drawn at random; of a grid, or of proposed configs, it is of these alone.

    Sorted from the worst, the i-th of n is the best of k with probability C(i−1, k−1)/C(n, k) if k different ones are drawn:
    unbiased for a search of k configs (Dodge et al. 2021, arXiv:2110.00613), the default, with k ≤ n. With replacement:
    (i/n)ᵏ − ((i−1)/n)ᵏ, the first estimator (Dodge et al. 2019, "Show your work", arXiv:1909.03004), which is pessimistic,
    steadier, and knows k > n.

    The best of noisy scores is too good, the more so the more configs there are. Scores over seeds are split: configs are
    ordered by the mean of all seeds but one, the score of a place is that of the seed left out, and each seed is left
    out once. This is the score that the chosen config has on a new seed. (Simulated, 20 configs with a tenth of the
    variance, 3 seeds, k = 10: 0.066, where the chosen have 0.080 and the plain estimate says 0.218.)

    Args:
        scores: (configs,), one validation score each, from a space sampled at random, or (configs, seeds) with common
            seeds. NaN: the config diverged.
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
    table = checks.array("scores", scores)
    table = table[:, None] if table.ndim == 1 else table
    sign = 1 if larger else -1
    finite = np.asarray(np.isfinite(table).all(axis=1)) if table.ndim == 2 else np.zeros(0, bool)
    if not finite.any():
        raise checks.JgdValueError(
            f"scores must have shape (configs,) or (configs, seeds) and a config that is finite, got {scores}",
            argument="scores",
        )
    worst = float(np.min(sign * table[finite].mean(axis=1))) * sign
    floor = worst if diverged_as is None else checks.number("diverged_as", diverged_as, "(-inf, inf)")
    table = np.where(finite[:, None], table, floor) * sign
    ordered, left_out = np.sort(table.mean(axis=1)), _left_out(table)
    n = len(ordered)
    chosen = _budgets(n if budgets is None else budgets, None if replacement else n)
    weights = _with_replacement(n) if replacement else _without_replacement(n)
    moments = []
    for k in chosen:
        share = weights(k)
        moments.append((share @ left_out * sign, np.sqrt(share @ (ordered - share @ ordered) ** 2)))
    expected, deviation = np.array(moments).T
    return BestOf(np.array(chosen), expected, deviation)


def _left_out(table: np.ndarray) -> np.ndarray:
    """(configs,), the mean score on a seed of the config that is i-th by the other seeds; by itself with one seed."""
    seeds = table.shape[1]
    others = table.sum(axis=1, keepdims=True) - table if seeds > 1 else table
    return np.take_along_axis(table, np.argsort(others, axis=0, kind="stable"), axis=0).mean(axis=1)


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
    """`best_of` of each recipe's validation scores, at up to 64 budgets.

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
        scores = ends.scores[~ends.stopped]
        if np.isfinite(scores).all(axis=1).any():
            budgets = np.unique(np.geomspace(1, len(scores), 64).astype(int))
            curves[recipe] = best_of(scores, ends.larger_is_better, budgets)
    return curves
