"""The loss around solutions: on the line between two, and over a plane."""

from typing import Any

import numpy as np

from jgd.analysis import LossLine, LossPlane
from jgd.core import checks
from jgd.plots import _figure

LEVELS = 14


def plot_loss_line(lines: LossLine | dict[str, LossLine], *, ax: Any = None) -> Any:
    """Plots the loss on the line between two solutions: a barrier between them, or one valley.

    Numbers: `line.shares`, `line.losses` and `line.barrier`.

    Args:
        lines: Of `jgd.analysis.loss_line`, one or {name: line}, such as on training and on validation rows.
        ax: The Axes to draw into; default those of a new figure.

    Returns:
        The Axes.

    Raises:
        JgdTypeError: For what is no `LossLine`.

    Example:
        >>> import jax.numpy as jnp, jgd
        >>> line = jgd.analysis.loss_line(lambda w, rows: (w**2 - 1) ** 2, jnp.array(-1.0), jnp.array(1.0))
        >>> plot_loss_line(line).get_legend().get_texts()[0].get_text()
        'barrier 1'
    """
    named = lines if isinstance(lines, dict) else {"": lines}
    for name, line in named.items():
        checks.instance(f"lines[{name!r}]" if name else "lines", line, LossLine, "jgd.analysis.loss_line(…) returns")
    ax = _figure.given_ax(ax)
    for index, (name, line) in enumerate(named.items()):
        label = f"{name}{', ' * bool(name)}barrier {line.barrier:.3g}"
        style = {"color": _figure.color(index), "ls": _figure.line_style(index)}
        ax.plot(line.shares, line.losses, marker=".", ms=3, lw=1.6, label=label, **style)
        ends = np.isin(line.shares, (0.0, 1.0))
        ax.plot(line.shares[ends], line.losses[ends], "o", ms=7, color=_figure.color(index), mec="white")
    ax.set_xlabel("share of the way from one solution to the other")
    ax.set_ylabel("loss")
    return _figure.finish(ax)


def plot_loss_plane(plane: LossPlane, *, scale: str = "log", ax: Any = None) -> Any:
    """Plots the loss over a plane through a solution, or through three, as contours.

    The star is the center, dots are the other solutions. Levels are even in the logarithm of the height above the lowest
    point, unless `scale` is "linear": a bowl is steep far out and flat where it matters.

    Numbers: `plane.x`, `plane.y`, `plane.losses` and `plane.marks`.

    Args:
        plane: Of `jgd.analysis.loss_plane`.
        scale: "log" or "linear".
        ax: The Axes to draw into; default those of a new figure.

    Returns:
        The Axes; the scale of colors has Axes of its own beside them.

    Raises:
        JgdTypeError: For what is no `LossPlane`.
        JgdValueError: For another scale.

    Example:
        >>> import jax.numpy as jnp, jgd
        >>> plane = jgd.analysis.loss_plane(lambda w, rows: jnp.sum(w**2), jnp.ones((2, 2)), points=5)
        >>> plot_loss_plane(plane).get_xlabel()
        'first direction'
    """
    checks.instance("plane", plane, LossPlane, "jgd.analysis.loss_plane(…) returns")
    checks.choice("scale", scale, ("log", "linear"))
    ax = _figure.given_ax(ax)
    heights = np.where(np.isfinite(plane.losses), plane.losses, np.nan)
    low, high = np.nanmin(heights), np.nanmax(heights)
    if high > low:
        shares = np.linspace(0, 1, LEVELS)
        levels = low + (high - low) * (shares if scale == "linear" else np.expm1(4 * shares) / np.expm1(4))
        norm = _figure.levels_norm(levels)
        shown = ax.contourf(plane.x, plane.y, heights, levels=levels, cmap=_figure.SEQUENTIAL, norm=norm)
        ax.contour(plane.x, plane.y, heights, levels=levels, colors="white", linewidths=0.4)
        bar = ax.figure.colorbar(shown, ax=ax, pad=0.02, ticks=levels[::3], format="{x:.3g}")
        bar.set_label("loss", fontsize=_figure.LABEL)
        bar.ax.tick_params(labelsize=_figure.TICK)
        bar.outline.set_visible(False)
    ax.plot(*plane.marks[:1].T, "*", ms=12, color="white", mec="k", mew=0.8)
    ax.plot(*plane.marks[1:].T, "o", ms=7, color="white", mec="k", mew=0.8)
    ax.set_aspect("equal")
    ax.set_xlabel("first direction")
    ax.set_ylabel("second direction")
    ax.set_title(plane.unit, **_figure.TITLE)
    return _figure.finish(ax, grid=False)
