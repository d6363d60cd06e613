"""Hyperparameters of a population's members over the steps."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from jgd.analysis import numeric_parameter
from jgd.core import checks
from jgd.plots import _figure
from jgd.plots._values import spans_decades
from jgd.sweeps import ScheduleSegment, Sweep


def plot_member_schedules(sweep: Sweep, parameter: str | None = None, *, ax: Any = None) -> Any:
    """Plots one hyperparameter of a population's members over the steps, the best member of each seed thick.

    Each line is what made a member: it goes through the members that it descends from.

    Numbers: `sweep.schedule(config, seed)`.

    Args:
        sweep: The result of `jgd.sweep` by a `jgd.PopulationBasedTraining`.
        parameter: A swept number; default learning_rate, or the first that is one.
        ax: The Axes to draw into; default those of a new figure.

    Returns:
        The Axes.

    Raises:
        JgdValueError: For a sweep that is no population, for no numeric hyperparameter, and for an unknown one.

    Example:
        >>> import jgd
        >>> policy = jgd.PopulationBasedTraining(5)
        >>> found = jgd.sweep("iris", "sgd", {"learning_rate": [0.01, 0.1, 1.0]}, seeds=1, steps=10, policy=policy)
        >>> plot_member_schedules(found).get_ylabel()
        'learning_rate'
    """
    checks.instance("sweep", sweep, Sweep, "jgd.sweep(…) returns")
    if not sweep.is_population:
        raise checks.JgdValueError("schedules of members are drawn of a sweep by jgd.PopulationBasedTraining only")
    parameter = numeric_parameter(sweep, parameter)
    ax = _figure.given_ax(ax)
    mine = [config for config, (_, values) in enumerate(sweep.configs) if parameter in values]
    pasts = [sweep.schedule(config, seed) for config in mine for seed in sweep.seeds]
    every = np.concatenate([_draw(ax, past, parameter, color="0.6", lw=0.5, alpha=0.5) for past in pasts])
    for index, seed in enumerate(sweep.seeds):
        member = sweep.best_member(seed=seed)
        if member is not None and member[0] in mine:
            label = f"seed {seed}: member {member[0]}"
            _draw(ax, sweep.schedule(*member), parameter, color=_figure.color(index), lw=1.8, label=label)
    if spans_decades(every):
        ax.set_yscale("log")
    ax.set_xlabel("step")
    ax.set_ylabel(parameter)
    ax.set_title(f"{sweep.task}: what made each member, thick the best of each seed", **_figure.TITLE)
    return _figure.finish(ax, legend="right")


def _draw(ax: Any, past: Sequence[ScheduleSegment], parameter: str, **style: Any) -> np.ndarray:
    """A member's values as stairs; -> the values."""
    values = np.array([segment.hyperparameters[parameter] for segment in past], float)
    ax.stairs(values, [0, *(segment.until for segment in past)], baseline=None, **style)
    return values
