"""Choosing by validation only, and saying how sure one may be."""

from dataclasses import dataclass

import numpy as np

from jgd.core import checks


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds with its standard error and a confidence interval (Student's t); NaN where n is too small."""

    mean: float
    standard_error: float
    low: float
    high: float
    n: int

    @property
    def half_width(self) -> float:
        """Half the interval: mean ± this."""
        return (self.high - self.low) / 2


def estimate(values: np.ndarray, confidence: float = 0.95) -> Estimate:
    """Mean, standard error s/√n and the t interval of the values that are not NaN; n says how many there were.

    >>> e = estimate(np.array([1.0, 2.0, 3.0]))
    >>> e.mean, round(e.standard_error, 4), round(e.half_width, 4)
    (2.0, 0.5774, 2.4841)
    """
    from scipy import stats  # here: jgd imports as fast as jax

    confidence = checks.number("confidence", confidence, "(0, 1)")
    values = np.asarray(values, np.float64)
    values = values[~np.isnan(values)]
    n = len(values)
    mean = float(values.mean()) if n else np.nan
    if n < 2:
        return Estimate(mean, np.nan, np.nan, np.nan, n)
    error = float(values.std(ddof=1) / np.sqrt(n))
    reach = float(stats.t.ppf((1 + confidence) / 2, n - 1)) * error
    return Estimate(mean, error, mean - reach, mean + reach, n)


def ranked(scores: np.ndarray, larger_is_better: bool) -> np.ndarray:
    """The rows of scores (configs, seeds), best first: those with fewer failed seeds, then those with the better mean.

    What is not finite has failed: the mean over the seeds that survived would flatter a config. The earlier row first
    among equals.

    >>> ranked(np.array([[0.9, np.nan], [0.7, 0.8], [0.6, 0.8], [np.nan, np.nan]]), larger_is_better=True).tolist()
    [1, 2, 0, 3]
    """
    scores = np.where(np.isfinite(scores), scores, np.nan)
    failed = np.isnan(scores).sum(axis=1)
    means = np.full(len(scores), np.nan, scores.dtype)
    some = failed < scores.shape[1]
    means[some] = np.nanmean(scores[some], axis=1)
    return np.lexsort((-means if larger_is_better else means, failed))


def pick(scores: np.ndarray, larger_is_better: bool, reached: np.ndarray | None = None) -> int | None:
    """The row of scores (configs, seeds) with the best mean; what is not finite counts as diverged.

    A config with a diverged seed is chosen only where every config has one, and then among those with the fewest.
    reached (configs,): the steps after which each was measured. Scores after fewer steps are no match for those after
    more: only configs that came furthest compete, and shorter ones only where every lane of the longer ones diverged.
    None where every lane diverged.

    >>> pick(np.array([[0.9, np.nan], [0.7, 0.8], [0.6, 0.8]]), larger_is_better=True)
    1
    >>> pick(np.array([[0.9, 0.9], [0.7, 0.8], [0.6, 0.8]]), larger_is_better=True, reached=np.array([10, 30, 30]))
    1
    """
    reached = np.zeros(len(scores), int) if reached is None else reached
    for step in sorted(set(reached.tolist()), reverse=True):
        rows = np.flatnonzero(reached == step)
        if np.isfinite(scores[rows]).any():
            return int(rows[ranked(scores[rows], larger_is_better)[0]])
    return None
