"""What a budget of configs buys."""

from typing import Any

import numpy as np

from jgd.analysis import best_of_budget, final_scores
from jgd.core import checks
from jgd.plots import _figure
from jgd.sweeps import Sweep


def plot_best_of_budget(sweep: Sweep, *, ax: Any = None) -> Any:
    """Plots the expected best validation score of k of the configs, drawn at random, against k: a curve for each recipe.

    The band is one standard deviation of the outcome from one search to the next, cut at the worst and the best mean
    score, outside of which no search can end. Where curves cross, the better recipe
    depends on the budget. Configs that were stopped early are left out.

    Numbers: `jgd.analysis.best_of_budget(sweep)`.

    Args:
        sweep: The result of `jgd.sweep`. Of configs from a random sampler the curve is what a search finds; of a grid's and of
            proposed ones it is what a draw from them finds.
        ax: The Axes to draw into; default those of a new figure.

    Returns:
        The Axes; without a curve for a recipe whose runs all diverged.

    Example:
        >>> import jgd
        >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 0.1, 9.0]}, seeds=2, steps=30)
        >>> jgd.plots.plot_best_of_budget(found).get_lines()[0].get_xdata().tolist()
        [1, 2, 3]
    """
    checks.instance("sweep", sweep, Sweep, "jgd.sweep(…) returns")
    ax = _figure.given_ax(ax)
    places = {recipe: index for index, recipe in enumerate(sweep.recipes)}
    for recipe, curve in best_of_budget(sweep).items():
        color, means = _figure.color(places[recipe]), final_scores(sweep, recipe).scores.mean(axis=1)
        means = means[np.isfinite(means)]
        low, high = (np.clip(curve.expected + side * curve.deviation, means.min(), means.max()) for side in (-1, 1))
        ax.plot(curve.budgets, curve.expected, "o-", ms=3.5, lw=1.6, color=color, label=recipe)
        ax.fill_between(curve.budgets, low, high, color=color, alpha=0.18, lw=0)
    ax.set_xscale("log", base=2)
    ax.xaxis.set_major_formatter("{x:g}")
    ax.set_xlabel("configs drawn")
    ax.set_ylabel(f"best validation {sweep.metric}, expected")
    ax.set_title(
        f"{sweep.task}: the best of k of its configs, drawn at random, ± one standard deviation", **_figure.TITLE
    )
    return _figure.finish(ax)
