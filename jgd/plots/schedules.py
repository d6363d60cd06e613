"""The picture of schedules: their values against the step."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from jgd.core import checks
from jgd.core.types import Scalar
from jgd.results.canvas import figure_and_axes, finish
from jgd.schedules.clock import at


def schedule_curves(
    schedules: Mapping[str, Scalar] | Mapping[str, Mapping[str, Scalar]], steps: int, path: str | Path
) -> None:
    """{name: schedule} at steps 0 … steps − 1, as a PNG or what the path's ending says.

    {title: {name: schedule}} makes a panel of each title, two in a row. A number is a constant. Needs matplotlib (the
    extra `plot`).

    Raises `JgdValueError` for no schedule or no step, `JgdTypeError` for something that is neither schedule nor number.
    """
    checks.count("steps", steps, least=1)
    grouped = any(isinstance(group, Mapping) for group in schedules.values())
    panels: Mapping[str, Any] = schedules if grouped else {"": schedules}
    for title, group in panels.items():
        if not isinstance(group, Mapping) or not group:
            raise checks.JgdValueError(f"schedules{f'[{title!r}]' * grouped} must be {{name: schedule}}, got {group!r}")
        for name, schedule in group.items():
            checks.hyperparameter(name, schedule, ">= 0")
    columns = min(len(panels), 2)
    rows = -(-len(panels) // columns)
    figure, axes = figure_and_axes(rows, columns, (7.2, 4.4) if len(panels) == 1 else (4.8 * columns, 3.6 * rows))
    grid = np.atleast_1d(axes).flatten()
    times = np.arange(steps)
    for place, (title, group) in zip(grid, panels.items(), strict=False):
        for i, (name, schedule) in enumerate(group.items()):
            values = np.asarray(at(schedule, jnp.asarray(times)))
            place.plot(times, values, lw=1.7, color=f"C{i}", label=name)
        place.set_title(title, fontsize=10)
        place.set_ylim(bottom=0)
        place.margins(x=0)
        place.set_xlabel("step")
    for place in grid[len(panels) :]:
        place.set_visible(False)
    below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.17), "ncols": 2}  # curves fill their panels
    finish(figure, grid[: len(panels)], path, **below)
