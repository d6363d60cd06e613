"""One training curve and its smoothings, on a linear and on a logarithmic axis."""

from typing import Any

import numpy as np

from jgd.core import checks
from jgd.plots import _figure
from jgd.training import Run, smooth

SCALES = ("linear", "log")
FORMS = {"recursive": "recursive: b xᵢ + (1 − b) sᵢ₋₁", "literal": "literal: b xᵢ + (1 − b) xᵢ₋₁"}


def plot_smoothings(run: Run | Any, b: float = 0.1, *, axes: Any = None) -> np.ndarray:
    """Plots a training loss with the lectures' two smoothings, on a linear axis and on a logarithmic one beside it.

    The recursive mean remembers the whole past; the formula as the lectures print it looks one step back only, and
    hardly smooths.

    Numbers: `run.history["loss"]`, and `jgd.smooth(run.history["loss"], b, form)` with "recursive" and "literal".

    Args:
        run: A `jgd.Run`, or (steps,) losses.
        b: In (0, 1], the weight of the new value.
        axes: An array of two Axes, linear and logarithmic, to draw into; default those of a new figure.

    Returns:
        (2,) the Axes.

    Raises:
        JgdValueError: For losses that are no vector, a b outside (0, 1], and another number of Axes.

    Example:
        >>> linear, log = plot_smoothings([4.0, 2.0, 2.0], 0.5)
        >>> linear.get_lines()[1].get_ydata().tolist(), log.get_yscale()
        ([4.0, 3.0, 2.5], 'log')
    """
    losses = np.asarray(run.history["loss"] if isinstance(run, Run) else run, np.float64)
    steps = run.history["step"] if isinstance(run, Run) else np.arange(losses.size)
    smoothed = {form: smooth(losses, b, form) for form in FORMS}
    panels = _figure.given_axes(axes, len(SCALES), len(SCALES), (_figure.WIDTHS[2], 3.3))
    for ax, scale in zip(panels, SCALES, strict=True):
        ax.plot(steps, losses, color="0.6", lw=0.7, label="loss")
        for index, (form, label) in enumerate(FORMS.items()):
            ax.plot(steps, smoothed[form], color=_figure.color(index), lw=1.6 - 0.7 * index, label=label)
        ax.set_yscale(scale, **({"nonpositive": "mask"} if scale == "log" else {}))
        ax.set_xlabel("step")
        ax.set_ylabel("training loss")
        ax.set_title(f"{scale}, b = {checks.number('b', b, '(0, 1]'):g}", **_figure.TITLE)
        _figure.finish(ax, legend=None)
    _figure.shared_legend(panels)
    return panels
