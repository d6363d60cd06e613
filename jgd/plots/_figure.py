"""The style that all plots share: where they draw, colors, and the last touches."""

import textwrap
from typing import Any

import numpy as np

from jgd.core import checks

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")  # Okabe & Ito: color-blind safe
STYLES = ("-", "--", "-.", ":")
SEQUENTIAL = "cividis"  # a color map that is even for the color-blind, and in gray
WIDTHS = {1: 3.5, 2: 7.2}  # inches of one and of two columns of a journal's page, 89 and 183 mm
SIZE = (WIDTHS[2], 4.4)
FEW = 200.0  # highest over lowest of a logarithmic axis, up to which 2 and 5 are ticks too
NARROW = 5.0  # inches of a figure up to which a legend beside a panel would leave it no room
LABEL, TICK, PANEL = 9, 8, 9  # points, the same on a figure of one or of two columns, as they are printed
LETTER = 0.52  # width of a letter on average, of its height
HANDLE = 9  # letters that the line of a legend's entry is as wide as, with the room around it
TITLE = {"fontsize": PANEL}
PLACES = {  # of a legend: beside or below the panel, where no curve can be under it
    "inside": {},
    "right": {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0},
}
MISSING = "plots need matplotlib: pip install 'jgd[plot]'"


def color(index: int) -> str:
    """The color of the curve number `index`; they begin anew after seven."""
    return COLORS[index % len(COLORS)]


def line_style(index: int) -> str:
    """The line style of the curve number `index`: another once the colors begin anew."""
    return STYLES[index // len(COLORS) % len(STYLES)]


def new_axes(panels: int = 1, *, columns: int = 2, across: int | None = None, height: float | None = None) -> Any:
    """Axes of a new figure as wide as one or two columns of a page, to hand to a plot as `ax` or `axes`.

    Text has the size in which it is printed, 8 and 9 points, on both. Save the figure without scaling it.

    Args:
        panels: How many Axes.
        columns: 1, a figure of 3.5 inches (89 mm), or 2, of 7.2 inches (183 mm).
        across: Panels in a row; default one a column of the page.
        height: Of the figure in inches; default 0.75 of a panel's width for each row of them, 0.61 of a single wide one.

    Returns:
        The Axes; (panels,) of them where there are several.

    Raises:
        JgdValueError: For another number of columns, no panel, and a height that is not positive.

    Example:
        >>> import jgd
        >>> ax = jgd.plots.new_axes(columns=1)
        >>> jgd.plots.plot_schedules({"halves": jgd.schedules.StepDecay(0.4, 2, 0.5)}, 4, axes=ax)[0] is ax
        True
        >>> ax.figure.get_size_inches().tolist()
        [3.5, 2.625]
    """
    panels, columns = checks.count("panels", panels, 1), checks.count("columns", columns, 1, 2)
    across = min(panels, columns) if across is None else checks.count("across", across, 1)
    rows = -(-panels // across)
    tall = (
        (0.61 if across < columns else 0.75) * WIDTHS[columns] / across * rows
        if height is None
        else checks.number("height", height, "> 0")
    )
    drawn = given_axes(None, panels, across, (WIDTHS[columns], tall))
    return drawn[0] if panels == 1 else drawn


def given_ax(ax: Any, size: tuple[float, float] = SIZE, projection: str | None = None) -> Any:
    """The Axes given, checked; for None those of a new pyplot figure of `size` inches."""
    axes_class, pyplot = _matplotlib()
    if ax is None:
        return pyplot.subplots(figsize=size, layout="constrained", subplot_kw={"projection": projection})[1]
    if not isinstance(ax, axes_class):
        raise checks.JgdTypeError(f"ax must be matplotlib Axes or None, got {checks.shown(ax)}", argument="ax")
    return ax


def given_axes(axes: Any, count: int, across: int, size: tuple[float, float], **shared: Any) -> np.ndarray:
    """(count,) Axes: those given, checked, or for None those of a new figure, so many in a row. shared: sharex, sharey."""
    axes_class, pyplot = _matplotlib()
    if axes is None:
        grid = pyplot.subplots(-(-count // across), across, figsize=size, layout="constrained", squeeze=False, **shared)
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


def finish(ax: Any, *, grid: bool = True, legend: str | None = "inside") -> Any:
    """The last touches, once everything is drawn: frame, grid, legend, sizes and line breaks of words. -> the Axes.

    legend: "inside", "right" (below, where the figure is narrow), "below", or None for no legend.
    """
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=TICK)
    if grid:
        ax.grid(alpha=0.25, lw=0.6)
        ax.set_axisbelow(True)
    for axis in (ax.xaxis, ax.yaxis):
        _few_decades(axis)
    words(ax)
    if legend and ax.get_legend_handles_labels()[0]:
        _legend(ax, "below" if legend == "right" and ax.figure.get_size_inches()[0] < NARROW else legend)
    return ax


def words(ax: Any) -> None:
    """Title and labels in their sizes, broken where they are longer than the side that they stand at."""
    box, (width, height) = ax.get_position(), ax.figure.get_size_inches()
    ticks = max((len(label.get_text()) for label in ax.get_yticklabels()), default=0) * TICK * LETTER / 72
    across = width * box.width - max(0.0, ticks - 0.4)  # long words at the ticks leave less room
    sides = (ax.title, across, PANEL), (ax.xaxis.label, across, LABEL)
    for text, inches, points in (*sides, (ax.yaxis.label, height * box.height, LABEL)):
        fits = max(12, int(72 * inches / (points * LETTER)))
        lines = [textwrap.fill(line, fits, break_long_words=False) for line in text.get_text().splitlines()]
        text.set(text="\n".join(lines), fontsize=points)


def levels_norm(levels: np.ndarray) -> Any:
    """Colors that are even over levels, whatever their distances."""
    from matplotlib.colors import BoundaryNorm

    return BoundaryNorm(levels, 256, extend="neither")


def _few_decades(axis: Any) -> None:
    """Ticks at 1, 2 and 5 with plain numbers on a logarithmic axis that has too few decades to tick them alone."""
    low, high = sorted(axis.get_view_interval())
    if axis.get_scale() != "log" or axis.get_transform().base != 10 or low <= 0 or high > FEW * low:
        return
    from matplotlib.ticker import LogLocator, NullFormatter

    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high > 2.5 * low else range(1, 10)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def _legend(ax: Any, place: str) -> None:
    handles, labels = ax.get_legend_handles_labels()
    style = {"frameon": False, "fontsize": TICK}
    if place != "below":
        ax.legend(**style, **PLACES[place])
        return
    from matplotlib.transforms import ScaledTranslation

    fits = 72 * ax.figure.get_size_inches()[0] * ax.get_position().width / (TICK * LETTER)
    columns = max(1, min(3, len(labels), int(fits / (max(map(len, labels)) + HANDLE))))
    down = 24 + 12 * len(ax.get_xlabel().splitlines())  # points, of ticks and label
    below = ax.transAxes + ScaledTranslation(0, -down / 72, ax.figure.dpi_scale_trans)
    corner = {"loc": "upper left", "bbox_to_anchor": (0.0, 0.0), "bbox_transform": below, "borderaxespad": 0.0}
    ax.legend(handles, labels, ncols=columns, **corner, **style)


def shared_legend(axes: np.ndarray) -> None:
    """One legend below all panels, an entry for each label that any of them has."""
    entries = {}
    for ax in axes:
        handles, labels = ax.get_legend_handles_labels()
        entries |= dict(zip(labels, handles, strict=True))
    if entries:
        figure = axes[0].figure
        fits = int(72 * figure.get_size_inches()[0] / (TICK * LETTER) / (max(map(len, entries)) + HANDLE))
        place = {"loc": "outside lower center", "ncols": max(1, min(len(entries), fits))}
        figure.legend(entries.values(), entries, frameon=False, fontsize=TICK, **place)


def _matplotlib() -> tuple[Any, Any]:
    """(the class Axes, pyplot)."""
    try:
        from matplotlib import pyplot
        from matplotlib.axes import Axes
    except ImportError as missing:
        raise ImportError(MISSING) from missing
    return Axes, pyplot
