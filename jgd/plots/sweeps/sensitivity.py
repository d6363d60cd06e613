"""The score against one hyperparameter: how much its choice matters, and where training breaks."""

from typing import Any

import numpy as np

from jgd.analysis import ResponseCurve, sensitivity_curves
from jgd.core import checks
from jgd.plots import _figure
from jgd.plots._values import log_scores, over_seeds, spans_decades
from jgd.sweeps import Sweep

STRIP = 0.05  # of the height, for each row of marks


def plot_sensitivity(sweep: Sweep, parameter: str | None = None, *, ax: Any = None) -> Any:
    """Plots the validation metric against one hyperparameter, a curve for each recipe.

    The curve is the mean over seeds, the band goes from the lowest to the highest seed, the dotted line is the pick.
    Where the space has other hyperparameters too, each point is the best over them. The strip at the bottom has a cross
    for each diverged run and a ring for each config that was stopped early, which is in no point.

    Numbers: `jgd.analysis.sensitivity_curves(sweep, parameter)`.

    Args:
        sweep: The result of `jgd.sweep`, not of a population.
        parameter: A swept number; default learning_rate, or the first that is one (`plot_responses` draws words too).
        ax: The Axes to draw into; default those of a new figure.

    Returns:
        The Axes.

    Raises:
        JgdValueError: For a population, for no numeric hyperparameter, and for an unknown one.

    Example:
        >>> import jgd
        >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 0.1, 9.0]}, seeds=2, steps=30)
        >>> jgd.plots.plot_sensitivity(found).get_xlabel()
        'learning_rate'
    """
    checks.instance("sweep", sweep, Sweep, "jgd.sweep(…) returns")
    if sweep.is_population:
        raise checks.JgdValueError("a population's hyperparameters change on the way: plot_member_schedules draws them")
    curves = sensitivity_curves(sweep, parameter)
    parameter = next(iter(curves.values())).parameter if curves else parameter
    ax = _figure.given_ax(ax)
    if spans_decades(np.array([config[parameter] for _, config in sweep.configs if parameter in config], float)):
        ax.set_xscale("log")
    places = {recipe: index for index, recipe in enumerate(sweep.recipes)}
    for recipe, curve in curves.items():
        _draw_curve(ax, curve, recipe, _figure.color(places[recipe]))
    means = [over_seeds(np.mean, curve.scores) for curve in curves.values()]
    if log_scores(np.concatenate([*means, np.zeros(0)]), sweep.larger_is_better):
        ax.set_yscale("log")
    for pick in sweep.picks:
        if pick.config is not None and parameter in pick.hyperparameters:
            ax.axvline(pick.hyperparameters[parameter], color=_figure.color(places[pick.recipe]), ls=":", lw=1.6)
    _draw_marks(ax, sweep, parameter, places)
    ax.set_xlabel(parameter)
    ax.set_ylabel(f"validation {sweep.metric} after {sweep.steps} steps")
    ax.set_title(
        f"{sweep.task}: mean over {sweep.facts.seed_words}, band lowest to highest, dotted = pick", **_figure.TITLE
    )
    return _figure.finish(ax, legend="right")


def _draw_curve(ax: Any, curve: ResponseCurve, recipe: str, color: str) -> None:
    values = np.array(curve.values, float)
    ax.plot(values, over_seeds(np.mean, curve.scores), "o-", ms=3.5, lw=1.6, color=color, label=recipe)
    low, high = over_seeds(np.min, curve.scores), over_seeds(np.max, curve.scores)
    ax.fill_between(values, low, high, color=color, alpha=0.18, lw=0)


def _draw_marks(ax: Any, sweep: Sweep, parameter: str | None, places: dict[str, int]) -> None:
    """Crosses of diverged runs and rings of stopped configs, a row a recipe, in a strip below all curves."""
    marks = []
    for recipe in places:
        mine = [config for config in sweep.configs_of(recipe) if parameter in sweep.configs[config][1]]
        values = np.array([sweep.configs[config][1][parameter] for config in mine], float)
        broken = (sweep.diverged_at[mine] >= 0).sum(axis=1)
        stopped = sweep.stopped[mine]
        marks.append((recipe, values.repeat(broken), values[stopped]))
    marks = [row for row in marks if len(row[1]) or len(row[2])]
    if not marks:
        return
    share = STRIP * len(marks) + 0.02
    scale = ax.yaxis.get_transform()
    low, high = scale.transform(np.array(ax.get_ylim()))
    ax.set_ylim(scale.inverted().transform(np.array([low - (high - low) * share / (1 - share), high])))
    ax.fill_between([0, 1], 0, share, transform=ax.transAxes, color="0.95", lw=0, zorder=0)
    shape = {"ls": "", "ms": 5, "mfc": "none", "transform": ax.get_xaxis_transform()}
    for row, (recipe, diverged, stopped) in enumerate(marks):
        height = np.full(len(diverged) + len(stopped), STRIP * (row + 0.5) + 0.01)
        color = _figure.color(places[recipe])
        ax.plot(diverged, height[: len(diverged)], marker="x", color=color, **shape)
        ax.plot(stopped, height[len(diverged) :], marker="o", color=color, **shape)
    for marker, label, shown in (("x", "diverged run", 1), ("o", "stopped early", 2)):
        if any(len(row[shown]) for row in marks):
            ax.plot([], [], marker=marker, ls="", mfc="none", color="0.4", label=label)
