"""Training loss of what each recipe's pick did."""

from typing import Any

import numpy as np

from jgd.analysis import pick_losses
from jgd.core import checks
from jgd.plots import _figure
from jgd.plots._values import over_seeds
from jgd.sweeps import Sweep, format_config
from jgd.training import smooth


def plot_loss_curves(sweep: Sweep, *, smoothing: float = 0.15, ax: Any = None) -> Any:
    """Plots the training loss of each recipe's pick against the step: single seeds thin, their smoothed mean thick.

    Of a population, the runs are those of each seed's best member, through the members that it descends from.

    Numbers: `jgd.analysis.pick_losses(sweep)`, and `jgd.smooth` of their mean.

    Args:
        sweep: The result of `jgd.sweep`.
        smoothing: b of `jgd.smooth` in (0, 1], the weight of the new value; 1 draws the mean as it is.
        ax: The Axes to draw into; default those of a new figure.

    Returns:
        The Axes.

    Raises:
        JgdValueError: For a smoothing outside (0, 1].

    Example:
        >>> import jgd
        >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 0.1]}, seeds=2, steps=30)
        >>> len(jgd.plots.plot_loss_curves(found).get_lines())  # two seeds and their mean
        3
    """
    checks.instance("sweep", sweep, Sweep, "jgd.sweep(…) returns")
    ax = _figure.given_ax(ax)
    picks = {pick.recipe: pick for pick in sweep.picks}
    places = {recipe: index for index, recipe in enumerate(sweep.recipes)}
    for recipe, losses in pick_losses(sweep).items():
        color, label = _figure.color(places[recipe]), f"{recipe} ({format_config(picks[recipe].hyperparameters)})"
        ax.plot(sweep.recorded_steps, losses.T, color=color, lw=0.4, alpha=0.25)
        ax.plot(
            sweep.recorded_steps,
            smooth(over_seeds(np.mean, losses.T), smoothing, "corrected"),
            color=color,
            lw=1.8,
            label=label,
        )
    if np.all(sweep.loss[np.isfinite(sweep.loss)] > 0):
        ax.set_yscale("log")
    ax.set_xlabel("step")
    ax.set_ylabel("loss on the step's batch, before its update")
    ax.set_title(f"{sweep.task}: the picks, {sweep.facts.seed_words} thin, their smoothed mean thick", **_figure.TITLE)
    return _figure.finish(ax, legend="below")
