"""Optimizers racing over several landscapes, as a picture and as an animation."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from jgd.core import checks
from jgd.plots import _figure
from jgd.plots.lectures.landscape import draw_contours, draw_curve, heights
from jgd.plots.lectures.paths import COLORS, LABELS
from jgd.teaching import Descents

if TYPE_CHECKING:
    from matplotlib.animation import FuncAnimation

TRAIL = {"ls": "-", "lw": 1.3, "marker": ".", "ms": 2.5, "zorder": 3}
HEAD = {"marker": "s", "ms": 5.5, "mec": "white", "mew": 0.6, "ls": "", "zorder": 4}


def plot_race(found: Mapping[str, Descents], *, steps: int | None = None, axes: Any = None) -> np.ndarray:
    """Plots optimizers on several landscapes, a panel each, two in a row: where they came from and where they are.

    Numbers: `found[title].paths`.

    Args:
        found: {title: descents}, of `jgd.teaching.race`.
        steps: How far; default to the end.
        axes: An array of Axes, one a landscape, to draw into; default those of a new figure.

    Returns:
        (landscapes,) the Axes. In each the lines 2 i and 2 i + 1 behind the stars are the trail and the head of optimizer i.

    Raises:
        JgdValueError: For no landscape, more steps than there are, and as many Axes as there aren't landscapes.

    Example:
        >>> import jgd
        >>> found = jgd.teaching.race({"sgd": jgd.optimizers.sgd(0.015)}, steps=5)
        >>> [ax.get_title() for ax in plot_race(found)]
        ['bowl', 'ravine', 'saddle', 'plateau']
    """
    panels, _ = _draw(found, steps, axes)
    return panels


def animate_race(
    found: Mapping[str, Descents], *, every: int = 1, milliseconds: int = 60, axes: Any = None
) -> "FuncAnimation":
    """The race step by step, as an animation: `animate_race(found).save("race.gif", writer="pillow")`.

    Numbers: as `plot_race`; frame k is after k · every steps.

    Args:
        found: {title: descents}, of `jgd.teaching.race`.
        every: Steps from one frame to the next.
        milliseconds: Of a frame.
        axes: As in `plot_race`.

    Returns:
        matplotlib's animation, the figure drawn at the start. Keep it as long as it is shown.

    Raises:
        JgdValueError: As `plot_race`.

    Example:
        >>> import jgd
        >>> found = jgd.teaching.race({"sgd": jgd.optimizers.sgd(0.015)}, steps=4)
        >>> film = animate_race(found, every=2)
        >>> film._draw_was_started = True  # an animation that nobody shows would warn
        >>> len(list(film.new_frame_seq()))
        3
    """
    every, milliseconds = checks.count("every", every, 1), checks.count("milliseconds", milliseconds, 1)
    panels, drawn = _draw(found, 0, axes)
    from matplotlib.animation import FuncAnimation

    last = max(len(points) for points, *_ in drawn) - 1
    frames = [*range(0, last, every), last]

    def show(step: int) -> list[Any]:
        for points, trail, head in drawn:
            trail.set_data(*points[: step + 1].T)
            head.set_data(*points[min(step, len(points) - 1)][:, None])
        return [line for _, *lines in drawn for line in lines]

    return FuncAnimation(panels[0].figure, show, frames=frames, interval=milliseconds, blit=False)


def _draw(found: Mapping[str, Descents], steps: int | None, axes: Any) -> tuple[np.ndarray, list[tuple[Any, Any, Any]]]:
    """-> (panels, (points, trail, head) of each optimizer in each)."""
    if not found:
        raise checks.JgdValueError("found must hold at least one landscape, got none", argument="found")
    for title, one in found.items():
        checks.instance(f"found[{title!r}]", one, Descents, "jgd.teaching.descents(…) returns")
    last = min(len(path) for one in found.values() for path in one.paths.values()) - 1
    until = last if steps is None else checks.count("steps", steps, 0, last)
    rows = -(-len(found) // 2)
    panels = _figure.given_axes(axes, len(found), 2, (_figure.WIDTHS[2], 0.4 + 3.0 * rows))
    drawn = []
    for ax, (title, one) in zip(panels, found.items(), strict=True):
        dimensions = len(one.landscape.low)
        (draw_curve if dimensions == 1 else draw_contours)(ax, one.landscape)
        for index, (name, path) in enumerate(one.paths.items()):
            points = np.column_stack([path, heights(one.landscape, path)]) if dimensions == 1 else path
            color = COLORS[index % len(COLORS)]
            (trail,) = ax.plot(*points[: until + 1].T, color=color, label=name, **TRAIL)
            (head,) = ax.plot(*points[until : until + 1].T, color=color, **HEAD)
            drawn.append((points, trail, head))
        across, up = LABELS[dimensions]
        ax.set(title=title, xlabel=across, ylabel=up)
        _figure.finish(ax, grid=False, legend=None)
    _figure.shared_legend(panels)
    return panels, drawn
