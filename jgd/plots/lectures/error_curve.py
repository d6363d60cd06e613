"""The U-curve: the error of a numerical derivative against its step."""

from typing import Any

import numpy as np

from jgd.gradients.difference_formulas import methods
from jgd.plots import _figure
from jgd.teaching.error_curves import DTYPES, ErrorCurve

SHOWN = 1e-18  # an error of exactly 0 has no place on a logarithmic axis: it is drawn here


def plot_error_curve(curve: ErrorCurve, *, axes: Any = None) -> np.ndarray:
    """Plots the error of each formula against its step, one panel a dtype: rounded away on the left, too coarse right.

    Numbers: `curve.steps` and `curve.errors`; an error of 0 is drawn at 1e-18.

    Args:
        curve: Of `jgd.teaching.error_curve`.
        axes: An array of two Axes, for float32 and float64, to draw into; default those of a new figure.

    Returns:
        (2,) the Axes.

    Raises:
        JgdValueError: For another number of Axes.

    Example:
        >>> import jgd
        >>> curve = jgd.teaching.error_curve(lambda x: x**3, 2.0, exact=12.0)
        >>> [ax.get_title() for ax in jgd.plots.plot_error_curve(curve)]
        ['float32', 'float64']
    """
    panels = _figure.given_axes(axes, len(DTYPES), len(DTYPES), (_figure.WIDTHS[2], 3.4), sharey=True)
    for ax, dtype in zip(panels, DTYPES, strict=True):
        for index, method in enumerate(methods):
            errors = np.maximum(curve.errors[method, dtype], SHOWN)
            style = "--" if method == "complex" else "-"  # it covers the central one at large steps
            ax.loglog(curve.steps, errors, label=method, color=_figure.color(index), ls=style, lw=1.6)
        eps = float(np.finfo(dtype).eps)
        ax.axhline(eps, color="0.3", lw=0.9, ls=":", label="eps of the dtype")
        ax.xaxis.get_major_locator().set_params(numticks=6)
        ax.set_title(dtype, **_figure.TITLE)
        ax.set_xlabel("step h")
    panels[0].set_ylabel("relative error of the derivative")
    for ax in panels:
        _figure.finish(ax, legend=None)
    _figure.shared_legend(panels)
    return panels
