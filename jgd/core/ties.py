"""Which configs the seeds can't tell from the best: enter scores (configs, seeds), leaves who is worse, by a test.

A config is worse where its mean lies further below the best one's than the largest of K − 1 such differences of equal
configs does, or where it diverged more often. The variance of a difference is little known from a few seeds, and well
known from all configs together: it is the config's own, moderated by what the others' are like.

    s̃² = (d₀ s₀² + (n − 1) s²) / (d₀ + n − 1)     s² of the paired differences, s₀² and d₀ fitted to all configs

Sources: Gupta 1965 and Hsu 1984 (comparisons with the best: the one-sided critical value of Dunnett 1955, with
correlations 1/2); Smyth 2004, Stat. Appl. Genet. Mol. Biol. 3:3 (moderated variances, section 6.2); Phipson et al. 2016,
Ann. Appl. Stat. 10:946 (a variance that stands out is not shrunk).
"""

import warnings
from functools import cache
from typing import Any

import numpy as np

WILD = 16.0  # times the median variance: such configs tell nothing of the others
OUTLYING = 0.95  # quantile of F from which a config keeps its own variance
DEGREES = np.array(
    [1, 1.5, 2, 3, 4, 6, 8, 12, 20, 40, 100, 1e6]
)  # of freedom, between which critical values are interpolated


def worse_than_first(scores: np.ndarray, confidence: float, overlap: float = 0.0) -> np.ndarray:
    """(configs,), whether a config is worse than the first one, in the mean or because it diverged more often.

    Where runs diverged each of the two tests has half of the error; a config without a finite score is worse.

    scores: (configs, seeds), larger is better, the best config first; what is not finite diverged. overlap: as in
    `jgd.sweeps.estimate`.
    """
    finite = np.isfinite(scores)
    error = 1 - confidence if finite.all() else (1 - confidence) / 2
    out = worse_in_mean(np.where(finite, scores, np.nan), 0, 1 - error, overlap)
    return out | diverges_more(~finite, 0, error / max(len(scores) - 1, 1)) | ~finite.any(axis=1)


def worse_in_mean(scores: np.ndarray, best: int, confidence: float, overlap: float = 0.0) -> np.ndarray:
    """(configs,), whether the mean over common seeds is below that of `best`.

    scores: (configs, seeds), larger is better; what is not finite is missing. overlap: as in `jgd.sweeps.estimate`.
    """
    from scipy import special  # here: jgd imports as fast as jax

    differences = scores[best] - scores
    finite = np.isfinite(differences)
    n = finite.sum(axis=1)
    held = np.where(finite, differences, 0.0)
    mean = held.sum(axis=1) / np.maximum(n, 1)
    squares = np.where(finite, (differences - mean[:, None]) ** 2, 0.0).sum(axis=1)
    prior, weight, most = common_variance(scores, best)
    if most == 0:  # one config, or one seed
        return np.zeros(len(scores), bool)
    own = np.maximum(n - 1, 0)
    alone = squares > own * prior * special.fdtri(np.maximum(own, 1), max(min(weight, most), 1e-3), OUTLYING)
    moderated = (weight * prior + squares) / (weight + own) if np.isfinite(weight) else np.full(len(n), prior)
    variance = np.where(alone, squares / np.maximum(own, 1), moderated)
    degrees = np.where(alone, own, np.minimum(weight + own, most))
    error = np.sqrt(variance * (1 / np.maximum(n, 1) + overlap))
    return (n > 0) & (degrees > 0) & (mean > critical_value(len(scores), degrees, confidence) * error)


def common_variance(scores: np.ndarray, best: int) -> tuple[float, float, float]:
    """s₀², d₀ and the most degrees of freedom there are, of the difference of two configs on one seed.

    Of what is left of the scores without the configs' and the seeds' means, Smyth's fit of a scaled F to the variances;
    without configs of very large variance, except the best. d₀ is inf where the variances differ no more than by chance,
    and 0 where there is nothing to compare.
    """
    from scipy import special  # here: jgd imports as fast as jax

    rows = np.isfinite(scores).sum(axis=1) > 1
    if rows.sum() < 2:
        return 0.0, 0.0, 0.0
    table = np.where(np.isfinite(scores), scores, np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of rows and columns without a score
        spread = np.nanmean(_polished(table, rows) ** 2, axis=1)
    rows &= ~(spread > WILD * np.median(spread[rows]))
    rows[best] = True
    residuals, degrees = _residuals(table[rows])
    most = float(degrees.sum())
    if most <= 0:
        return 0.0, 0.0, 0.0
    sums = np.nansum(residuals**2, axis=1)
    pooled = 2 * float(sums.sum() / most)
    counted = degrees > 0
    if counted.sum() < 4 or pooled == 0:
        return pooled, np.inf, most
    variances, d = sums[counted] / degrees[counted], degrees[counted]
    variances = np.maximum(variances, 1e-5 * np.median(variances))
    if (variances == 0).any():
        return pooled, np.inf, most
    logs = np.log(variances) - special.digamma(d / 2) + np.log(d / 2)
    excess = float(logs.var(ddof=1) - special.polygamma(1, d / 2).mean())
    if excess <= 0:
        return pooled, np.inf, most
    weight = 2 * _trigamma_inverse(excess)
    return 2 * float(np.exp(logs.mean() + special.digamma(weight / 2) - np.log(weight / 2))), weight, most


def _polished(table: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The table without the medians of its rows, and then of its columns over `rows`: a wild row stays its own affair."""
    centred = table - np.nanmedian(table, axis=1, keepdims=True)
    return centred - np.nanmedian(centred[rows], axis=0)


def _residuals(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The table without its rows' and columns' effects, NaN where it is, and the degrees of freedom left in each row."""
    seen = np.isfinite(table)
    rest = np.where(seen, table, 0.0)
    rows, columns = (np.maximum(seen.sum(axis=axis, keepdims=True), 1) for axis in (1, 0))
    for _ in range(1 if seen.all() else 30):  # by turns until both are gone; at once where nothing is missing
        rest = np.where(seen, rest - rest.sum(axis=1, keepdims=True) / rows, 0.0)
        rest = np.where(seen, rest - rest.sum(axis=0, keepdims=True) / columns, 0.0)
    own = seen.sum(axis=1) - 1.0
    left = max(seen.sum() - len(table) - seen.any(axis=0).sum() + 1, 0)
    return np.where(seen, rest, np.nan), own * left / max(own.sum(), 1)


def _trigamma_inverse(x: float) -> float:
    """y with ψ'(y) = x, by Newton's method (the appendix of Smyth 2004)."""
    from scipy import special  # here: jgd imports as fast as jax

    y = 0.5 + 1 / x
    for _ in range(20):
        slope = special.polygamma(1, y)
        y += slope * (1 - slope / x) / special.polygamma(2, y)
    return float(y)


def critical_value(configs: int, degrees: Any, confidence: float) -> np.ndarray:
    """t with P(max over K − 1 equal configs of (their mean − one's) ≤ t · error) = confidence; K = 2 is Student's.

    >>> critical_value(2, 4.0, 0.95).round(2).item(), critical_value(64, 1e6, 0.95).round(2).item()
    (2.13, 2.94)
    """
    at = 1 / np.maximum(np.asarray(degrees, np.float64), DEGREES[0])
    return np.interp(at, 1 / DEGREES[::-1], _critical_values(configs, confidence)[::-1])


@cache
def _critical_values(configs: int, confidence: float) -> np.ndarray:
    """The root t of E[G(t s/σ)] = confidence at each of `DEGREES`, by bisection.

    G(x), the chance that the largest of K − 1 correlated differences is below x where σ is known, is tabulated once.
    """
    from scipy import special  # here: jgd imports as fast as jax; without scipy.optimize, which takes longer than this

    nodes, weights = np.polynomial.hermite_e.hermegauss(61)
    x = np.linspace(-9.0, 9.0, 4501)
    known = (special.ndtr(np.sqrt(2) * x[:, None] + nodes) ** (configs - 1)) @ (weights / weights.sum())
    middles = (np.arange(200) + 0.5) / 200
    scale = np.sqrt(special.chdtri(DEGREES[:, None], 1 - middles) / DEGREES[:, None])  # s / σ, at its quantiles
    low, high = np.full(len(DEGREES), -50.0), np.full(len(DEGREES), 1e4)
    while (high - low).max() > 1e-6:
        middle = (low + high) / 2
        below = np.interp(middle[:, None] * scale, x, known).mean(axis=1) < confidence
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return (low + high) / 2


def diverges_more(lost: np.ndarray, best: int, level: float) -> np.ndarray:
    """(configs,), whether a config lost more seeds than `best`, by the exact sign test of the seeds that one of them lost.

    lost: (configs, seeds). level: one-sided, of each config.
    """
    from scipy import special  # here: jgd imports as fast as jax

    only, best_only = (lost & ~lost[best]).sum(axis=1), (~lost & lost[best]).sum(axis=1)
    # P(so many of them or more) = P(the others are so few), each with probability 1/2
    return special.bdtr(best_only.astype(np.float64), only + best_only, 0.5) < level
