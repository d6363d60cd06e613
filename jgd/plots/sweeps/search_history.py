"""How a search went, config by config."""

from typing import Any

import numpy as np

from jgd.analysis import search_history
from jgd.core import checks
from jgd.plots import _figure
from jgd.plots._values import log_scores
from jgd.sweeps import Sweep


def plot_search_history(sweep: Sweep, *, ax: Any = None) -> Any:
    """Plots the mean validation score of each config in the order of the sweep, and the best so far as stairs.

    A curve and dots for each recipe. The crosses at the bottom are configs that lost a seed.

    Numbers: `jgd.analysis.search_history(sweep, recipe)`.

    Args:
        sweep: The result of `jgd.sweep`, by a random sampler or a proposer.
        ax: The Axes to draw into; default those of a new figure.

    Returns:
        The Axes.

    Example:
        >>> import jgd
        >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 9.0, 0.1]}, seeds=2, steps=30)
        >>> plot_search_history(found).get_xlabel()
        'config'
    """
    checks.instance("sweep", sweep, Sweep, "jgd.sweep(…) returns")
    ax = _figure.given_ax(ax)
    histories = {recipe: search_history(sweep, recipe) for recipe in sweep.recipes}
    for index, (recipe, history) in enumerate(histories.items()):
        color, at = _figure.color(index), np.arange(1, len(history.configs) + 1)
        ax.plot(at, history.means, "o", ms=4, color=color, mew=0, alpha=0.55)
        ax.step(at, history.best, where="post", color=color, lw=1.8, label=f"{recipe}, best so far")
        lost = at[history.diverged]
        height = np.full(len(lost), 0.02 + 0.03 * index)
        ax.plot(lost, height, "x", ms=5, color=color, transform=ax.get_xaxis_transform())
    if any(history.diverged.any() for history in histories.values()):
        ax.plot([], [], "x", ms=5, color="0.4", label="diverged")  # one entry for all
    if log_scores(np.concatenate([history.means for history in histories.values()]), sweep.larger_is_better):
        ax.set_yscale("log")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set_xlabel("config")
    ax.set_ylabel(f"validation {sweep.metric}")
    ax.set_title(f"{sweep.task}: each config's mean over {sweep.facts.seed_words}", **_figure.TITLE)
    return _figure.finish(ax, legend="below")
