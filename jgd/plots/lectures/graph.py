"""A computation graph: values on the way forward, derivatives on the way back."""

from typing import Any

import numpy as np

from jgd.plots import _figure
from jgd.teaching.graphs import Graph, GraphResult

BOX = 2.4  # inches from one column to the next, where there is room
ACROSS = 5  # columns for which there is room in a new figure; a deeper graph goes down
BEND, BEND_DOWN = -0.3, -0.75  # of an arrow that passes boxes: height over length of its arc, times two
INPUT, INNER, OUTPUT = "#f3f3f3", "#e3eef6", "#fbe9d0"  # of boxes
BACKWARD = _figure.COLORS[1]  # of derivatives
WORDS = {"ha": "center", "va": "center", "fontsize": 7.5}


def plot_graph(trace: GraphResult, *, ax: Any = None) -> Any:
    """Plots the graph of `trace`: a box for each name, columns in the order of dependence.

    Each box says the name, how it is computed, its value (black) and the output's derivative by it (colored); long
    arrays are their shapes and norms. Arrows carry values forward, and beside each stands the local derivative that the
    way back multiplies by. On Axes too narrow for the columns, the graph goes down instead of to the right; they need
    0.8 inches for each row of boxes.

    Numbers: `trace.values`, `trace.derivatives` and `trace.local(name, by)`.

    Args:
        trace: Of `jgd.teaching.graphs.Graph.run`.
        ax: The Axes to draw into; default those of a new figure that has room for all boxes.

    Returns:
        The Axes.

    Example:
        >>> from jgd.teaching import graphs
        >>> ax = plot_graph(Graph(p=graphs.sigmoid("u"), L=graphs.negative_log("p")).run(u=0.0))
        >>> ax.texts[-1].get_text()  # beside the arrow from p to L: −1/p
        '-2'
    """
    columns = depths(trace.graph)
    deep = max(columns.values()) + 1
    most = max(sum(column == c for column in columns.values()) for c in range(deep))
    ax = _figure.given_ax(
        ax, (min(BOX * deep, _figure.WIDTHS[2]), 0.4 + (1.1 * most if deep <= ACROSS else 0.95 * deep))
    )
    down = ax.figure.get_size_inches()[0] * ax.get_position().width < 0.45 * BOX * deep
    middles, side = _middles(trace, columns)
    places = {
        name: (row, -float(column)) if down else (middles[column], -row)
        for name, (column, row) in _places(columns).items()
    }
    local = []
    boxes = {name: _draw_box(ax, trace, name, place) for name, place in places.items()}
    for name, block in trace.graph.nodes.items():
        for source in dict.fromkeys(block.inputs):
            bend = (BEND_DOWN if down else BEND) * (columns[name] - columns[source] > 1)  # round the boxes between
            arrow = {
                "arrowstyle": "-|>",
                "color": "0.55",
                "patchA": boxes[source],
                "patchB": boxes[name],
                "shrinkA": 1,
                "shrinkB": 1,
                "connectionstyle": f"arc3,rad={bend}",
            }
            drawn = ax.annotate("", xy=places[name], xytext=places[source], arrowprops=arrow)
            local.append((name, source, drawn.arrow_patch, bend))
    across, up = ((-most / 2, most / 2), (0.5 - deep, 0.5)) if down else ((0.0, side), (-most / 2, most / 2))
    ax.set_xlim(*across)
    ax.set_ylim(*up)
    ax.axis("off")
    ax.figure.draw_without_rendering()  # lays the Axes out: an arc bends on the screen, not in the data
    for name, source, arrow, bend in local:
        if trace.derivatives[source] is not None:
            _draw_local(ax, format_array(trace.local(name, source)), arrow, places[source], places[name], bend)
    return ax


def depths(graph: Graph) -> dict[str, int]:
    """Each name's column: 0 for inputs, else one more than the deepest value it takes.

    Example:
        >>> from jgd.teaching import graphs
        >>> depths(Graph(u=graphs.dot("w", "x"), p=graphs.sigmoid("u")))
        {'w': 0, 'x': 0, 'u': 1, 'p': 2}
    """
    depth = dict.fromkeys(graph.inputs, 0)
    for name in graph.order:
        depth[name] = 1 + max(depth[source] for source in graph.nodes[name].inputs)
    return depth


def _middles(trace: GraphResult, columns: dict[str, int]) -> tuple[list[float], float]:
    """(where each column's middle is, how wide all are): each is as wide as its words and one equal share of what is left."""
    deep = max(columns.values()) + 1
    wide = [
        max(len(line) for name in columns if columns[name] == c for line in _lines(trace, name)) for c in range(deep)
    ]
    share = max(
        4.0, (min(deep * BOX, _figure.WIDTHS[2]) * 72 / (WORDS["fontsize"] * _figure.LETTER) - sum(wide)) / deep
    )
    return [sum(wide[:c]) + wide[c] / 2 + share * (c + 0.5) for c in range(deep)], sum(wide) + share * deep


def _places(columns: dict[str, int]) -> dict[str, tuple[int, float]]:
    """(column, row) of each name: those of a column follow each other, centered at row 0."""
    places: dict[str, tuple[int, float]] = {}
    for column in range(max(columns.values()) + 1):
        names = [name for name, c in columns.items() if c == column]
        places |= {name: (column, row - (len(names) - 1) / 2) for row, name in enumerate(names)}
    return places


def _lines(trace: GraphResult, name: str) -> list[str]:
    end, block = trace.graph.output, trace.graph.nodes.get(name)
    title = f"{name} = {block.label}({', '.join(block.inputs)})" if block else f"{name}  (input)"
    return [title, format_array(trace.values[name]), f"∂{end}/∂{name} = {format_array(trace.derivatives[name])}"]


def _draw_box(ax: Any, trace: GraphResult, name: str, place: tuple[float, float]) -> Any:
    """The box of one name; -> its patch, where arrows end."""
    end, block, lines = trace.graph.output, trace.graph.nodes.get(name), _lines(trace, name)
    face = OUTPUT if name == end else INNER if block else INPUT
    frame = {"boxstyle": "round,pad=0.35", "facecolor": face, "edgecolor": "0.5", "lw": 0.8}
    # all lines in no color make the box; the lines on it have colors of their own
    sized = ax.text(*place, "\n".join(lines), color="none", weight="bold", bbox=frame, linespacing=1.5, **WORDS)
    for shift, line, color in zip((12, 0, -12), lines, ("0.1", "0.1", BACKWARD), strict=True):
        weight = "bold" if shift > 0 else "normal"
        ax.annotate(line, place, (0, shift), textcoords="offset points", color=color, weight=weight, **WORDS)
    return sized.get_bbox_patch()


def _draw_local(
    ax: Any, words: str, arrow: Any, tail: tuple[float, float], head: tuple[float, float], bend: float
) -> None:
    """The local derivative on the middle of an arrow, on white; of a straight one on what is seen of it, between the boxes."""
    start, end = ax.transData.transform([tail, head])
    across, up = end - start
    box = arrow.get_window_extent()
    middle = (start + end) / 2 + bend / 2 * np.array([up, -across]) if bend else (box.min + box.max) / 2
    place = ax.transData.inverted().transform(middle)
    ax.text(*place, words, color=BACKWARD, **WORDS, bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8})


def format_array(value: Any) -> str:
    """A value of the graph as people read it: up to three numbers, else shape and norm.

    Example:
        >>> format_array(np.array([1.0, 0.25])), format_array(np.ones((2, 2))), format_array(None)
        ('[1, 0.25]', '[2, 2], norm 2', 'none')
    """
    if value is None:
        return "none"
    array = np.asarray(value, dtype=np.float64)
    if array.size > 3 or array.ndim > 1:
        return f"{list(array.shape)}, norm {np.linalg.norm(array):.4g}"
    return f"{array:.4g}" if array.ndim == 0 else f"[{', '.join(f'{number:.3g}' for number in array)}]"
