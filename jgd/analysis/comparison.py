"""Is A better than B: enter the scores of two configs over seeds, leaves an interval and an answer in words.

No p-values: an interval says how large a difference may be, and "can't tell them apart" is an answer.
"""

import math
from dataclasses import dataclass

import numpy as np

from jgd.analysis.aggregate import percentiles, resampled, tasks_and_seeds
from jgd.core import checks
from jgd.core.statistics import Estimate, estimate, student_quantile

MOST_SEEDS = 10_000  # beyond this many, seeds are no way to decide


@dataclass(frozen=True)
class PairedComparison:
    """A against B on common seeds.

    Attributes:
        difference: Estimate of A − B over the pairs in which both survived; its n is how many.
        diverged: Seeds in which A, and in which B, did not.
        tell_apart: The interval excludes 0, and the better one did not diverge more often.
        better: "a", "b", or None where they can't be told apart.
        seeds_to_decide: Pairs at which the interval would exclude 0 if mean and deviation of the differences stayed as they
            are; None where more than 10 000 would be needed or the mean difference is 0.
        words: All of it as a sentence.
    """

    difference: Estimate
    diverged: tuple[int, int]
    tell_apart: bool
    better: str | None
    seeds_to_decide: int | None
    words: str


def paired(
    a: np.ndarray,
    b: np.ndarray,
    larger_is_better: bool,
    confidence: float = 0.95,
    method: str = "t",
    *,
    seed: int = 0,
    overlap: float = 0.0,
) -> PairedComparison:
    """The mean difference of two configs on common random numbers: the same seed at the same index of both.

    What a seed does to both (start, order of the batches) cancels in a − b, so the interval is narrower than that of two
    separate means wherever seeds matter. A pair in which one diverged (not finite) has no difference: it is left out and
    counted.

    Args:
        a: (seeds,) scores of A.
        b: (seeds,) scores of B.
        larger_is_better: Of the scores.
        confidence: Of the interval, in (0, 1).
        method: "t" or "bootstrap", as in `jgd.core.statistics.estimate`.
        seed: Of the bootstrap.
        overlap: Of scores over splits of the same rows, as in `jgd.sweeps.estimate`.

    Returns:
        The comparison.

    Raises:
        JgdValueError: For other shapes, and an unknown method.

    Example:
        >>> p = paired(np.array([0.9, 0.8, 0.7]), np.array([0.8, 0.71, 0.58]), larger_is_better=True)
        >>> round(p.difference.mean, 3), p.tell_apart, p.better
        (0.103, True, 'a')
        >>> paired(np.array([1.0, 2.0]), np.array([1.1, 1.7]), larger_is_better=False).words
        "can't tell them apart: a − b is 0.1, 95% interval -2.44 to 2.64, 2 pairs"
    """
    larger = checks.flag("larger_is_better", larger_is_better)
    a, b = _seeds("a", a), _seeds("b", b)
    checks.same_shape("b", b, "a", a.shape)
    alive = np.isfinite(a), np.isfinite(b)
    both = alive[0] & alive[1]
    lost = int((~alive[0]).sum()), int((~alive[1]).sum())
    differences = np.where(both, a, np.nan) - np.where(both, b, np.nan)
    difference = estimate(differences, confidence, method, seed=seed, overlap=overlap)
    ahead = "a" if (difference.mean > 0) == larger else "b"
    flattered = lost[0] > lost[1] if ahead == "a" else lost[1] > lost[0]
    apart = difference.n > 1 and (difference.low > 0 or difference.high < 0)
    tell = apart and not flattered
    words = _words(difference, confidence, lost, ahead, tell, apart)
    return PairedComparison(
        difference, lost, tell, ahead if tell else None, seeds_to_decide(a[both] - b[both], confidence, overlap), words
    )


def seeds_to_decide(differences: np.ndarray, confidence: float = 0.95, overlap: float = 0.0) -> int | None:
    """The least n with t(n − 1)·s/√n < |mean|: seeds that would tell two configs apart, if mean and s stay.

    It plans, it doesn't promise: with few pairs the mean and s are themselves rough.

    Args:
        differences: (pairs,) of the scores.
        confidence: Of the interval, in (0, 1).
        overlap: Of differences over splits of the same rows, as in `jgd.sweeps.estimate`.

    Returns:
        n; None above 10 000, for fewer than two pairs, and for a mean of 0.

    Example:
        >>> seeds_to_decide(np.array([1.0, -0.5, 2.0]))
        12
    """
    if len(differences) < 2 or differences.mean() == 0:
        return None
    n = np.arange(2, MOST_SEEDS + 1)
    reach = student_quantile(confidence, n) * differences.std(ddof=1) * np.sqrt(1 / n + overlap)
    decided = np.flatnonzero(reach < abs(differences.mean()))
    return int(n[decided[0]]) if len(decided) else None


def probability_of_improvement(
    a: np.ndarray,
    b: np.ndarray,
    larger_is_better: bool,
    confidence: float = 0.95,
    *,
    pairs: bool | None = None,
    seed: int = 0,
) -> Estimate:
    """P(a run of A is better than a run of B) + ½ P(tie), with an interval.

    Run i of A against run i of B where there are as many, as configs of one sweep share their seeds: with Wilson's interval
    of a share. It covers 95 to 96% on average over what the share may be; a share of few pairs is discrete, so that for
    a single one it is 83 to 100% at 3 pairs, 90 to 99% at 5, 91 to 98% at 10 and 93 to 97% at 30.

    Every run of A against every run of B is the Mann–Whitney form of Agarwal et al. 2021 (arXiv:2108.13264, section 4.3),
    for runs that share nothing; where seeds are shared its interval is wrong. That is Newcombe's score-like one (2006,
    Statistics in Medicine 25:559, method 5), which does not shrink to a point where one wins always; it covered 94 to 96%
    in simulation from 5 runs a side on. A diverged run (not finite) loses
    to every finite one and ties with another diverged one: none is left out.

    Args:
        a: (m,) scores of A, or (tasks, m): then the mean over tasks, with the paper's stratified percentile bootstrap.
        b: (n,) scores of B, or (tasks, n).
        larger_is_better: Of the scores.
        confidence: Of the interval, in (0, 1).
        pairs: Whether run i of A is only compared with run i of B. None: where A and B have as many runs.
        seed: Of the bootstrap.

    Returns:
        The estimate; n counts the runs of A, `diverged` both sides'.

    Raises:
        JgdValueError: For other shapes, and a confidence outside (0, 1).

    Example:
        >>> a, b = np.array([3.0, 4.0]), np.array([1.0, 3.0])
        >>> probability_of_improvement(a, b, larger_is_better=True).mean  # 3 > 1 and 4 > 3
        1.0
        >>> e = probability_of_improvement(a, b, larger_is_better=True, pairs=False)
        >>> e.mean, round(e.low, 2), round(e.high, 2)
        (0.875, 0.3, 0.99)
    """
    sign = 1.0 if checks.flag("larger_is_better", larger_is_better) else -1.0
    confidence = checks.number("confidence", confidence, "(0, 1)")
    over_tasks = checks.array("a", a).ndim == 2
    a, b = (tasks_and_seeds(name, values) for name, values in (("a", a), ("b", b)))
    if len(a) != len(b):
        raise checks.JgdValueError(f"a and b must have the same tasks, got {len(a)} and {len(b)}")
    diverged = int((~np.isfinite(a)).sum() + (~np.isfinite(b)).sum())
    worst = lambda x: np.where(np.isfinite(x), sign * x, -np.inf)
    if a.shape == b.shape if pairs is None else checks.flag("pairs", pairs):
        checks.same_shape("b", b, "a", a.shape)
        wins = np.mean(_beats(worst(a), worst(b)))
        low, high = _wilson(float(wins), a.size, confidence)
        return Estimate(float(wins), _error(low, high, confidence), low, high, a.size, diverged, "Wilson")
    chance = lambda parts: _beats(parts[0][..., :, None], parts[1][..., None, :]).mean(axis=(-3, -2, -1))
    mean = float(chance([worst(a), worst(b)]))
    if over_tasks:
        low, high = percentiles(resampled([worst(a), worst(b)], chance, seed), confidence)
        return Estimate(mean, _error(low, high, confidence), low, high, a.size, diverged, "bootstrap")
    low, high = _newcombe(mean, a.size, b.size, confidence)
    return Estimate(mean, _error(low, high, confidence), low, high, a.size, diverged, "Newcombe")


def _words(difference: Estimate, confidence: float, lost: tuple[int, int], ahead: str, tell: bool, apart: bool) -> str:
    d = difference
    if d.n < 2:
        said = f"can't tell them apart: {d.n} common {'seed' if d.n == 1 else 'seeds'} in which both survived"
    else:
        numbers = f"{d.mean:.4g}, {confidence:.0%} interval {d.low:.3g} to {d.high:.3g}, {d.n} pairs"
        verdict = f"{ahead} is better" if tell else "can't tell them apart"
        said = f"{verdict}: a − b is {numbers}"
        if apart and not tell:
            said += f"; {ahead} is better where both survive, but diverges more often"
    return said + (f"; diverged: a in {lost[0]}, b in {lost[1]} seeds" if any(lost) else "")


def _error(low: float, high: float, confidence: float) -> float:
    """Half the interval in units of the normal's quantile: what a symmetric interval's standard error would be."""
    return (high - low) / 2 / _normal(confidence)


def _seeds(name: str, values: np.ndarray) -> np.ndarray:
    array = checks.array(name, values)
    if array.ndim != 1 or array.size == 0:
        raise checks.JgdValueError(f"{name} must have shape (seeds,), got {array.shape}", argument=name)
    return array


def _beats(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a > b) + 0.5 * (a == b)


def _wilson(share: float, n: int, confidence: float) -> tuple[float, float]:
    """Wilson's score interval; a tie is half a success."""
    z = _normal(confidence)
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def _newcombe(theta: float, m: int, n: int, confidence: float) -> tuple[float, float]:
    """The θ' with |θ' − θ| = z √V(θ'), V of Hanley & McNeil 1982 with (m + n)/2 − 1 for both of its sizes."""
    from scipy.optimize import brentq  # here: jgd imports as fast as jax

    z, half = _normal(confidence), (m + n) / 2 - 1

    def beyond(at: float) -> float:
        variance = at * (1 - at) * (1 + half * ((1 - at) / (2 - at) + at / (1 + at))) / (m * n)
        return abs(at - theta) - z * math.sqrt(max(variance, 0.0))

    tiny = 1e-12
    # brentq is typed loosely
    low = 0.0 if theta <= tiny else float(brentq(beyond, tiny, min(theta, 1 - tiny)))  # pyright: ignore[reportArgumentType]
    high = 1.0 if theta >= 1 - tiny else float(brentq(beyond, max(theta, tiny), 1 - tiny))  # pyright: ignore[reportArgumentType]
    return low, high


def _normal(confidence: float) -> float:
    from scipy import stats  # here: jgd imports as fast as jax

    return float(stats.norm.ppf((1 + confidence) / 2))
