"""The picture of what derivatives cost against the number of parameters."""

from pathlib import Path

from jgd.teaching.costs import CostTable


def cost(table: CostTable, path: str | Path) -> None:
    """Operations in units of one forward pass against d, both logarithmic, to a PNG or what the path's ending says.

    The gradient and the Hessian–vector product stay flat, the Hessian grows as d: that is the whole argument for
    first-order methods. Needs matplotlib (the extra `plot`).
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as missing:
        raise ImportError("figures need matplotlib: pip install 'jgd[plot]'") from missing
    figure = Figure(figsize=(7.2, 4.4), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    curves = {
        "forward": "forward",
        "gradient": "value and gradient",
        "product": "Hessian · vector",
        "hessian": "Hessian",
    }
    for place, (name, label) in enumerate(curves.items()):
        known = [(row.d, getattr(row, name) / row.forward) for row in table.rows if getattr(row, name) is not None]
        if known:
            axes.plot(*zip(*known, strict=True), "o-", ms=4, lw=1.6, color=f"C{place}")
            shift = {"product": 5, "gradient": -5}.get(name, 0)  # two curves that nearly coincide
            words = {"va": "center", "fontsize": 9, "color": f"C{place}", "annotation_clip": False}
            axes.annotate(label, known[-1], (8, shift), textcoords="offset points", **words)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.margins(x=0.25)
    axes.set_xlabel("parameters d")
    axes.set_ylabel("operations / one forward pass (XLA's count)")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25, lw=0.6)
    figure.savefig(path, format=Path(path).suffix.lstrip(".") or "png")
