"""The U-curve: the error of a numerical derivative against its step, too coarse or rounded away."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from jgd.core import checks
from jgd.core.types import Batch, Params
from jgd.gradients.difference_formulas import formulas, methods
from jgd.gradients.float64_loss import Float64Loss, build_float64_loss
from jgd.gradients.numerical import direction_vector

DTYPES = ("float32", "float64")


@dataclass(frozen=True)
class ErrorCurve:
    """Errors of derivatives along one direction against the step.

    Attributes:
        steps: (steps,) float64.
        exact: The derivative they are compared with.
        errors: (method, dtype) -> (steps,) float64, |numeric − exact| / |exact| (not divided where exact is 0), for the
            methods "forward", "central", "richardson", "complex" and the dtypes "float32", "float64" in which the loss
            is evaluated.
    """

    steps: np.ndarray
    exact: float
    errors: dict[tuple[str, str], np.ndarray]

    def best(self, method: str, dtype: str = "float64") -> tuple[float, float]:
        """The bottom of one curve.

        Args:
            method: "forward", "central", "richardson" or "complex".
            dtype: "float32" or "float64".

        Returns:
            (the step with the smallest error, that error).
        """
        at = int(np.nanargmin(self.errors[method, dtype]))
        return float(self.steps[at]), float(self.errors[method, dtype][at])


def error_curve(
    loss: Callable[..., Any],
    params: Params,
    *data: Batch,
    exact: float,
    direction: Params | None = None,
    steps: np.ndarray | None = None,
) -> ErrorCurve:
    """How far the four difference formulas are off along one direction, step by step.

    Args:
        loss: A function (params, *data) -> one real floating number. The complex step needs an analytic one; where it
            can't be traced with complex numbers its errors are NaN.
        params: Tree of arrays and numbers.
        *data: Trees that the loss takes after params.
        exact: The true derivative along the direction.
        direction: A tree like params. None: ones everywhere.
        steps: (steps,), each > 0. None: 10⁻¹⁶ … 1, four a decade.

    Returns:
        The errors by method and dtype.

    Raises:
        JgdTypeError: The loss is no function of these arguments, or an argument holds no numbers.
        JgdValueError: A step or `exact` is outside its rule, or the direction has other leaves or shapes.

    Example:
        >>> curve = error_curve(lambda x: x**3, 2.0, exact=12.0)
        >>> step, error = curve.best("central")
        >>> bool(1e-7 < step < 1e-3), bool(error < 1e-9)
        (True, True)
    """
    steps = 10.0 ** np.arange(-16, 0.25, 0.25) if steps is None else np.asarray(steps)
    checks.hyperparameter("steps", steps, "> 0", schedule=False)
    steps, exact = steps.astype(np.float64), checks.number("exact", exact, "(-inf, inf)")
    errors = {}
    for dtype in DTYPES:
        loss64 = build_float64_loss(loss, params, *data, dtype=np.dtype(dtype))
        v = np.ones_like(loss64.x) if direction is None else direction_vector(loss64, direction, params)
        for method in methods:
            slopes = _slopes(loss64, v, method, steps)
            errors[method, dtype] = np.abs(slopes - exact) / (abs(exact) if exact else 1.0)
    return ErrorCurve(steps, exact, errors)


def _slopes(loss64: Float64Loss, v: np.ndarray, method: str, steps: np.ndarray) -> np.ndarray:
    if method == "complex":
        try:
            return loss64.along_imaginary(v, steps) / steps
        except (TypeError, ValueError):
            return np.full(steps.shape, np.nan)
    formula = formulas[method]
    offsets, weights = np.array(formula.offsets, float), np.array(formula.weights)
    values = loss64.along(np.repeat(v[None], steps.size, axis=0), steps[:, None] * offsets)
    return values @ weights / steps
