"""Which hyperparameters mattered, as bars."""

from typing import Any

import numpy as np

from jgd.analysis import Importance, importance_of
from jgd.core import checks
from jgd.plots import _figure
from jgd.sweeps import Sweep


def plot_importance(sweep: Sweep, recipe: str | None = None, *, ax: Any = None) -> Any:
    """Plots the share of the variance of ranks that each hyperparameter explains by itself, a bar each.

    The whisker is one standard deviation over the trees of the forest; a grid is exact and has none.

    Numbers: `jgd.analysis.importance_of(sweep, recipe)`.

    Args:
        sweep: The result of `jgd.sweep`.
        recipe: One of its recipes; default all, with "recipe" as one more hyperparameter.
        ax: The Axes to draw into; default those of a new figure.

    Returns:
        The Axes.

    Raises:
        JgdValueError: For an unknown recipe, too few configs, or scores that don't differ.

    Example:
        >>> import jgd
        >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 0.1, 9.0]}, seeds=2, steps=30)
        >>> [float(bar.get_width()) for bar in jgd.plots.plot_importance(found).patches]
        [1.0]
    """
    checks.instance("sweep", sweep, Sweep, "jgd.sweep(…) returns")
    found = [each for each in importance_of(sweep, recipe) if np.isfinite(each.share)][::-1]
    ax = _figure.given_ax(ax, (_figure.WIDTHS[2], max(2.2, 1.2 + 0.42 * len(found))))
    heights = np.arange(len(found))
    ax.barh(heights, [each.share for each in found], color=_figure.color(0), alpha=0.85, height=0.62)
    for height, each in zip(heights, found, strict=True):
        if each.method == "forest":
            ends = np.clip([each.share - each.deviation, each.share + each.deviation], 0, 1)
            ax.plot(ends, [height, height], color="0.25", lw=1.2)
    ax.set_yticks(heights, [each.name for each in found])
    ax.set_xlim(0, 1)
    ax.set_xlabel("share of the variance of ranks, by itself")
    methods = ", ".join(dict.fromkeys(_method(each) for each in reversed(found)))
    ax.set_title(f"{sweep.task}: importance ({methods})", **_figure.TITLE)
    return _figure.finish(ax)


def _method(one: Importance) -> str:
    forest = f"forest on {one.configs} configs, R² {one.fit:.2f}"
    return forest if one.method == "forest" else f"{one.method} of {one.configs} configs"
