"""The U-curve: the error of a numerical derivative against its step, too coarse or rounded away."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from jgd.core import checks
from jgd.core.types import Batch, Params
from jgd.gradients.float64_loss import Float64Loss, build_float64_loss
from jgd.gradients.numerical import direction_vector, formulas, methods

DTYPES = ("float32", "float64")


@dataclass(frozen=True)
class ErrorCurve:
    """Errors of derivatives along one direction against the step.

    steps: (steps,) float64. exact: the derivative they are compared with. errors: (method, dtype) -> (steps,) float64,
    |numeric − exact| / |exact| (or without the quotient where exact is 0), for "forward", "central", "richardson",
    "complex" and "float32", "float64"; the loss itself is evaluated in that dtype.
    """

    steps: np.ndarray
    exact: float
    errors: dict[tuple[str, str], np.ndarray]

    def best(self, method: str, dtype: str = "float64") -> tuple[float, float]:
        """-> (the step with the smallest error, that error)."""
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
    """How far the four formulas are off along `direction` (by default ones everywhere), step by step.

    exact: the true derivative along it. steps: (steps,), by default 10⁻¹⁶ … 1, four a decade. The complex step needs a
    loss that is analytic; where it can't be traced with complex numbers its errors are NaN.

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
        wide = build_float64_loss(loss, params, *data, dtype=np.dtype(dtype))
        v = np.ones_like(wide.x) if direction is None else direction_vector(wide, direction, params)
        for method in methods:
            slopes = _slopes(wide, v, method, steps)
            errors[method, dtype] = np.abs(slopes - exact) / (abs(exact) if exact else 1.0)
    return ErrorCurve(steps, exact, errors)


def _slopes(wide: Float64Loss, v: np.ndarray, method: str, steps: np.ndarray) -> np.ndarray:
    if method == "complex":
        try:
            return wide.along_imaginary(v, steps) / steps
        except (TypeError, ValueError):
            return np.full(steps.shape, np.nan)
    formula = formulas[method]
    offsets, weights = np.array(formula.offsets, float), np.array(formula.weights)
    values = wide.along(np.repeat(v[None], steps.size, axis=0), steps[:, None] * offsets)
    return values @ weights / steps
