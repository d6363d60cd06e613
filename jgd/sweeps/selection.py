"""The order of configs by their validation scores over seeds, and the best of them."""

import numpy as np


def ranked(scores: np.ndarray, larger_is_better: bool) -> np.ndarray:
    """The rows of scores, best first: those with fewer failed seeds, then those with the better mean.

    What is not finite has failed: the mean over the seeds that survived would flatter a config.

    Args:
        scores: (configs, seeds).
        larger_is_better: whether a larger score is better.

    Returns:
        (configs,) the rows; the earlier one first among equals.

    Example:
        >>> scores = np.array([[0.9, np.nan], [0.7, 0.8], [0.6, 0.8], [np.nan, np.nan]])
        >>> ranked(scores, larger_is_better=True).tolist()
        [1, 2, 0, 3]
    """
    scores = np.where(np.isfinite(scores), scores, np.nan)
    failed = np.isnan(scores).sum(axis=1)
    means = np.full(len(scores), np.nan, scores.dtype)
    some = failed < scores.shape[1]
    means[some] = np.nanmean(scores[some], axis=1)
    return np.lexsort((-means if larger_is_better else means, failed))


def pick(scores: np.ndarray, larger_is_better: bool, reached: np.ndarray | None = None) -> int | None:
    """The row of scores with the best mean; what is not finite counts as diverged.

    A config with a diverged seed is chosen only where every config has one, and then among those with the fewest.

    Args:
        scores: (configs, seeds).
        larger_is_better: whether a larger score is better.
        reached: (configs,) the steps that each was given, of all its runs. Scores after fewer are no match for those
            after more: only configs that came furthest compete, and shorter ones only where every run of the longer
            ones diverged.

    Returns:
        The row; None where every run diverged.

    Example:
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
