"""How the final scores of all runs are spread."""

from typing import Any

import numpy as np

from jgd.analysis import score_distribution
from jgd.analysis.final_scores import larger_is_better
from jgd.core import checks
from jgd.plots import _figure
from jgd.plots._values import log_scores
from jgd.sweeps import Sweep


def plot_score_distribution(sweep: Sweep, metric: str | None = None, *, ax: Any = None) -> Any:
    """Plots the share of each recipe's runs that end at a score or better, as stairs (the empirical distribution).

    The good side is on the right. Diverged runs are never there: a curve that stays below 1 lost the rest.

    Numbers: `jgd.analysis.score_distribution(sweep, metric)`.

    Args:
        sweep: The result of `jgd.sweep`.
        metric: A validation metric; default the one that selects.
        ax: The Axes to draw into; default those of a new figure.

    Returns:
        The Axes.

    Raises:
        JgdValueError: For an unknown metric.

    Example:
        >>> import jgd
        >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 0.1, 9.0]}, seeds=2, steps=30)
        >>> float(plot_score_distribution(found).get_lines()[0].get_ydata()[-1]) == 4 / 6  # a third diverged
        True
    """
    checks.instance("sweep", sweep, Sweep, "jgd.sweep(…) returns")
    spread = score_distribution(sweep, metric)
    ax = _figure.given_ax(ax)
    for index, (recipe, found) in enumerate(spread.items()):
        style = {"color": _figure.color(index), "ls": _figure.line_style(index)}
        label = f"{recipe}, {found.runs} runs"
        ax.step(found.values, found.shares, where="post", lw=1.8, marker=".", ms=4, label=label, **style)
    name = metric or sweep.metric
    larger = larger_is_better(sweep, name)
    if log_scores(np.concatenate([*(found.values for found in spread.values()), np.zeros(0)]), larger):
        ax.set_xscale("log")
    ax.xaxis.set_inverted(not larger)  # of a loss, what is smaller is further right
    ax.set_ylim(0, 1.03)
    ax.set_xlabel(f"validation {name} after {sweep.steps} steps, better to the right")
    ax.set_ylabel("share of runs at least as good")
    ax.set_title(f"{sweep.task}: all configs and seeds", **_figure.TITLE)
    return _figure.finish(ax, legend="below")
