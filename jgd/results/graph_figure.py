"""The picture of a graph of blocks: values on the way forward, derivatives on the way back."""

from pathlib import Path
from typing import Any

import numpy as np

from jgd.teaching.graphs import Graph, GraphResult


def graph(trace: GraphResult, path: str | Path) -> None:
    """Draws `trace` to a PNG, or what the path's ending says: a box for each name, columns in the order of dependence.

    Each box says the name, how it is computed, its value (black) and the output's derivative by it (red); long arrays
    are their shapes and norms. Arrows carry values forward. Needs matplotlib (the extra `plot`).
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as missing:
        raise ImportError("figures need matplotlib: pip install 'jgd[plot]'") from missing
    columns = depths(trace.graph)
    places = _places(columns)
    wide = max(columns.values()) + 1
    tall = max(sum(column == c for column in columns.values()) for c in range(wide))
    figure = Figure(figsize=(2.7 * wide, 1.25 * tall + 0.5), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    end = trace.graph.output
    boxes = {}
    for name, (x, y) in places.items():
        one = trace.graph.nodes.get(name)
        title = f"{name} = {one.label}({', '.join(one.inputs)})" if one else f"{name}  (input)"
        lines = [title, _said(trace.values[name]), f"∂{end}/∂{name} = {_said(trace.derivatives[name])}"]
        face = "#fff3d6" if name == end else "#eaf1fb" if one else "#f3f3f3"
        frame = {"boxstyle": "round,pad=0.5", "facecolor": face, "edgecolor": "0.5", "lw": 0.8}
        words = {"ha": "center", "va": "center", "fontsize": 7.5}
        # all lines in no colour make the box; the lines on it have colours of their own
        sized = axes.text(x, y, "\n".join(lines), color="none", weight="bold", bbox=frame, linespacing=1.5, **words)
        boxes[name] = sized.get_bbox_patch()
        for shift, line, color in zip((12, 0, -12), lines, ("0.1", "0.1", "#b3261e"), strict=True):
            weight = "bold" if shift > 0 else "normal"
            axes.annotate(line, (x, y), (0, shift), textcoords="offset points", color=color, weight=weight, **words)
    for name, one in trace.graph.nodes.items():
        for source in dict.fromkeys(one.inputs):
            skips = columns[name] - columns[source] > 1  # round the boxes between
            arrow = {
                "arrowstyle": "-|>",
                "color": "0.55",
                "patchA": boxes[source],
                "patchB": boxes[name],
                "shrinkA": 1,
                "shrinkB": 1,
                "connectionstyle": f"arc3,rad={-0.3 if skips else 0}",
            }
            axes.annotate("", xy=places[name], xytext=places[source], arrowprops=arrow)
    axes.set_xlim(-0.5, wide - 0.5)
    axes.set_ylim(-tall / 2 - 0.1, tall / 2 + 0.25)
    axes.axis("off")
    figure.savefig(path, format=Path(path).suffix.lstrip(".") or "png")


def depths(graph: Graph) -> dict[str, int]:
    """name -> its column: 0 for inputs, else one more than the deepest value it takes.

    >>> from jgd.teaching import graphs
    >>> depths(Graph(u=graphs.dot("w", "x"), p=graphs.sigmoid("u")))
    {'w': 0, 'x': 0, 'u': 1, 'p': 2}
    """
    depth = dict.fromkeys(graph.inputs, 0)
    for name in graph.order:
        depth[name] = 1 + max(depth[source] for source in graph.nodes[name].inputs)
    return depth


def _places(columns: dict[str, int]) -> dict[str, tuple[float, float]]:
    """Each column's boxes one below the other, centred on one line."""
    places = {}
    for column in range(max(columns.values()) + 1):
        names = [name for name, c in columns.items() if c == column]
        for row, name in enumerate(names):
            places[name] = (float(column), (len(names) - 1) / 2 - row)
    return places


def _said(value: Any) -> str:
    if value is None:
        return "none"
    if value.size > 3:
        return f"{list(value.shape)}, norm {np.linalg.norm(np.asarray(value, dtype=np.float64)):.4g}"
    return np.array2string(np.asarray(value, dtype=np.float64), precision=4, separator=", ")
