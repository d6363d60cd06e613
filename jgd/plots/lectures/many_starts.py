"""Many starts, and where they end."""

from typing import Any

import numpy as np

from jgd.core import checks
from jgd.plots import _figure
from jgd.plots.lectures.landscape import draw_contours, draw_curve, heights
from jgd.plots.lectures.paths import COLORS, LABELS
from jgd.teaching import ManyStarts

MARKS = "os^vDP"
MOST = 6  # places with a color of their own


def plot_many_starts(found: ManyStarts, *, labels: tuple[str, str] | None = None, ax: Any = None) -> Any:
    """Plots starts on a landscape, each in the color and shape of the place where it ends; a cross is that place.

    The legend tells the loss at each place and the number of starts that end there, the lowest first. Places beyond the
    sixth share gray.

    Numbers: `found.starts`, `found.ends`, `found.places`, `found.losses`, `found.counts` and `found.place_of`.

    Args:
        found: Of `jgd.teaching.many_starts`, in one or two dimensions.
        labels: Of the two axes, as in `plot_paths`.
        ax: The Axes to draw into; default those of a new figure.

    Returns:
        The Axes.

    Raises:
        JgdTypeError: For what is no `ManyStarts`.
        JgdValueError: For more dimensions.

    Example:
        >>> import jgd
        >>> hills = jgd.landscapes.get("local_minimum")
        >>> found = jgd.teaching.many_starts(hills, jgd.optimizers.sgd(0.1), [[-0.4], [6.0], [3.0]])
        >>> [text.get_text() for text in plot_many_starts(found).get_legend().get_texts()]
        ['loss −0.137: 1 of 3', 'loss 0.473: 2 of 3']
    """
    checks.instance("found", found, ManyStarts, "jgd.teaching.many_starts(…) returns")
    dimensions = len(found.landscape.low)
    if dimensions not in LABELS:
        raise checks.JgdValueError(f"found must have one or two dimensions, got {dimensions}", argument="found")
    ax = _figure.given_ax(ax)
    (draw_curve if dimensions == 1 else draw_contours)(ax, found.landscape)
    on = lambda points: np.column_stack([points, heights(found.landscape, points)]) if dimensions == 1 else points
    groups = [(found.place_of == place, found.places[[place]]) for place in range(min(MOST, len(found.places)))]
    for index, (mine, place) in enumerate(groups):
        color, mark = COLORS[index % len(COLORS)], MARKS[index % len(MARKS)]
        loss = 0.0 if abs(found.losses[index]) < 1e-6 else found.losses[index]
        label = f"loss {loss:.3g}: {mine.sum()} of {len(mine)}".replace("-", "−")
        ax.plot(
            *on(found.starts[mine]).T,
            mark,
            ms=4.5,
            color=color,
            mec="white",
            mew=0.4,
            alpha=0.85,
            zorder=3,
            label=label,
        )
        ax.plot(*on(place).T, "X", ms=9, color=color, mec="k", mew=0.8, zorder=6)
    for mine, mark, words in (
        (found.place_of >= MOST, ".", "elsewhere"),
        (found.place_of < 0, "x", "diverged"),
    ):
        if mine.any():
            label = f"{words}: {mine.sum()} of {len(mine)}"
            ax.plot(*on(found.starts[mine]).T, mark, ms=4.5, color="0.35", zorder=3, label=label)
    across, up = labels or LABELS[dimensions]
    name = found.landscape.name.replace("_", " ")
    ax.set(xlabel=across, ylabel=up)
    ax.set_title(f"{name}: {len(found.starts)} starts, colored by where they end", **_figure.TITLE)
    return _figure.finish(ax, grid=False, legend="right")
