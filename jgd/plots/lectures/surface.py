"""A landscape of two dimensions as a surface with the paths on it."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from jgd.core import checks
from jgd.landscapes import Landscape
from jgd.plots import _figure
from jgd.plots.lectures.landscape import heights
from jgd.plots.lectures.paths import COLORS, LABELS, checked_paths

POINTS = 61  # of the surface along each side
LIFT = 0.015  # of the surface's height, that a path lies above it


def plot_surface(
    landscape: Landscape,
    paths: Mapping[str, np.ndarray] | None = None,
    *,
    labels: tuple[str, str] | None = None,
    ax: Any = None,
) -> Any:
    """Plots a landscape as a surface in three dimensions, with the paths of descents on it.

    What leaves the landscape's box isn't drawn. A ring is the start, a square the end, a star a minimum.

    Numbers: those given as `paths`, and `landscape(point)`.

    Args:
        landscape: Of two dimensions, such as `jgd.landscapes.get("himmelblau")`.
        paths: {name: (steps, 2)}, such as `jgd.teaching.descents(…).paths`.
        labels: Of the two horizontal axes; default "first weight" and "second weight".
        ax: Axes with `projection="3d"` to draw into; default those of a new figure.

    Returns:
        The Axes.

    Raises:
        JgdValueError: For a landscape of other dimensions, a path of another shape, and flat Axes.

    Example:
        >>> import jgd
        >>> ax = plot_surface(jgd.landscapes.get("quadratic"), {"down": np.array([[2.0, -1.0], [1.0, -0.5]])})
        >>> ax.get_zlabel(), ax.get_lines()[0].get_data_3d()[0].tolist()
        ('loss', [2.0, 1.0])
    """
    if len(landscape.low) != 2:
        raise checks.JgdValueError(
            f"landscape must have two dimensions, got {len(landscape.low)}", argument="landscape"
        )
    checked = checked_paths(landscape, paths or {})
    ax = _figure.given_ax(ax, projection="3d")
    if not hasattr(ax, "plot_surface"):
        raise checks.JgdValueError('ax must have projection="3d", got flat Axes', argument="ax")
    (x0, y0), (x1, y1) = landscape.low, landscape.high
    x, y = np.meshgrid(np.linspace(x0, x1, POINTS), np.linspace(y0, y1, POINTS))
    z = heights(landscape, np.stack([x, y], axis=-1))
    ax.computed_zorder = False  # the paths are on the surface, not in it
    ax.plot_surface(x, y, z, cmap="Blues", alpha=0.65, rcount=POINTS, ccount=POINTS, lw=0, antialiased=False, zorder=0)
    lift = LIFT * np.ptp(z)
    for index, (name, steps) in enumerate(checked.items()):
        inside = steps[((steps >= landscape.low) & (steps <= landscape.high)).all(axis=1)]
        on = np.column_stack([inside, heights(landscape, inside) + lift]) if len(inside) else np.zeros((0, 3))
        color = COLORS[index % len(COLORS)]
        ax.plot(*on.T, ".-", color=color, lw=1.4, ms=3.5, label=name, zorder=3)
        ax.plot(*on[:1].T, "o", ms=6.5, mec=color, mfc="white", zorder=4)
        ax.plot(*on[-1:].T, "s", ms=5.5, mec="white", mew=0.6, mfc=color, zorder=4)
    for minimum in landscape.minima:
        ax.plot(*minimum, landscape.least + lift, "*", ms=11, color="k", mec="white", mew=0.6, zorder=5)
    for axis, word in zip((ax.xaxis, ax.yaxis, ax.zaxis), (*(labels or LABELS[2]), "loss"), strict=True):
        axis.set_label_text(word, fontsize=_figure.LABEL)
        axis.set_tick_params(labelsize=_figure.TICK, pad=0)
        axis.set_pane_color((1, 1, 1, 0))
        axis.get_major_locator().set_params(nbins=5)
    ax.view_init(elev=38, azim=-58)
    ax.set_box_aspect(None, zoom=0.8)  # the vertical label inside the figure
    ax.set_title(landscape.name.replace("_", " "), **_figure.TITLE)
    if checked:
        ax.legend(frameon=False, fontsize=_figure.TICK, loc="upper left")
    return ax
