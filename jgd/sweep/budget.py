"""What a budget of trials buys: enters a score for each config, leaves the expected best of k of them."""

from dataclasses import dataclass

import numpy as np

from jgd.core import checks


@dataclass(frozen=True)
class BestOf:
    """trials: (k,) 1, 2, … expected: (k,) the best validation score of so many configs, on average over which are drawn.

    deviation: (k,) the standard deviation of that best score from one search to the next.
    """

    trials: np.ndarray
    expected: np.ndarray
    deviation: np.ndarray


def best_of(
    scores: np.ndarray,
    larger_is_better: bool,
    most: int | None = None,
    *,
    replacement: bool = False,
    diverged_as: float | None = None,
) -> BestOf:
    """The expected best of k = 1 … `most` random configs, exactly, by order statistics.

    scores: (configs,), one validation score each, from a space sampled at random; n of them. Sorted from the worst, the
    i-th is the best of k with probability C(i−1, k−1)/C(n, k) if k different ones are drawn: unbiased for a search
    of k configs (Dodge et al. 2021, arXiv:2110.00613), the default, with k ≤ n. replacement=True: (i/n)ᵏ − ((i−1)/n)ᵏ,
    the first estimator (Dodge et al. 2019, "Show your work", arXiv:1909.03004), which is pessimistic, steadier,
    and knows k > n. A config without a score (NaN: diverged) counts as `diverged_as`, default the worst score there is.

    >>> curve = best_of(np.array([0.5, 0.7, 0.9]), larger_is_better=True)
    >>> curve.expected.tolist(), curve.deviation.tolist()
    ([0.7, 0.833, 0.9], [0.163, 0.094, 0.0])
    """
    from scipy.special import gammaln  # here: jgd imports as fast as jax

    larger, replacement = checks.flag("larger_is_better", larger_is_better), checks.flag("replacement", replacement)
    scores = np.asarray(scores, np.float64)
    if scores.ndim != 1 or not np.isfinite(scores).any():
        raise checks.JgdValueError(f"scores must have shape (configs,) and one that is finite, got {scores}")
    finite = np.isfinite(scores)
    worst = (np.min if larger else np.max)(scores[finite])
    floor = worst if diverged_as is None else checks.number("diverged_as", diverged_as, "(-inf, inf)")
    ordered = np.sort(np.where(finite, scores, floor) * (1 if larger else -1))
    n = len(ordered)
    most = n if most is None else checks.count("most", most, 1, None if replacement else n)
    k, i = np.arange(1, most + 1)[:, None], np.arange(1, n + 1)
    if replacement:
        weights = (i / n) ** k - ((i - 1) / n) ** k
    else:
        log_choose = lambda a, b: gammaln(a + 1) - gammaln(b + 1) - gammaln(np.maximum(a - b, 0) + 1)
        weights = np.where(i >= k, np.exp(log_choose(i - 1, k - 1) - log_choose(n, k)), 0.0)
        weights /= weights.sum(axis=1, keepdims=True)  # the logarithms' rounding
    expected = weights @ ordered
    spread = np.sqrt((weights * (ordered - expected[:, None]) ** 2).sum(axis=1))
    return BestOf(k[:, 0], expected * (1 if larger else -1), spread)
