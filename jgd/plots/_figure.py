"""The style that all plots share: where they draw, colors, and the last touches."""

from typing import Any

import numpy as np

from jgd.core import checks

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")  # Okabe & Ito: color-blind safe
STYLES = ("-", "--", "-.", ":")
SIZE = (7.2, 4.4)  # inches
TITLE = {"fontsize": 10}
PLACES = {  # of a legend: beside or below the panel, where no curve can be under it
    "inside": {},
    "right": {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0},
    "below": {"loc": "upper left", "bbox_to_anchor": (0.0, -0.2), "borderaxespad": 0.0},
}
MISSING = "plots need matplotlib: pip install 'jgd[plot]'"


def color(index: int) -> str:
    """The color of the curve number `index`; they begin anew after seven."""
    return COLORS[index % len(COLORS)]


def line_style(index: int) -> str:
    """The line style of the curve number `index`: another once the colors begin anew."""
    return STYLES[index // len(COLORS) % len(STYLES)]


def new_ax(ax: Any, size: tuple[float, float] = SIZE) -> Any:
    """The Axes given, checked; for None those of a new pyplot figure of `size` inches."""
    axes_class, pyplot = _matplotlib()
    if ax is None:
        return pyplot.subplots(figsize=size, layout="constrained")[1]
    if not isinstance(ax, axes_class):
        raise checks.JgdTypeError(f"ax must be matplotlib Axes or None, got {checks.shown(ax)}", argument="ax")
    return ax


def new_axes(axes: Any, count: int, columns: int, size: tuple[float, float], **shared: Any) -> np.ndarray:
    """(count,) Axes: those given, checked, or for None those of a new figure with so many columns. shared: sharex, sharey."""
    axes_class, pyplot = _matplotlib()
    if axes is None:
        grid = pyplot.subplots(
            -(-count // columns), columns, figsize=size, layout="constrained", squeeze=False, **shared
        )
        panels = grid[1].ravel()
        for unused in panels[count:]:
            unused.set_axis_off()
        return panels[:count]
    panels = np.asarray(axes, dtype=object).ravel()
    if not all(isinstance(each, axes_class) for each in panels):
        raise checks.JgdTypeError(
            f"axes must be an array of matplotlib Axes or None, got {checks.shown(axes)}", argument="axes"
        )
    if len(panels) != count:
        raise checks.JgdValueError(f"axes must hold {count} Axes, one a panel, got {len(panels)}", argument="axes")
    return panels


def finish(ax: Any, *, grid: bool = True, legend: str = "inside") -> Any:
    """Takes away the frame's upper right, adds grid and legend (a key of `PLACES`), and returns the Axes."""
    ax.spines[["top", "right"]].set_visible(False)
    if grid:
        ax.grid(alpha=0.25, lw=0.6)
    if ax.get_legend_handles_labels()[0]:
        ax.legend(frameon=False, fontsize=9, **PLACES[legend])
    return ax


def shared_legend(axes: np.ndarray) -> None:
    """One legend below all panels, an entry for each label that any of them has."""
    entries = {}
    for ax in axes:
        handles, labels = ax.get_legend_handles_labels()
        entries |= dict(zip(labels, handles, strict=True))
    if entries:
        place = {"loc": "outside lower center", "ncols": min(len(entries), 6)}
        axes[0].figure.legend(entries.values(), entries, frameon=False, fontsize=9, **place)


def _matplotlib() -> tuple[Any, Any]:
    """(the class Axes, pyplot)."""
    try:
        from matplotlib import pyplot
        from matplotlib.axes import Axes
    except ImportError as missing:
        raise ImportError(MISSING) from missing
    return Axes, pyplot
