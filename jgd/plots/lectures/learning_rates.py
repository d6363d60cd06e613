"""Learning rates too small, good, at the edge and diverging."""

from typing import Any

import numpy as np

from jgd.core import checks
from jgd.plots import _figure
from jgd.plots.lectures.paths import draw_paths
from jgd.teaching import Descents


def plot_learning_rates(found: Descents, *, axes: Any = None) -> np.ndarray:
    """Plots each descent over its landscape in a panel of its own, two in a row.

    Numbers: `found.paths`, and `found.losses` for `plot_descent_losses`.

    Args:
        found: Of `jgd.teaching.learning_rates`, or of `jgd.teaching.descents` on one or two dimensions.
        axes: An array of Axes, one a descent, to draw into; default those of a new figure.

    Returns:
        (descents,) the Axes.

    Raises:
        JgdTypeError: For what is no `Descents`.
        JgdValueError: For as many Axes as there aren't descents.

    Example:
        >>> import jgd
        >>> panels = plot_learning_rates(jgd.teaching.learning_rates(jgd.landscapes.quadratic([4.0])))
        >>> panels[2].get_title()
        'at the edge, η = 0.5'
    """
    checks.instance("found", found, Descents, "jgd.teaching.learning_rates(…) returns")
    rows = -(-len(found.paths) // 2)
    panels = _figure.given_axes(axes, len(found.paths), 2, (_figure.WIDTHS[2], 2.6 * rows), sharex=True, sharey=True)
    for ax, (name, path) in zip(panels, found.paths.items(), strict=True):
        draw_paths(ax, found.landscape, {name: path})
        ax.set_title(name, **_figure.TITLE)
        _figure.finish(ax, grid=False, legend=None)
    return panels


def plot_descent_losses(found: Descents, *, ax: Any = None) -> Any:
    """Plots the loss of each descent against the step, logarithmic where the losses are positive.

    Numbers: `found.losses`.

    Args:
        found: Of `jgd.teaching.descents`, `learning_rates` or one of `race`.
        ax: The Axes to draw into; default those of a new figure.

    Returns:
        The Axes.

    Raises:
        JgdTypeError: For what is no `Descents`.

    Example:
        >>> import jgd
        >>> found = jgd.teaching.learning_rates(jgd.landscapes.quadratic([4.0]))
        >>> plot_descent_losses(found).get_lines()[2].get_ydata()[:3].tolist()  # at the edge
        [2.0, 2.0, 2.0]
    """
    checks.instance("found", found, Descents, "jgd.teaching.descents(…) returns")
    ax = _figure.given_ax(ax)
    for index, (name, losses) in enumerate(found.losses.items()):
        style = {"color": _figure.color(index), "ls": _figure.line_style(index)}
        ax.plot(np.where(np.isfinite(losses), losses, np.nan), marker=".", lw=1.6, ms=4, label=name, **style)
    if all((losses[np.isfinite(losses)] >= 0).all() for losses in found.losses.values()):
        ax.set_yscale("log")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set_xlabel("step")
    ax.set_ylabel("loss")
    ax.set_title(found.landscape.name.replace("_", " "), **_figure.TITLE)
    return _figure.finish(ax, legend="below")
