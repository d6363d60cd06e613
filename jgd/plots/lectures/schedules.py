"""Schedules against the step."""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from jgd.core import checks
from jgd.core.types import Scalar
from jgd.plots import _figure
from jgd.schedules.clock import at


def plot_schedules(
    schedules: Mapping[str, Scalar] | Mapping[str, Mapping[str, Scalar]],
    steps: int,
    *,
    label: str = "learning rate",
    axes: Any = None,
) -> np.ndarray:
    """Plots the values of schedules at steps 0 … steps − 1, as the stairs that they are: a value holds for one step.

    Numbers: `jgd.plots.schedule_values(schedules, steps)`, of each panel.

    Args:
        schedules: {name: schedule}, or {title: {name: schedule}} for a panel of each title, two in a row. A number is a
            constant.
        steps: How many, at least one.
        label: Of the vertical axis.
        axes: An array of Axes, one a panel, to draw into (of a single panel the Axes will do); default those of a new
            figure.

    Returns:
        (panels,) the Axes.

    Raises:
        JgdValueError: For no schedule, no step, a negative value, and as many Axes as there aren't panels.
        JgdTypeError: For something that is neither a schedule nor a number.

    Example:
        >>> import jgd
        >>> (ax,) = jgd.plots.plot_schedules({"halves": jgd.schedules.StepDecay(0.4, 2, 0.5)}, 4)
        >>> ax.get_lines()[0].get_ydata().tolist()  # the last value holds to the end of its step
        [0.4, 0.4, 0.2, 0.2, 0.2]
    """
    grouped = any(isinstance(group, Mapping) for group in schedules.values())
    panels: Mapping[str, Any] = schedules if grouped else {"": schedules}
    for title, group in panels.items():
        if not isinstance(group, Mapping) or not group:
            raise checks.JgdValueError(
                f"schedules{f'[{title!r}]' * grouped} must be {{name: schedule}}, got {checks.shown(group)}"
            )
    values = {title: schedule_values(group, steps) for title, group in panels.items()}
    columns = min(len(panels), 2)
    size = _figure.SIZE if len(panels) == 1 else (_figure.WIDTHS[2], 3.5 * -(-len(panels) // columns))
    drawn = _figure.given_axes(axes, len(panels), columns, size)
    for ax, (title, curves) in zip(drawn, values.items(), strict=True):
        for index, (name, heights) in enumerate(curves.items()):
            style = {"color": _figure.color(index), "ls": _figure.line_style(index)}
            ax.step(np.arange(steps + 1), np.append(heights, heights[-1]), where="post", lw=1.7, label=name, **style)
        ax.set_title(title, **_figure.TITLE)
        ax.set_ylim(bottom=0)
        ax.margins(x=0)
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.set_xlabel("step")
        ax.set_ylabel(label)
        _figure.finish(ax, legend="below")
    return drawn


def schedule_values(schedules: Mapping[str, Scalar], steps: int) -> dict[str, np.ndarray]:
    """The values of schedules at steps 0 … steps − 1.

    Args:
        schedules: {name: schedule}; a number is a constant.
        steps: How many, at least one.

    Returns:
        {name: (steps,) values}.

    Raises:
        JgdValueError: For no step and a negative value.
        JgdTypeError: For something that is neither a schedule nor a number.

    Example:
        >>> import jgd
        >>> schedule_values({"falls": jgd.schedules.Linear(0.2, 0.0, 2), "stays": 1}, 3)["falls"].tolist()
        [0.2, 0.1, 0.0]
    """
    times = jnp.arange(checks.count("steps", steps, least=1))
    for name, schedule in schedules.items():
        checks.hyperparameter(name, schedule, ">= 0")
    return {name: np.broadcast_to(np.asarray(at(value, times)), times.shape) for name, value in schedules.items()}
