"""Layer 9: the pictures of `jgd.gradients`. Enters: its curves. Leaves: PNG files."""

from pathlib import Path

import numpy as np

from jgd.gradients.numerical import methods
from jgd.teaching.error_curves import DTYPES, ErrorCurve

SHOWN = 1e-18  # an error of exactly 0 has no place on a logarithmic axis: it is drawn here
COLOURS = dict(zip(methods, ("tab:orange", "tab:blue", "tab:green", "tab:red"), strict=True))

DASHES = {method: "--" if method == "complex" else "-" for method in methods}  # it covers the central one at large h


def draw_error_curve(curve: ErrorCurve, path: str | Path) -> Path:
    """The U-curve, error against step, one panel a dtype, to `path` (PNG or what its ending says); returns the path.

    Needs the `plot` extra. Nothing is shown on a screen.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, 2, sharey=True)
    for panel, dtype in zip(panels, DTYPES, strict=True):
        for method in methods:
            errors = np.maximum(curve.errors[method, dtype], SHOWN)
            panel.loglog(
                curve.steps, errors, label=method, color=COLOURS[method], linestyle=DASHES[method], linewidth=1.4
            )
        eps = float(np.finfo(dtype).eps)
        panel.axhline(eps, color="grey", linewidth=0.8, linestyle=":")
        panel.annotate(f"eps of {dtype}", (curve.steps[-1], eps), ha="right", va="bottom", color="grey", fontsize=8)
        panel.set(title=dtype, xlabel="step h")
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("relative error of the derivative")
    panels[0].legend()
    path = Path(path)
    figure.savefig(path, dpi=150)
    return path
