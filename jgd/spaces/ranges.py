"""Layer 1. Enters: bounds. Leaves: distributions over a range, each a monotone map from [0, 1] to one name's values.

A distribution says three things: the value `at` a place u, the place of a value, and evenly spaced points for a grid.
A sampler so needs only numbers in [0, 1), and "at the edge" or "next to it" means the same for every kind of name.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, fields
from numbers import Real
from typing import Any, ClassVar, cast

import numpy as np

from jgd.core import checks

REAL = "(-inf, inf)"
MOST = 10**8  # values or configs asked for at once


def log_grid(low: float, high: float, count: int) -> tuple[float, ...]:
    """Values from low to high, both included, equally spaced in the logarithm.

    Args:
        low: the first value, > 0.
        high: the last value, ≥ low.
        count: how many; 1 is low alone.

    Returns:
        The values, ascending.

    Raises:
        JgdValueError: for ends out of order or not above 0, or a count below 1.

    Example:
        >>> log_grid(1e-3, 1e-1, 3)
        (0.001, 0.01, 0.1)
    """
    _grid_ends(checks.number("low", low, "> 0"), checks.number("high", high, "> 0"))
    return tuple(np.geomspace(low, high, checks.count("count", count, 1, MOST)).tolist())


def grid(low: float, high: float, count: int) -> tuple[float, ...]:
    """Values from low to high, both included, equally spaced.

    Args:
        low: the first value.
        high: the last value, ≥ low.
        count: how many; 1 is low alone.

    Returns:
        The values, ascending.

    Raises:
        JgdValueError: for ends out of order or not finite, or a count below 1.

    Example:
        >>> grid(0.0, 1.0, 3)
        (0.0, 0.5, 1.0)
    """
    _grid_ends(checks.number("low", low, REAL), checks.number("high", high, REAL))
    return tuple(np.linspace(low, high, checks.count("count", count, 1, MOST)).tolist())


def _grid_ends(low: float, high: float) -> None:
    if low > high:
        raise checks.JgdValueError(f"low must not be above high, got {low=}, {high=}", argument="low")


class Distribution(ABC):
    """What the kinds share. kind: its name, also in files; size: how many values it has, None for a continuum."""

    kind: ClassVar[str]
    size: int | None = None

    def at(self, u: float) -> Any:
        """The value at u in [0, 1]: each value of lists and integers has a bin, in order, as wide as it is likely."""
        return self.at_each([unit(u)])[0]

    @abstractmethod
    def at_each(self, units: Sequence[float]) -> list[Any]:
        """The values at places that are known to be in [0, 1]; a column of configs at once."""

    @abstractmethod
    def place(self, value: Any) -> float:
        """The u in [0, 1] of a value, the middle of its bin for lists and integers; refuses what is not a value."""

    @abstractmethod
    def points(self, count: int) -> tuple[Any, ...]:
        """`count` values, equally spaced in u, with both ends; a list gives all or refuses."""

    @abstractmethod
    def admit(self, value: Any) -> Any:
        """`value` as `at` would give it, or an error that says what is allowed."""

    @abstractmethod
    def scaled(self, value: Any, factor: float) -> Any:
        """The value of the distribution that `factor` times `value` comes to: a neighbor, for a search to go on from."""

    def arguments(self) -> list[Any]:
        """What made it, as a list: bounds or values."""
        return [getattr(self, f.name) for f in fields(cast(Any, self)) if not f.kw_only]

    def options(self) -> dict[str, Any]:
        """What made it besides, by name: the options that aren't at their defaults."""
        named = [f for f in fields(cast(Any, self)) if f.kw_only]
        said = {f.name: getattr(self, f.name) for f in named if getattr(self, f.name) != f.default}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in said.items()}

    def __str__(self) -> str:
        said = [*map(repr, self.arguments()), *(f"{name}={value!r}" for name, value in self.options().items())]
        return f"{self.kind}({', '.join(said)})"


@dataclass(frozen=True)
class Range(Distribution):
    """From low to high, both included."""

    low: float
    high: float
    rule: ClassVar[str] = REAL

    def __post_init__(self) -> None:
        for end in ("low", "high"):
            object.__setattr__(self, end, self._end(f"{end} of {self.kind}", getattr(self, end)))
        if not self.low < self.high:
            raise checks.JgdValueError(
                f"low of {self.kind} must be below high, got low={self.low!r}, high={self.high!r}; "
                "a name that is not searched takes a single number",
                argument="low",
            )
        if not math.isfinite(self.high - self.low):
            raise checks.JgdValueError(f"high - low of {self.kind} must be finite, got {self}")

    def _end(self, name: str, value: Any) -> Any:
        return checks.number(name, value, self.rule)

    def _least_and_most(self) -> tuple[float, float]:
        return self.low, self.high

    def admit(self, value: Any) -> Any:
        least, most = self._least_and_most()
        number = checks.number("value", value, REAL)
        if not least <= number <= most:
            raise checks.JgdValueError(
                f"value must be from {least!r} to {most!r} ({self}), got {checks.shown(value)}", argument="value"
            )
        return number

    def scaled(self, value: Any, factor: float) -> Any:
        least, most = self._least_and_most()
        return min(max(self.admit(value) * factor, least), most)


class Uniform(Range):
    """Equally likely anywhere in [low, high]."""

    kind = "uniform"

    def at_each(self, units: Sequence[float]) -> list[float]:
        return [min(self.low + u * (self.high - self.low), self.high) for u in units]

    def place(self, value: Any) -> float:
        return (self.admit(value) - self.low) / (self.high - self.low)

    def points(self, count: int) -> tuple[float, ...]:
        return grid(self.low, self.high, count)


class LogUniform(Range):
    """The logarithm is uniform: as likely between 1e-3 and 1e-2 as between 0.1 and 1."""

    kind = "log_uniform"
    rule = "> 0"

    def at_each(self, units: Sequence[float]) -> list[float]:
        low, high = math.log10(self.low), math.log10(self.high)  # Python's powers: NumPy's differ between processors
        return [min(max(10.0 ** (low + u * (high - low)), self.low), self.high) for u in units]

    def place(self, value: Any) -> float:
        low, high = math.log10(self.low), math.log10(self.high)
        return (math.log10(self.admit(value)) - low) / (high - low)

    def points(self, count: int) -> tuple[float, ...]:
        return log_grid(self.low, self.high, count)


class OneMinusLogUniform(Range):
    """1 − value is log-uniform in [low, high]: for momentum, b1 and b2, whose distance from 1 is what matters."""

    kind = "one_minus_log_uniform"
    rule = "(0, 1]"

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.number("1 - low of one_minus_log_uniform", 1 - self.low, "[0, 1)")  # 1 − 1e-9 is 1 in float32

    def _least_and_most(self) -> tuple[float, float]:
        return 1 - self.high, 1 - self.low

    def at_each(self, units: Sequence[float]) -> list[float]:
        return [1 - distance for distance in LogUniform(self.low, self.high).at_each([1 - u for u in units])]

    def place(self, value: Any) -> float:
        distance = min(max(1 - self.admit(value), self.low), self.high)  # 1 − (1 − low) is low to rounding only
        return 1 - LogUniform(self.low, self.high).place(distance)

    def points(self, count: int) -> tuple[float, ...]:
        return tuple((1 - np.geomspace(self.high, self.low, checks.count("count", count, 1, MOST))).tolist())

    def scaled(self, value: Any, factor: float) -> float:
        return 1 - min(max((1 - self.admit(value)) * factor, self.low), self.high)


def unit(u: float) -> float:
    """`u`, refused outside [0, 1]."""
    if not isinstance(u, Real) or not 0 <= u <= 1:
        raise checks.JgdValueError(f"u must be a number in [0, 1], got {checks.shown(u)}", argument="u")
    return float(u)
