"""The learning-rate range test as a curve."""

from typing import Any

import numpy as np

from jgd.plots import _figure
from jgd.training.lr_range_test import LrRangeTest


def plot_lr_range_test(found: LrRangeTest, *, ax: Any = None) -> Any:
    """Plots loss against the rising learning rate, with where it falls fastest and where it is lowest.

    Numbers: `found.rates`, `found.losses`, `found.smoothed`, `found.steepest` and `found.lowest`.

    Args:
        found: Of `jgd.lr_range_test`.
        ax: The Axes to draw into; default those of a new figure.

    Returns:
        The Axes.

    Example:
        >>> import jgd
        >>> task = jgd.tasks.get("iris")
        >>> found = jgd.lr_range_test(task.loss, jgd.optimizers.sgd, task.init(jgd.init_key(0)), task.train, high=1e3)
        >>> plot_lr_range_test(found).get_xscale()
        'log'
    """
    ax = _figure.given_ax(ax)
    ax.plot(found.rates, found.losses, color=_figure.color(0), lw=0.6, alpha=0.4)
    ax.plot(found.rates, found.smoothed, color=_figure.color(0), lw=1.8, label="loss, smoothed")
    for rate, words, style in ((found.steepest, "falls fastest", "--"), (found.lowest, "lowest", ":")):
        if np.isfinite(rate):
            ax.axvline(rate, color=_figure.color(1), ls=style, lw=1.4, label=f"{words}: {rate:.2g}")
    ax.set_xscale("log")
    if len(found.smoothed) and np.ptp(found.smoothed) > 0:  # single batches after the break would flatten what matters
        low, high = found.smoothed.min(), found.smoothed.max()
        ax.set_ylim(low - 0.3 * (high - low), high + 0.1 * (high - low))
    ax.set_xlabel("learning rate of the step")
    ax.set_ylabel("loss on the step's batch, before its update")
    return _figure.finish(ax)
