"""Scaling of features, fitted on training rows only and carried to every other row.

`Standard().fit(train)` and `MinMax().fit(train)` return a `Scaling`: only what is fitted can transform.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from jgd.core import checks
from jgd.core.spellings import builder


@builder
@dataclass(frozen=True)
class Scaling:
    """x' = (x − shift) · factor + base, per column: what fitting found.

    Args:
        shift: (columns,), subtracted first.
        factor: (columns,); 0 for a constant column.
        base: () added last.

    Example:
        >>> scaling = MinMax(0, 1).fit(np.array([[0.0], [100.0]]))
        >>> scaling(np.array([[23.0]])), scaling.inverse(scaling(np.array([[23.0]])))
        (array([[0.23]]), array([[23.]]))
    """

    shift: np.ndarray
    factor: np.ndarray
    base: float

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """The scaled rows, (n, columns); rows are never refitted."""
        return (self._columns(inputs) - self.shift) * self.factor + self.base

    def inverse(self, scaled: np.ndarray) -> np.ndarray:
        """The rows that scale to `scaled`; a constant column returns to its constant."""
        usable = self.factor != 0
        unit = np.where(usable, 1 / np.where(usable, self.factor, 1), 0)
        return (self._columns(scaled) - self.base) * unit + self.shift

    def _columns(self, inputs: np.ndarray) -> np.ndarray:
        inputs = np.asarray(inputs)
        if inputs.ndim != 2 or inputs.shape[1] != len(self.shift):
            raise checks.JgdValueError(
                f"inputs must have the {len(self.shift)} columns that were fitted, shape (n, {len(self.shift)}), "
                f"got {inputs.shape}",
                argument="inputs",
            )
        return inputs


def by_last_axis(array: np.ndarray) -> np.ndarray:
    """An array as rows of the entries of its last axis, which are scaled one by one: a table's columns, an image's channels.

    >>> by_last_axis(np.zeros((5, 8, 8, 3))).shape, by_last_axis(np.zeros(5)).shape
    ((320, 3), (5, 1))
    """
    return array.reshape(-1, array.shape[-1] if array.ndim > 1 else 1)


class _Unfitted:
    def __call__(self, inputs: np.ndarray) -> NoReturn:
        raise checks.JgdTypeError(
            f"{type(self).__name__} is not fitted: call .fit(training_inputs) and use the Scaling it returns"
        )

    transform = inverse = __call__


@builder
@dataclass(frozen=True)
class Standard(_Unfitted):
    """Zero mean and unit standard deviation: (x − mean) / std.

    Args:
        ddof: the variance is divided by n − ddof.

    Example:
        >>> Standard().fit(np.array([[1.0], [3.0]]))(np.array([[1.0], [5.0]])).tolist()
        [[-1.0], [3.0]]
    """

    ddof: int = 0

    def __post_init__(self) -> None:
        checks.count("ddof", self.ddof, 0)

    def fit(self, inputs: np.ndarray, names: Sequence[str] = ()) -> Scaling:
        """From training rows (n, columns), n > ddof. A constant column maps to 0, with a warning that names it."""
        inputs = _training(inputs)
        if self.ddof >= len(inputs):
            raise checks.JgdValueError(f"ddof={self.ddof} needs more than {self.ddof} training rows, got {len(inputs)}")
        spread = inputs.std(axis=0, ddof=self.ddof)
        spread = np.where(np.ptp(inputs, axis=0) == 0, 0.0, spread)  # rounding leaves 1e-17 for a constant column
        return Scaling(inputs.mean(axis=0), _reciprocal(spread, 0.0, names), 0.0)


@builder
@dataclass(frozen=True)
class MinMax(_Unfitted):
    """The training range onto [low, high]: low + (x − min)(high − low) / (max − min).

    Args:
        low: what the smallest training value maps to.
        high: what the largest maps to, above `low`.

    Raises:
        JgdValueError: `low` is not below `high`, or one is not finite.

    Example:
        >>> MinMax(-1, 1).fit(np.array([[0.0], [100.0]]))(np.array([[61.0]])).round(2).tolist()
        [[0.22]]
    """

    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            checks.number(name, getattr(self, name), "(-inf, inf)")
        if not self.low < self.high:
            raise checks.JgdValueError(f"low must be below high, got low={self.low}, high={self.high}", argument="low")

    def fit(self, inputs: np.ndarray, names: Sequence[str] = ()) -> Scaling:
        """From training rows (n, columns). A constant column maps to low, with a warning that names it."""
        inputs = _training(inputs)
        span = np.ptp(inputs, axis=0)
        return Scaling(inputs.min(axis=0), (self.high - self.low) * _reciprocal(span, self.low, names), float(self.low))


def _training(inputs: np.ndarray) -> np.ndarray:
    inputs = checks.array("inputs", inputs)
    if inputs.ndim != 2:
        raise checks.JgdValueError(
            f"inputs must have shape (n, columns), got {inputs.shape}; try inputs[:, None]", argument="inputs"
        )
    checks.rows("inputs", inputs)
    checks.finite_data("inputs", inputs)
    return inputs


def _reciprocal(spread: np.ndarray, becomes: float, names: Sequence[str]) -> np.ndarray:
    constant = spread == 0
    if constant.any():
        which = ", ".join(names[i] if names else f"inputs column {i}" for i in np.flatnonzero(constant).tolist())
        warnings.warn(f"{which} is constant in the training rows and maps to {becomes:g}", stacklevel=3)
    return np.where(constant, 0.0, 1 / np.where(constant, 1, spread))
