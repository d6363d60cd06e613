"""Numbers as people read them."""

from typing import Any

import numpy as np

from jgd.core.statistics import OVERLAPPING, Estimate


def format_estimate(estimate: Estimate, seeds: int | None = None) -> str:
    """A mean over seeds as text.

    Args:
        estimate: The mean with its interval.
        seeds: How many there were; said where some of them failed.

    Returns:
        "mean ± half the interval", or "mean [low, high]" where it isn't symmetric; the mean alone with one seed, "–" with none.

    Example:
        >>> from jgd.core.statistics import estimate
        >>> format_estimate(estimate(np.array([1.0, 2.0, 3.0, np.nan])), seeds=4)
        '2.0000 ± 2.4841 (3 of 4 seeds)'
    """
    if estimate.n == 0:
        return "–"
    runs = "runs" if OVERLAPPING in estimate.note else "seeds"
    some = f" ({estimate.n} of {seeds} {runs})" if seeds is not None and estimate.n < seeds else ""
    plain = lambda value: f"{value:.4f}".replace("-0.0000", "0.0000")
    if estimate.method == "score":
        return f"{plain(estimate.mean)} [{plain(estimate.low)}, {plain(estimate.high)}]{some}"
    return plain(estimate.mean) + (f" ± {estimate.half_width:.4f}" if estimate.n > 1 else "") + some


def format_value(value: Any) -> str:
    """A hyperparameter's value as text.

    Args:
        value: Of a config.

    Returns:
        Three digits of a float, all of a whole number, words as they are.

    Example:
        >>> format_value(0.012345), format_value(1000000), format_value("adam"), format_value(None)
        ('0.0123', '1000000', 'adam', 'None')
    """
    return f"{value:.3g}" if isinstance(value, float | np.floating) else f"{value}"
