"""What derivatives cost against the number of parameters."""

from typing import Any

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
    for index, (name, label) in enumerate(CURVES.items()):
        known = [(row.d, getattr(row, name) / row.forward) for row in table.rows if getattr(row, name) is not None]
        if known:
            ax.plot(*zip(*known, strict=True), "o-", ms=4, lw=1.6, color=_figure.color(index))
            shift = {"product": 7, "gradient": -3, "forward": -7}.get(name, 0)  # curves that nearly coincide
            words = {"va": "center", "fontsize": _figure.TICK, "color": _figure.color(index), "annotation_clip": False}
            ax.annotate(label, known[-1], (8, shift), textcoords="offset points", **words)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.margins(x=0.3)
    ax.set_xlabel("parameters d")
    ax.set_ylabel("operations / one forward pass (XLA's count)")
    return _figure.finish(ax)
