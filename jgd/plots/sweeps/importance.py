"""Which hyperparameters mattered, as bars."""

from typing import Any

import numpy as np

from jgd.analysis import Importance, importance_of, importance_pairs_of
from jgd.core import checks
from jgd.plots import _figure
from jgd.sweeps import Sweep


def plot_importance(sweep: Sweep, recipe: str | None = None, *, pairs: bool = False, ax: Any = None) -> Any:
    """Plots the share of the variance of ranks that each hyperparameter explains by itself, a bar each.

    The whisker is one standard deviation over the trees of the forest; a grid is exact and has none.

    Numbers: `jgd.analysis.importance_of(sweep, recipe)`; with pairs `jgd.analysis.importance_pairs_of(sweep, recipe)`.

    Args:
        sweep: The result of `jgd.sweep`.
        recipe: One of its recipes; default all, with "recipe" as one more hyperparameter.
        pairs: Whether interactions of two hyperparameters are drawn too, below.
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
    singles, doubles = importance_pairs_of(sweep, recipe) if pairs else (importance_of(sweep, recipe), [])
    known = [each for each in singles if np.isfinite(each.share)]
    bars = [(each.name, each.share, each.deviation, 0) for each in known]
    bars += [(" × ".join(each.names), each.share, each.deviation, 1) for each in doubles]
    ax = _figure.given_ax(ax, (_figure.WIDTHS[2], max(2.2, 1.2 + 0.32 * len(bars))))
    heights = -np.arange(len(bars))
    names, shares, deviations, kinds = (list(column) for column in zip(*bars, strict=True)) if bars else ([],) * 4
    ax.barh(heights, shares, color=[_figure.color(kind) for kind in kinds], alpha=0.85, height=0.62)
    for height, share, deviation in zip(heights, shares, deviations, strict=True):
        if deviation:
            ax.plot(np.clip([share - deviation, share + deviation], 0, 1), [height, height], color="0.25", lw=1.2)
    ax.set_yticks(heights, names)
    ax.set_xlim(0, 1)
    ax.set_xlabel("share of the variance of ranks, by itself" + ", and × beyond that" * bool(doubles))
    methods = ", ".join(dict.fromkeys(map(_method, known)))
    ax.set_title(f"{sweep.task}: importance ({methods})", **_figure.TITLE)
    return _figure.finish(ax)


def _method(one: Importance) -> str:
    forest = f"forest on {one.configs} configs, R² {one.fit:.2f}"
    return forest if one.method == "forest" else f"{one.method} of {one.configs} configs"
