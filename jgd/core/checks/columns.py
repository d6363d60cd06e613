"""Checks of whole columns of numbers. Enters: a function of numbers and a column for each. Leaves: the rows that it refuses.

Checks let traced numbers pass, whose values nobody knows. Here the function is traced for any row, what its checks have
let pass is noted, and then the columns are checked as arrays, instead of calling the function row by row.
"""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any, TypeAlias

import jax
import numpy as np

Check: TypeAlias = tuple[Callable[..., np.ndarray], tuple[Any, ...]]  # which of its values are good, and the values
PIECE = 8192  # rows at once of what a function computes from its numbers

_noted: ContextVar[list[Check] | None] = ContextVar("noted", default=None)


def note(good: Callable[..., np.ndarray], *values: Any) -> None:
    """A check has let traced numbers pass; good: values as NumPy arrays -> which of them it would not refuse."""
    noted = _noted.get()
    if noted is not None:
        noted.append((good, values))


def refused_rows(function: Callable[..., Any], columns: Mapping[str, np.ndarray]) -> tuple[np.ndarray, Any]:
    """Which rows the checks in `function(**numbers)` refuse, and the structure of what it returns for all of them.

    Args:
        function: One that can be traced.
        columns: Name -> (rows,) float64.

    Returns:
        (the indices of the rows that may be refused, the tree structure). Call the function with such a row for the
        message, and to be sure: what it computes from its numbers may be rounded otherwise here.

    Raises:
        Exception: whatever the function raises when it is traced.

    Example:
        >>> import jgd
        >>> rates = np.array([0.1, -0.2, 0.3])
        >>> refused_rows(jgd.optimizers.sgd, {"learning_rate": rates})[0]
        array([1])
    """
    goods: list[Callable[..., np.ndarray]] = []
    structures: list[Any] = []

    def checked(numbers: dict[str, Any]) -> list[tuple[Any, ...]]:
        noted: list[Check] = []
        token = _noted.set(noted)
        try:
            structures.append(jax.tree.structure(function(**numbers)))
        finally:
            _noted.reset(token)
        goods[:] = [good for good, _ in noted]
        return [values for _, values in noted]

    rows = len(next(iter(columns.values())))
    bad = np.zeros(rows, bool)
    for begin in range(0, rows, PIECE):
        with jax.enable_x64(True):  # in float64, like Python's numbers
            values = jax.vmap(checked)({name: column[begin : begin + PIECE] for name, column in columns.items()})
        for good, mine in zip(goods, values, strict=True):
            passes = good(*(np.asarray(value, np.float64) for value in mine))
            bad[begin : begin + PIECE] |= ~passes.reshape(len(passes), -1).all(axis=1)
    return np.flatnonzero(bad), structures[-1]
