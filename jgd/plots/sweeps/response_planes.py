"""The score over two hyperparameters, as cells or as contours."""

from typing import Any

import numpy as np

from jgd.analysis import ResponsePlane, response_plane
from jgd.core import checks
from jgd.plots import _figure
from jgd.plots._values import is_number, log_scores, spans_decades
from jgd.sweeps import Sweep

WRITTEN = 64  # cells at most that have their number written in them
WIDE = 0.6  # inches of a cell that three digits need
LEVELS = 12
FEWEST = 4  # pairs that contours need


def plot_response_heatmap(sweep: Sweep, first: str, second: str, recipe: str | None = None, *, ax: Any = None) -> Any:
    """Plots the validation metric as a cell for each pair of values of two hyperparameters, the best cell framed.

    A cell is the mean over seeds of the best config with that pair. A gray cell with a cross diverged; a white one was
    not tried, or stopped early.

    Numbers: `jgd.analysis.response_plane(sweep, first, second, recipe).grid`.

    Args:
        sweep: The result of `jgd.sweep` over lists of values.
        first: The hyperparameter on the horizontal axis.
        second: That on the vertical axis.
        recipe: One of the sweep's; default the only one that has both.
        ax: The Axes to draw into; default those of a new figure.

    Returns:
        The Axes; the scale of colors has Axes of its own beside them.

    Raises:
        JgdValueError: As `jgd.analysis.response_plane`.

    Example:
        >>> import jgd
        >>> space = {"learning_rate": [0.01, 0.1], "momentum": [0.0, 0.9]}
        >>> found = jgd.sweep("hours_points", "momentum", space, seeds=2, steps=30)
        >>> ax = plot_response_heatmap(found, "learning_rate", "momentum")
        >>> [label.get_text() for label in ax.get_xticklabels()]
        ['0.01', '0.1']
    """
    checks.instance("sweep", sweep, Sweep, "jgd.sweep(…) returns")
    plane = response_plane(sweep, first, second, recipe)
    columns, rows, table = plane.grid
    ax = _figure.given_ax(ax)
    edges = [np.arange(len(values) + 1) - 0.5 for values in (columns, rows)]
    shown = ax.pcolormesh(*edges, np.ma.masked_invalid(table.T), edgecolors="white", lw=0.8, **_colors(plane, table))
    for pair, mean in zip(plane.pairs, plane.means, strict=True):
        if not np.isfinite(mean):
            at = columns.index(pair[0]), rows.index(pair[1])
            ax.add_patch(_rectangle(at, facecolor="0.85", edgecolor="white", lw=0.8))
            ax.plot(*at, "x", ms=6, color="0.3")
    if np.isfinite(table).any():
        best = np.unravel_index((np.nanargmax if plane.larger_is_better else np.nanargmin)(table), table.shape)
        ax.add_patch(_rectangle(best, fill=False, edgecolor=_figure.color(1), lw=2.2, zorder=3))
        if table.size <= WRITTEN:
            _write(ax, table, shown)
        _scale(ax, shown, plane)
    for axis, values in ((ax.xaxis, columns), (ax.yaxis, rows)):
        axis.set_ticks(range(len(values)), [f"{v:.3g}" if is_number(v) else str(v) for v in values])
    if max(len(label.get_text()) for label in ax.get_xticklabels()) * len(columns) > 40:
        ax.tick_params(axis="x", rotation=45)
    ax.set_xlabel(first)
    ax.set_ylabel(second)
    ax.set_title(_title(sweep, plane, recipe), **_figure.TITLE)
    return _figure.finish(ax, grid=False)


def plot_response_contour(sweep: Sweep, first: str, second: str, recipe: str | None = None, *, ax: Any = None) -> Any:
    """Plots the validation metric as contours over two hyperparameters, with a dot for each pair that was tried.

    Between the dots it is interpolated linearly, on axes that are logarithmic where values span decades. A cross
    diverged, the ring is the best.

    Numbers: `jgd.analysis.response_plane(sweep, first, second, recipe)`, its `pairs` and `means`.

    Args:
        sweep: The result of `jgd.sweep`, of any sampler.
        first: A swept number, on the horizontal axis.
        second: That on the vertical axis.
        recipe: One of the sweep's; default the only one that has both.
        ax: The Axes to draw into; default those of a new figure.

    Returns:
        The Axes; the scale of colors has Axes of its own beside them.

    Raises:
        JgdValueError: As `jgd.analysis.response_plane`, for a hyperparameter of words, and for fewer than four pairs
            that survived, or pairs on one line.

    Example:
        >>> import jgd
        >>> space = {"learning_rate": [0.01, 0.1], "momentum": [0.0, 0.9]}
        >>> found = jgd.sweep("hours_points", "momentum", space, seeds=2, steps=30)
        >>> plot_response_contour(found, "learning_rate", "momentum").get_ylabel()
        'momentum'
    """
    checks.instance("sweep", sweep, Sweep, "jgd.sweep(…) returns")
    plane = response_plane(sweep, first, second, recipe)
    for name, values in zip((first, second), zip(*plane.pairs, strict=True), strict=True):
        if not all(map(is_number, values)):
            raise checks.JgdValueError(f"{name} has words among its values: draw it by plot_response_heatmap")
    points, means = np.array(plane.pairs, float), plane.means
    alive = np.isfinite(means)
    scales = ["log" if spans_decades(column) else "linear" for column in points.T]
    flat = np.column_stack([np.log(c) if s == "log" else c for c, s in zip(points.T, scales, strict=True)])[alive]
    if alive.sum() < FEWEST or np.linalg.matrix_rank(flat - flat[:1], tol=1e-9) < 2:
        raise checks.JgdValueError(
            f"contours need {FEWEST} pairs that survived, not on one line, got {alive.sum()}: draw them by "
            "plot_response_heatmap"
        )
    ax = _figure.given_ax(ax)
    from matplotlib.tri import Triangulation

    mesh = Triangulation(*flat.T)
    if np.ptp(means[alive]) > 0:
        colors = _colors(plane, means[alive])
        drawn = Triangulation(*points[alive].T, triangles=mesh.triangles)  # made on the axes' scale, drawn in values
        shown = ax.tricontourf(drawn, means[alive], levels=LEVELS, **colors)
        ax.tricontour(drawn, means[alive], levels=LEVELS, colors="white", linewidths=0.4, alpha=0.7)
        _scale(ax, shown, plane)
    ax.plot(*points[alive].T, "o", ms=3.5, color="k", mec="white", mew=0.5)
    ax.plot(*points[~alive].T, "x", ms=5, color="0.3", label="diverged" if (~alive).any() else None)
    best = (np.nanargmax if plane.larger_is_better else np.nanargmin)(means)
    ax.plot(*points[[best]].T, "o", ms=10, mfc="none", mec=_figure.color(1), mew=2, label=f"best: {means[best]:.3g}")
    for set_scale, scale in ((ax.set_xscale, scales[0]), (ax.set_yscale, scales[1])):
        set_scale(scale)
    ax.set_xlabel(first)
    ax.set_ylabel(second)
    ax.set_title(_title(sweep, plane, recipe), **_figure.TITLE)
    return _figure.finish(ax, grid=False, legend="below")


def _colors(plane: ResponsePlane, values: np.ndarray) -> dict[str, Any]:
    """The color map, yellow for the best; logarithmic where the scores span decades."""
    norm = {"norm": "log"} if log_scores(values, plane.larger_is_better) else {}
    return {"cmap": _figure.SEQUENTIAL if plane.larger_is_better else f"{_figure.SEQUENTIAL}_r", **norm}


def _write(ax: Any, table: np.ndarray, shown: Any) -> None:
    """The numbers in their cells, dark on light and light on dark."""
    inches = ax.figure.get_size_inches()[0] * ax.get_position().width / len(table)
    digits = 3 if inches > WIDE else 2
    for at in np.argwhere(np.isfinite(table)):
        value = table[tuple(at)]
        red, green, blue, _ = shown.to_rgba(value)
        tone = "k" if 0.3 * red + 0.59 * green + 0.11 * blue > 0.5 else "w"
        ax.text(*at, f"{value:.{digits}g}", ha="center", va="center", fontsize=_figure.TICK - 1, color=tone)


def _scale(ax: Any, shown: Any, plane: ResponsePlane) -> None:
    bar = ax.figure.colorbar(shown, ax=ax, pad=0.02)
    bar.set_label(f"validation {plane.metric}", fontsize=_figure.LABEL)
    bar.ax.tick_params(labelsize=_figure.TICK)
    bar.outline.set_visible(False)


def _rectangle(at: Any, **style: Any) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((at[0] - 0.5, at[1] - 0.5), 1, 1, **style)


def _title(sweep: Sweep, plane: ResponsePlane, recipe: str | None) -> str:
    of = f", {recipe}" if recipe else ""
    others = (
        " and the best of the other hyperparameters" if len(plane.pairs) < len(sweep.configs) and not recipe else ""
    )
    return f"{sweep.task}{of}: mean over {sweep.facts.seed_words}{others}"
