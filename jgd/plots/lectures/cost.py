"""What derivatives cost against the number of parameters."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from jgd.plots import _figure
from jgd.teaching import CostTable

CURVES = {  # field of `Cost` -> label
    "forward": "forward",
    "gradient": "value and gradient",
    "product": "Hessian · vector",
    "hessian": "Hessian",
}


def plot_cost(table: CostTable, *, ax: Any = None) -> Any:
    """Plots operations in units of one forward pass against d, both logarithmic.

    The gradient and the Hessian–vector product stay flat, the Hessian grows as d: the whole argument for first-order
    methods.

    Numbers: `table.to_dict()`.

    Args:
        table: Of `jgd.teaching.cost_table`.
        ax: The Axes to draw into; default those of a new figure.

    Returns:
        The Axes.

    Example:
        >>> import jgd
        >>> ax = jgd.plots.plot_cost(jgd.teaching.cost_table((4, 16)))
        >>> ax.get_lines()[0].get_xdata().tolist()
        [4, 16]
    """
    ax = _figure.given_ax(ax)
    ends = {}
    for index, (name, label) in enumerate(CURVES.items()):
        known = [(row.d, getattr(row, name) / row.forward) for row in table.rows if getattr(row, name) is not None]
        if known:
            ax.plot(*zip(*known, strict=True), "o-", ms=4, lw=1.6, color=_figure.color(index))
            ends[label] = (known[-1], _figure.color(index))
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.margins(x=0.3)
    points = 72 * ax.figure.get_size_inches()[1] * ax.get_position().height
    low, high = np.log(ax.get_ylim())
    at = {label: (np.log(end[1]) - low) / (high - low) * points for label, (end, _) in ends.items()}
    for label, height in apart(at, 1.3 * _figure.TICK).items():
        end, color = ends[label]
        words = {"va": "center", "fontsize": _figure.TICK, "color": color, "annotation_clip": False}
        ax.annotate(label, end, (8, height - at[label]), textcoords="offset points", **words)
    ax.set_xlabel("parameters d")
    ax.set_ylabel("operations / one forward pass (XLA's count)")
    return _figure.finish(ax)


def apart(heights: Mapping[str, float], gap: float) -> dict[str, float]:
    """The heights in their order, from the lowest, each at least `gap` above the one before.

    Example:
        >>> apart({"b": 12.0, "a": 10.0, "c": 40.0}, 5.0)
        {'a': 10.0, 'b': 15.0, 'c': 40.0}
    """
    out: dict[str, float] = {}
    for name in sorted(heights, key=lambda name: heights[name]):
        out[name] = max([heights[name], *(height + gap for height in out.values())])
    return out
