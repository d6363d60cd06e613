"""How soon each recipe's pick reaches a target."""

from typing import Any

import numpy as np

from jgd.analysis import time_to_target_of
from jgd.core import checks
from jgd.plots import _figure
from jgd.sweeps import Sweep


def plot_time_to_target(sweep: Sweep, target: float, *, ax: Any = None) -> Any:
    """Plots the share of seeds that have reached a target against the step, as stairs for the pick of each recipe.

    The dotted line is the median. A pick that never gets there, or whose runs diverge, stays below 1. Steps are as coarse
    as the evaluations.

    Numbers: `jgd.analysis.time_to_target_of(sweep, target, recipe)`, its row of the pick.

    Args:
        sweep: The result of `jgd.sweep`, not of a population.
        target: The value of the validation metric to reach.
        ax: The Axes to draw into; default those of a new figure.

    Returns:
        The Axes; without a curve for a recipe whose runs all diverged.

    Raises:
        JgdValueError: For a population, and a target that is no finite number.

    Example:
        >>> import jgd
        >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 0.1, 9.0]}, seeds=2, steps=30)
        >>> ax = plot_time_to_target(found, 0.01)
        >>> ax.get_lines()[0].get_xydata().tolist()
        [[0.0, 0.0], [3.0, 1.0], [30.0, 1.0]]
    """
    checks.instance("sweep", sweep, Sweep, "jgd.sweep(…) returns")
    if sweep.is_population:
        raise checks.JgdValueError("a population's picks change on the way: plot_member_schedules draws them")
    ax = _figure.given_ax(ax)
    for index, pick in enumerate(sweep.picks):
        if pick.config is None:
            continue
        times = time_to_target_of(sweep, target, pick.recipe)
        row = list(sweep.configs_of(pick.recipe)).index(pick.config)
        steps = np.sort(times.steps[row])
        reached = steps[np.isfinite(steps)]
        at, counts = np.unique(reached, return_counts=True)
        shares = np.cumsum(counts) / len(steps)
        x = np.concatenate([[0.0], at, [float(sweep.steps)]])
        y = np.concatenate([[0.0], shares, [len(reached) / len(steps)]])
        style = {"color": _figure.color(index), "ls": _figure.line_style(index)}
        ax.step(x, y, where="post", lw=1.8, label=f"{pick.recipe}: {len(reached)} of {len(steps)}", **style)
        if np.isfinite(times.median_steps[row]):
            ax.axvline(times.median_steps[row], color=_figure.color(index), ls=":", lw=1.2)
    ax.set_ylim(0, 1.03)
    ax.set_xlim(0, sweep.steps)
    ax.set_xlabel("step")
    ax.set_ylabel("share of seeds there")
    ax.set_title(f"{sweep.task}: validation {sweep.metric} of {target:g} reached by the picks", **_figure.TITLE)
    return _figure.finish(ax, legend="below")
