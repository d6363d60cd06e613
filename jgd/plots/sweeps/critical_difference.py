"""Average ranks of methods, with bars over those that can't be told apart."""

from typing import Any

import numpy as np

from jgd.analysis import CriticalDifference
from jgd.core import checks
from jgd.plots import _figure

ROW = 0.9  # from one line of words to the next


def plot_critical_difference(found: CriticalDifference, *, ax: Any = None) -> Any:
    """Plots methods on the axis of their average rank, the best on the left; a bar joins those that can't be told apart.

    The length of the critical difference stands above the axis.

    Numbers: `found.ranks`, `found.difference` and `found.groups`.

    Args:
        found: Of `jgd.analysis.critical_difference`.
        ax: The Axes to draw into; default those of a new figure.

    Returns:
        The Axes.

    Raises:
        JgdTypeError: For what is no `CriticalDifference`.

    Example:
        >>> import jgd
        >>> scores = [[0.9, 0.8, 0.9], [0.8, 0.9, 0.8], [0.1, 0.2, 0.1]]
        >>> found = jgd.analysis.critical_difference(scores, ["a", "b", "c"], larger_is_better=True)
        >>> [text.get_text() for text in plot_critical_difference(found).texts]
        ['critical difference 1.91', 'a  1.33', 'b  1.67', 'c  3.00']
    """
    checks.instance("found", found, CriticalDifference, "jgd.analysis.critical_difference(…) returns")
    k = len(found.methods)
    left = (k + 1) // 2  # methods with their words on the left
    bars = len(found.groups)
    deep = 1.0 + 0.35 * bars + ROW * left
    ax = _figure.given_ax(ax, (_figure.WIDTHS[2], 1.0 + 0.28 * deep))
    words = {"va": "center", "fontsize": _figure.TICK}
    ax.plot([1, 1 + found.difference], [0.9, 0.9], "|-", color="k", lw=1.2, ms=7)
    ax.text(
        1 + found.difference / 2,
        1.1,
        f"critical difference {found.difference:.2f}",
        ha="center",
        va="bottom",
        fontsize=_figure.TICK,
    )
    for index, (method, rank) in enumerate(zip(found.methods, found.ranks, strict=True)):
        on_left = index < left
        row = index if on_left else k - 1 - index
        y, end = -(0.7 + 0.35 * bars + ROW * row), 1 - 0.08 * k if on_left else k + 0.08 * k
        ax.plot([rank, rank, end], [0, y, y], color=_figure.color(index), lw=1.3, solid_joinstyle="miter")
        said = f"{method}  {rank:.2f}"
        ax.text(end - 0.03 * k if on_left else end + 0.03 * k, y, said, ha="right" if on_left else "left", **words)
    for row, (first, last) in enumerate(found.groups):
        y = -(0.4 + 0.35 * row)
        ends = found.ranks[first] - 0.02 * k, found.ranks[last] + 0.02 * k
        ax.plot(ends, [y, y], color="k", lw=4, solid_capstyle="butt", zorder=3)
    ax.set_ylim(-deep, 2.2)
    ax.set_xlim(1 - 0.45 * k, k + 0.45 * k)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.set_yticks([])
    ax.plot([1, k], [0, 0], color="k", lw=1)
    ax.set_xticks(np.arange(1, k + 1))
    ax.xaxis.set_ticks_position("top")
    ax.spines["top"].set_position(("data", 0))
    ax.set_title(f"average rank over {found.tasks} tasks, at {found.confidence:.0%}", **_figure.TITLE)
    return _figure.finish(ax, grid=False)
