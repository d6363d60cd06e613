"""A search space: a recipe's parameter names mapped to the values to try."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, TypeAlias

import jax
import numpy as np

from jgd.core import checks

Config: TypeAlias = dict[str, float]
Space: TypeAlias = Mapping[str, Sequence[float] | np.ndarray]


def log_grid(low: float, high: float, count: int) -> tuple[float, ...]:
    """`count` values from low to high, both included, equally spaced in the logarithm; 0 < low ≤ high.

    A count of 1 is low alone.

    >>> log_grid(1e-3, 1e-1, 3)
    (0.001, 0.01, 0.1)
    """
    _ends(checks.number("low", low, "> 0"), checks.number("high", high, "> 0"))
    return tuple(np.geomspace(low, high, checks.count("count", count, 1)).tolist())


def grid(low: float, high: float, count: int) -> tuple[float, ...]:
    """`count` values from low to high, both included, equally spaced; a count of 1 is low alone.

    >>> grid(0.0, 1.0, 3)
    (0.0, 0.5, 1.0)
    """
    _ends(checks.number("low", low, "(-inf, inf)"), checks.number("high", high, "(-inf, inf)"))
    return tuple(np.linspace(low, high, checks.count("count", count, 1)).tolist())


def configs(space: Space) -> list[Config]:
    """Every combination of the space's values, the last name varying fastest; a space of no names has one, {}.

    Refuses, by name and index, what is no finite number.

    >>> configs({"learning_rate": [0.1, 0.2], "b1": [0.9]})
    [{'learning_rate': 0.1, 'b1': 0.9}, {'learning_rate': 0.2, 'b1': 0.9}]
    """
    if not isinstance(space, Mapping):
        raise checks.JgdTypeError(f"space must map parameter names to values, got {space!r}")
    axes = [[(name, value) for value in _axis(name, values)] for name, values in space.items()]
    return [dict(combination) for combination in product(*axes)]


def _axis(name: str, values: Any) -> list[float]:
    if isinstance(values, jax.Array):
        values = np.asarray(values)
    if isinstance(values, str) or not isinstance(values, Sequence | np.ndarray):
        raise checks.JgdTypeError(f"space[{name!r}] must be a sequence of numbers, got {values!r}")
    if len(values) == 0:
        raise checks.JgdValueError(f"space[{name!r}] must hold at least one value, got none")
    return [checks.number(f"space[{name!r}][{i}]", value, "(-inf, inf)") for i, value in enumerate(values)]


def _ends(low: float, high: float) -> None:
    if low > high:
        raise checks.JgdValueError(f"low must not be above high, got low={low}, high={high}")
