"""The classes that a model gives to points of a plane."""

from typing import Any

import numpy as np

from jgd.analysis import DecisionMap
from jgd.core import checks
from jgd.plots import _figure

MARKS = "os^vDPX*"


def plot_decision_map(found: DecisionMap, *, ax: Any = None) -> Any:
    """Plots the regions in which a classifier gives each label, their boundaries, and the rows in the colors of their labels.

    A row on another color than its own is an error. Classes differ by shape as well.

    Numbers: `found.regions` over `found.x` and `found.y`, `found.inputs` and `found.targets`.

    Args:
        found: Of `jgd.analysis.decision_map`.
        ax: The Axes to draw into; default those of a new figure.

    Returns:
        The Axes.

    Raises:
        JgdTypeError: For what is no `DecisionMap`.

    Example:
        >>> import jgd
        >>> side = lambda rows: np.where(rows[:, 0] > rows[:, 1], "below", "above")
        >>> found = jgd.analysis.decision_map(side, [[0.0, 0.0], [1.0, 0.5]], ["above", "below"], points=9)
        >>> [text.get_text() for text in plot_decision_map(found).get_legend().get_texts()]
        ['above', 'below']
    """
    checks.instance("found", found, DecisionMap, "jgd.analysis.decision_map(…) returns")
    ax = _figure.given_ax(ax)
    for index, label in enumerate(found.classes):
        here = (found.regions == index).astype(float)
        color, mark = _figure.color(index), MARKS[index % len(MARKS)]
        if here.any():
            ax.contourf(found.x, found.y, here, levels=[0.5, 1.5], colors=[color], alpha=0.22, zorder=0)
        if here.any() and not here.all():
            ax.contour(found.x, found.y, here, levels=[0.5], colors="0.3", linewidths=0.7, zorder=1)
        mine = np.zeros(len(found.inputs), bool) if found.targets is None else found.targets == index
        ax.plot(
            *found.inputs[mine].T, mark, ms=4.5, color=color, mec="white", mew=0.5, ls="", label=str(label), zorder=3
        )
    if found.targets is None:
        ax.plot(*found.inputs.T, ".", ms=3, color="0.3", zorder=3)
    ax.set_xlim(found.x[0], found.x[-1])
    ax.set_ylim(found.y[0], found.y[-1])
    ax.set_xlabel(found.names[0])
    ax.set_ylabel(found.names[1])
    return _figure.finish(ax, grid=False, legend="right")
