"""Layer 1. Enters: a center and a width. Leaves: the distribution of a name that is believed to lie around the center."""

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any, ClassVar

from jgd.core import checks
from jgd.spaces.ranges import REAL, Distribution

FARTHEST = 4.0  # standard deviations from the center, unless bounds say otherwise: all but 6e-5 of a normal law
LEAST = 1e-300
STANDARD = NormalDist()  # Python's own inverse, Wichura's AS 241: the same bits on every processor


@dataclass(frozen=True)
class _Bell(Distribution):
    """A normal law of `_scaled(value)`, cut off at low and high; both ends are values."""

    low: float | None = field(default=None, kw_only=True)
    high: float | None = field(default=None, kw_only=True)
    rule: ClassVar[str] = REAL

    def __post_init__(self) -> None:
        for end in ("low", "high"):
            if getattr(self, end) is not None:
                number = checks.number(f"{end} of {self.kind}", getattr(self, end), self.rule)
                object.__setattr__(self, end, number)
        low, high = self._ends
        if not (low < high and math.isfinite(high - low) and self._shares[0] < self._shares[1]):
            raise checks.JgdValueError(
                f"{self.kind} must have finite bounds, low < high, that some of it lies between; got {self}, from {low!r} "
                f"to {high!r}",
                argument="low",
            )

    @abstractmethod
    def _center(self) -> tuple[float, float]:
        """Mean and standard deviation of the normal law."""

    def _scaled(self, value: float) -> float:
        return value

    def _unscaled(self, scaled: float) -> float:
        return scaled

    @property
    def _ends(self) -> tuple[float, float]:
        mean, std = self._center()
        low = self._unscaled(mean - FARTHEST * std) if self.low is None else self.low
        high = self._unscaled(mean + FARTHEST * std) if self.high is None else self.high
        return low, high

    @property
    def _shares(self) -> tuple[float, float]:
        """How much of the whole normal law lies below low, and below high."""
        low, high = self._ends
        return self._below(low), self._below(high)

    def _below(self, value: float) -> float:
        mean, std = self._center()
        return STANDARD.cdf((self._scaled(value) - mean) / std)

    def at_each(self, units: Sequence[float]) -> list[float]:
        (low, high), (first, last), (mean, std) = self._ends, self._shares, self._center()
        out = []
        for u in units:
            share = min(max(first + u * (last - first), LEAST), 1 - 2.0**-53)  # inv_cdf takes neither 0 nor 1
            value = low if u == 0 else high if u == 1 else self._unscaled(mean + std * STANDARD.inv_cdf(share))
            out.append(min(max(value, low), high))
        return out

    def place(self, value: Any) -> float:
        first, last = self._shares
        return (self._below(self.admit(value)) - first) / (last - first)

    def points(self, count: int) -> tuple[float, ...]:
        gaps = max(checks.count("count", count, 1) - 1, 1)
        return tuple(self.at_each([i / gaps for i in range(count)]))

    def admit(self, value: Any) -> float:
        low, high = self._ends
        number = checks.number("value", value, REAL)
        if not low <= number <= high:
            raise checks.JgdValueError(
                f"value must be from {low!r} to {high!r} ({self}), got {checks.shown(value)}", argument="value"
            )
        return number

    def scaled(self, value: Any, factor: float) -> float:
        low, high = self._ends
        return min(max(self.admit(value) * factor, low), high)


@dataclass(frozen=True)
class Normal(_Bell):
    """Likely near mean, with a standard deviation of std; cut off at low and high, 4 of them away by default."""

    mean: float
    std: float
    kind = "normal"

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", checks.number("mean of normal", self.mean, REAL))
        object.__setattr__(self, "std", checks.number("std of normal", self.std, "> 0"))
        super().__post_init__()

    def _center(self) -> tuple[float, float]:
        return self.mean, self.std


@dataclass(frozen=True)
class LogNormal(_Bell):
    """The logarithm is normal around that of the median; two thirds lie between median / spread and median · spread."""

    median: float
    spread: float
    kind = "log_normal"
    rule = "> 0"

    def __post_init__(self) -> None:
        object.__setattr__(self, "median", checks.number("median of log_normal", self.median, "> 0"))
        object.__setattr__(self, "spread", checks.number("spread of log_normal", self.spread, "(1, inf)"))
        super().__post_init__()

    def _center(self) -> tuple[float, float]:
        return math.log10(self.median), math.log10(self.spread)

    def _scaled(self, value: float) -> float:
        return math.log10(value)

    def _unscaled(self, scaled: float) -> float:
        return 10.0**scaled
