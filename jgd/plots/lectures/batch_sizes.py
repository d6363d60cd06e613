"""All rows, some rows, one row: paths, and losses against steps and against rows seen."""

from typing import Any

import numpy as np

from jgd.core import checks
from jgd.plots import _figure
from jgd.plots.lectures.paths import COLORS, draw_paths
from jgd.teaching import BatchDescents


def plot_batch_sizes(found: BatchDescents, *, labels: tuple[str, str] | None = None, axes: Any = None) -> np.ndarray:
    """Plots gradient descent, mini-batch and single-row descent on one contour, and their losses twice.

    Against steps a larger batch is ahead, against rows seen a smaller one.

    Numbers: `found.paths`, `found.losses` (over all rows) and `found.rows_seen`.

    Args:
        found: Of `jgd.teaching.batch_descents`.
        labels: Of the contour's axes; default "first weight" and "second weight".
        axes: An array of three Axes, for contour, steps and rows; default those of a new figure.

    Returns:
        (3,) the Axes.

    Raises:
        JgdTypeError: For what is no `BatchDescents`.
        JgdValueError: For another number of Axes.

    Example:
        >>> import jax.numpy as jnp, jgd
        >>> rows = (jnp.array([[1.0, 0.0], [0.0, 1.0]]), jnp.array([1.0, 1.0]))
        >>> mean = lambda w, rows: jnp.mean((rows[0] @ w - rows[1]) ** 2)
        >>> found = jgd.teaching.batch_descents(mean, jnp.zeros(2), rows, jgd.optimizers.sgd(0.1), [2, 1], epochs=3)
        >>> [ax.get_xlabel() for ax in plot_batch_sizes(found)]
        ['first weight', 'step', 'rows seen']
    """
    checks.instance("found", found, BatchDescents, "jgd.teaching.batch_descents(…) returns")
    panels = _figure.given_axes(axes, 3, 3, (_figure.WIDTHS[2], 2.9))
    contour, steps, rows = panels
    draw_paths(contour, found.landscape, found.paths, labels)
    for index, (name, losses) in enumerate(found.losses.items()):
        style = {"color": COLORS[index % len(COLORS)], "lw": 1.3, "label": name}
        steps.plot(losses, **style)
        rows.plot(found.rows_seen[name], losses, **style)
    for ax, label in ((steps, "step"), (rows, "rows seen")):
        if all((losses > 0).all() for losses in found.losses.values()):
            ax.set_yscale("log")
        ax.set_xscale("symlog", linthresh=1)
        ax.set_xlim(left=0)
        ax.set_xlabel(label)
        ax.set_ylabel("loss over all rows")
    for ax in panels:
        _figure.finish(ax, grid=ax is not contour, legend=None)
    _figure.shared_legend(panels)
    return panels
