"""What all pictures share: a figure that needs no display, and its last touches."""

from pathlib import Path
from typing import Any

import numpy as np


def figure_and_axes(rows: int = 1, columns: int = 1, size: tuple[float, float] = (7.2, 4.4)) -> tuple[Any, Any]:
    """-> (figure, its axes: one, or an array of them). size: in inches, at 150 dots."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as missing:
        raise ImportError("figures need matplotlib: pip install 'jgd[plot]'") from missing
    figure = Figure(figsize=size, dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns)


def finish(figure: Any, axes: Any, path: str | Path, *, grid: bool = True, legend: bool = True, **placed: Any) -> None:
    """Take away the frame, add grid and legend to each of the axes, and save. placed: where the legends go."""
    for each in np.atleast_1d(axes).flat:
        each.spines[["top", "right"]].set_visible(False)
        if grid:
            each.grid(alpha=0.25, lw=0.6)
        if legend and each.get_legend_handles_labels()[0]:
            each.legend(frameon=False, fontsize=9, **placed)
    figure.savefig(path, format=Path(path).suffix.lstrip(".") or "png")
