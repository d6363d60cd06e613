"""Paths of descents over a landscape."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from jgd.core import checks
from jgd.landscapes import Landscape
from jgd.plots import _figure
from jgd.plots.lectures.landscape import condition_number, draw_contours, draw_curve, heights, shape, slopes

COLORS = ("#D55E00", "#E69F00", "#009E73", "#CC79A7", "#000000", "#0072B2")  # none of the first is the contours' blue
LABELS = {1: ("weight", "loss"), 2: ("first weight", "second weight")}
NUMBERED = 12  # steps of a path over one dimension that get a number and a tangent, at most
NUMBER = 0.2, 0.16  # inches, width and height that the number of a step takes
EDGE = 0.06  # inches from the sides within which a step has no number
ARROW = 0.03  # the shortest step that gets an arrow head, of the picture
TANGENT = 0.05  # half its length, of the picture's width
LEGEND, AROUND = 1.9, (0.7, 0.9)  # inches beside a picture for its legend, and for the words at its axes and above it


def plot_paths(
    landscape: Landscape,
    paths: Mapping[str, np.ndarray],
    *,
    labels: tuple[str, str] | None = None,
    ax: Any = None,
) -> Any:
    """Plots a landscape, its minima as stars, and the paths of descents: a ring at the start, a square at the end.

    Two dimensions: contours, and arrows along the paths. One dimension: the curve, the first steps with their number
    and tangent.

    Numbers: those given as `paths`, of `jgd.teaching.descents` or of a run's observations, and `landscape(point)`.

    Args:
        landscape: Of one or two dimensions, such as `jgd.landscapes.get("rosenbrock")`.
        paths: {name: (steps, dimensions)}; of one dimension (steps,) will do. `observe=` of `jgd.train` records them.
        labels: Of the two axes; default "first weight" and "second weight", or "weight" and "loss".
        ax: The Axes to draw into; default those of a new figure.

    Returns:
        The Axes.

    Raises:
        JgdValueError: For a landscape of more dimensions, and a path of another shape.

    Example:
        >>> import jgd
        >>> bowl = jgd.landscapes.get("quadratic")
        >>> run = jgd.train(bowl, jgd.optimizers.sgd(0.3), bowl.start, steps=9, observe=lambda w: w)
        >>> ax = plot_paths(bowl, {"sgd": np.vstack([bowl.start, run.observations])})
        >>> ax.get_title(), ax.get_aspect()
        ('quadratic', 1.0)
    """
    checked = checked_paths(landscape, paths)
    ax = _figure.given_ax(ax, _size(landscape))
    draw_paths(ax, landscape, checked, labels)
    ax.set_title(landscape.name.replace("_", " "), **_figure.TITLE)
    return _figure.finish(ax, grid=False, legend="inside" if len(landscape.low) == 1 else "right")


def plot_paths_scaled(
    panels: Mapping[str, tuple[Landscape, Mapping[str, np.ndarray]]],
    *,
    labels: tuple[str, str] | None = None,
    axes: Any = None,
) -> np.ndarray:
    """`plot_paths` of several landscapes side by side, such as a loss before and after its features are scaled.

    Each panel is scaled to its landscape's box; its title tells the condition number at the minimum, where all
    curvatures are positive. One legend below serves all panels.

    Numbers: those given.

    Args:
        panels: {title: (landscape, paths)}, as `plot_paths` takes them.
        labels: Of the two axes, as in `plot_paths`.
        axes: An array of Axes, one a panel, to draw into; default those of a new figure.

    Returns:
        (panels,) the Axes.

    Raises:
        JgdValueError: For no panel, for what `plot_paths` refuses, and as many Axes as there aren't panels.

    Example:
        >>> import jgd
        >>> panels = {"long": (jgd.landscapes.quadratic([1.0, 36.0]), {}), "round": (jgd.landscapes.quadratic([1, 1]), {})}
        >>> [ax.get_title().splitlines() for ax in plot_paths_scaled(panels)]
        [['long', 'condition number 36'], ['round', 'condition number 1']]
    """
    if not panels:
        raise checks.JgdValueError("panels must hold at least one landscape, got none", argument="panels")
    checked = {title: (landscape, checked_paths(landscape, paths)) for title, (landscape, paths) in panels.items()}
    wide = max(_figure.WIDTHS[2], 3.2 * len(panels))
    shapes = [shape(landscape.low, landscape.high) or 1.0 for landscape, _ in checked.values()]
    tall = (wide / len(panels) - AROUND[0]) * max(shapes) + AROUND[1] + 0.7  # a second line above, a legend below
    drawn = _figure.given_axes(axes, len(panels), len(panels), (wide, min(tall, 6.0)))
    for ax, (title, (landscape, paths)) in zip(drawn, checked.items(), strict=True):
        draw_paths(ax, landscape, paths, labels)
        ax.set_title("\n".join(filter(None, [title, _condition(landscape)])), **_figure.TITLE)
        _figure.finish(ax, grid=False, legend=None)
    _figure.shared_legend(drawn)
    return drawn


def _size(landscape: Landscape) -> tuple[float, float]:
    """Of a new figure, in inches: as high as the landscape's box asks for, so that no room stays empty."""
    wide, tall = _figure.SIZE
    ratio = shape(landscape.low, landscape.high)
    return (wide, tall if ratio is None else min(tall, (wide - LEGEND - AROUND[0]) * ratio + AROUND[1]))


def checked_paths(landscape: Landscape, paths: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The paths as arrays (steps, dimensions)."""
    dimensions = len(landscape.low)
    if dimensions not in LABELS:
        raise checks.JgdValueError(
            f"landscape must have one or two dimensions to be drawn, got {dimensions}", argument="landscape"
        )
    checked = {}
    for name, steps in paths.items():
        array = np.asarray(steps, np.float64)
        array = array[:, None] if array.ndim == 1 and dimensions == 1 else array
        if array.ndim != 2 or array.shape[1] != dimensions:
            raise checks.JgdValueError(
                f"paths[{name!r}] must have shape (steps, {dimensions}), got {np.shape(steps)}", argument="paths"
            )
        checked[name] = array
    return checked


def draw_paths(
    ax: Any,
    landscape: Landscape,
    paths: Mapping[str, np.ndarray],
    labels: tuple[str, str] | None = None,
    *,
    numbers: bool = True,
) -> None:
    """The landscape and its paths, without a title and a legend. numbers: of the steps, with tangents."""
    dimensions = len(landscape.low)
    (draw_curve if dimensions == 1 else draw_contours)(ax, landscape)
    for index, (name, steps) in enumerate(paths.items()):
        color = COLORS[index % len(COLORS)]
        at = np.column_stack([steps, heights(landscape, steps)]) if dimensions == 1 else steps
        ax.plot(at[:, 0], at[:, 1], ".-", color=color, lw=1.2 if dimensions == 2 else 0.6, ms=3.5, label=name, zorder=3)
        ax.plot(*at[:1].T, "o", ms=8, mec=color, mfc="white", zorder=4)
        ends = at[np.isfinite(at).all(axis=1)][-1:]
        ax.plot(*ends.T, "s", ms=5.5, mec="white", mew=0.6, mfc=color, zorder=4)
        if dimensions == 2:
            _arrows(ax, at[np.isfinite(at).all(axis=1)], color)
        elif numbers:
            _number_steps(ax, at, slopes(landscape, steps)[:, 0], color, 1 - 2 * (index % 2))
    across, up = labels or LABELS[dimensions]
    ax.set_xlabel(across)
    ax.set_ylabel(up)


def _arrows(ax: Any, at: np.ndarray, color: str) -> None:
    """Arrow heads on the longest steps of each third of the way that are long enough to carry one."""
    scale = np.array([np.ptp(ax.get_xlim()), np.ptp(ax.get_ylim())])
    lengths = np.hypot(*(np.diff(at, axis=0) / scale).T)
    if not len(lengths):
        return
    third = np.minimum(3 * (np.cumsum(lengths) - lengths / 2) / max(lengths.sum(), 1e-300), 2).astype(int)
    for part in np.unique(third):
        one = int(np.argmax(np.where(third == part, lengths, -1)))
        if ARROW <= lengths[one] <= 1:
            middle = (at[one] + at[one + 1]) / 2
            style = {"arrowstyle": "-|>", "color": color, "lw": 1, "mutation_scale": 9, "shrinkA": 0, "shrinkB": 0}
            ahead = middle + (at[one + 1] - at[one]) * min(0.25, 0.02 / lengths[one])
            ax.annotate("", xy=ahead, xytext=at[one], arrowprops=style, annotation_clip=True, zorder=5)


def _number_steps(ax: Any, at: np.ndarray, slope: np.ndarray, color: str, side: int) -> None:
    """Numbers and tangents of the first steps that lie apart, where they are in the picture. side: 1 above the curve, −1 below."""
    (x0, x1), (y0, y1) = ax.get_xlim(), ax.get_ylim()
    inches = np.array(ax.figure.get_size_inches()) * [ax.get_position().width, ax.get_position().height]
    per_unit = inches / [x1 - x0, y1 - y0]
    written: list[int] = []
    for step, ((x, y), rise) in enumerate(zip(at, slope, strict=True)):
        near = any((np.abs(at[step] - at[other]) * per_unit < NUMBER).all() for other in written)
        inside = (x - x0) * per_unit[0] > EDGE and (x1 - x) * per_unit[0] > EDGE
        if near or not inside or not np.isfinite(y) or len(written) == NUMBERED:
            continue
        along = np.array([1.0, rise]) * per_unit  # on the page
        along /= np.hypot(*along)
        tangent = TANGENT * inches[0] * along / per_unit
        ax.plot(
            [x - tangent[0], x + tangent[0]], [y - tangent[1], y + tangent[1]], color=color, lw=1.0, alpha=0.8, zorder=2
        )
        off = side * 9 * np.array([-along[1], along[0]])
        words = {"textcoords": "offset points", "ha": "center", "va": "center", "fontsize": 8, "color": color}
        ax.annotate(str(step), (x, y), off, **words)
        written.append(step)
    ax.set_ylim(y0, y1)


def _condition(landscape: Landscape) -> str:
    found = condition_number(landscape)
    if np.isnan(found):
        return ""
    return f"condition number {found:.3g}" if np.isfinite(found) else "condition number too large for the dtype"
