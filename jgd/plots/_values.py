"""Arithmetic that several plots share."""

from collections.abc import Callable

import numpy as np

DECADES = 20.0  # largest / smallest from which on an axis is logarithmic


def over_seeds(reduce: Callable[[np.ndarray], float], scores: np.ndarray) -> np.ndarray:
    """(rows,) `reduce` over the finite entries of each row, the seeds that survived; NaN where none did.

    Example:
        >>> over_seeds(np.mean, np.array([[1.0, 3.0], [2.0, np.nan], [np.nan, np.nan]])).tolist()
        [2.0, 2.0, nan]
    """
    return np.array([reduce(row[np.isfinite(row)]) if np.isfinite(row).any() else np.nan for row in scores], float)


def spans_decades(values: np.ndarray) -> bool:
    """Whether the finite values are all positive and want a logarithmic axis.

    Example:
        >>> spans_decades(np.array([0.01, 1.0, np.nan])), spans_decades(np.array([0.5, 1.0]))
        (True, False)
    """
    finite = np.asarray(values, float)[np.isfinite(values)]
    return bool(finite.size and finite.min() > 0 and finite.max() > DECADES * finite.min())


def log_scores(values: np.ndarray, larger_is_better: bool) -> bool:
    """Whether scores want a logarithmic axis: errors over decades, and never shares, which are told apart near 1.

    Example:
        >>> log_scores(np.array([0.01, 1.0]), False), log_scores(np.array([0.01, 1.0]), True)
        (True, False)
    """
    return not larger_is_better and spans_decades(values)


def is_number(value: object) -> bool:
    """Whether a hyperparameter's value is a number, which True and False are not.

    Example:
        >>> is_number(0.1), is_number(True), is_number("a")
        (True, False, False)
    """
    return isinstance(value, int | float) and not isinstance(value, bool)
