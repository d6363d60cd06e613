"""Configs in order, and which of them can't be told apart from the best: enter scores (configs, seeds)."""

from dataclasses import dataclass

import numpy as np

from jgd.core import checks
from jgd.core.ties import worse_than_first


@dataclass(frozen=True)
class Ranking:
    """Configs in order, and the ties for the best.

    Attributes:
        order: Configs, best first, as indices into the scores; those stopped early are not in it.
        means: (configs,) over the seeds that survived.
        diverged: (configs,) seeds that didn't.
        tied: The best and all that can't be told apart from it, in order; empty where every run diverged.
        confidence: That the truly best config is among `tied`.
    """

    order: tuple[int, ...]
    means: np.ndarray
    diverged: np.ndarray
    tied: tuple[int, ...]
    confidence: float

    @property
    def best(self) -> int | None:
        """The first of the order; None where every run diverged."""
        return self.tied[0] if self.tied else None


def rank(
    scores: np.ndarray,
    larger_is_better: bool,
    confidence: float = 0.95,
    stopped: np.ndarray | None = None,
    *,
    overlap: float = 0.0,
) -> Ranking:
    """Orders configs by their mean over common seeds, fewest diverged seeds first, and finds the ties for the best.

    A config is tied with the first unless the paired differences over common seeds say that it is worse, or it diverged
    significantly more often (`jgd.core.ties`: comparisons with the best, by variances that all configs tell together).
    The true best is in `tied` with `confidence`, whichever config came out first. Plain intervals would not do: the
    first of many equal configs is first by luck. In simulation of equal configs 95% sets held it in 94 to 97% at 3, 5,
    10 and 30 seeds, and where a config is better than the others more often. Where the configs' deviations differ by a
    factor of 7, or that of one is three times the others', it was 90 to 97%, the least at 3 seeds. With few seeds and
    many close configs the set is large, and that is the answer. Where runs diverged each of the two tests has half of the
    error, and a config without a finite score is out.

    Args:
        scores: (configs, seeds), the same seeds in every row; what is not finite diverged.
        larger_is_better: Of the scores.
        confidence: In (0, 1).
        stopped: (configs,), True for those that were given fewer steps; they are left out.
        overlap: Of scores over splits of the same rows, as in `jgd.sweeps.estimate`.

    Returns:
        The ranking.

    Raises:
        JgdValueError: For other shapes, and a confidence outside (0, 1).

    Example:
        >>> scores = np.array([[0.90, 0.80, 0.71, 0.88], [0.89, 0.82, 0.70, 0.86], [0.50, 0.41, 0.29, 0.49]])
        >>> ranking = rank(scores, larger_is_better=True)
        >>> ranking.order, ranking.tied
        ((0, 1, 2), (0, 1))
    """
    larger = checks.flag("larger_is_better", larger_is_better)
    confidence = checks.number("confidence", confidence, "(0, 1)")
    scores = checks.array("scores", scores)
    if scores.ndim != 2 or scores.size == 0:
        raise checks.JgdValueError(f"scores must have shape (configs, seeds), got {scores.shape}", argument="scores")
    finite = np.isfinite(scores)
    diverged = (~finite).sum(axis=1)
    sums = np.where(finite, scores, 0.0).sum(axis=1)
    means = np.where(finite.any(axis=1), sums / np.maximum(finite.sum(axis=1), 1), np.nan)
    oriented = np.nan_to_num(means * (1 if larger else -1), nan=-np.inf)
    running = np.ones(len(scores), bool) if stopped is None else ~_flags("stopped", stopped, len(scores))
    order = [int(i) for i in np.lexsort((-oriented, diverged)) if running[i]]
    if not order or diverged[order[0]] == scores.shape[1]:
        return Ranking(tuple(order), means, diverged, (), confidence)
    overlap = checks.number("overlap", overlap, ">= 0")
    out = worse_than_first(scores[order] * (1 if larger else -1), confidence, overlap)
    return Ranking(
        tuple(order), means, diverged, tuple(i for i, worse in zip(order, out, strict=True) if not worse), confidence
    )


def _flags(name: str, values: np.ndarray, count: int) -> np.ndarray:
    try:
        array = np.asarray(values)
    except (TypeError, ValueError, RuntimeError) as fault:
        raise checks.JgdTypeError(f"{name} must be booleans, got {checks.shown(values)}", argument=name) from fault
    if array.shape != (count,) or array.dtype != bool:
        raise checks.JgdValueError(
            f"{name} must be {count} booleans, one a config, got {array.dtype} {array.shape}", argument=name
        )
    return array
