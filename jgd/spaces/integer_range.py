"""Layer 1. Enters: bounds. Leaves: a distribution over whole numbers: all of a range, every so many, or log-uniform ones."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from jgd.core import checks
from jgd.spaces.ranges import Range

LEAST, MOST = -(2**31), 2**31 - 1  # of int32


@dataclass(frozen=True)
class Integers(Range):
    """Whole numbers low, low + step, … up to high, equally likely, or with `log` each as likely as its bin is wide.

    With `log` the bin of k is [log(k − ½), log(k + ½)], as Optuna has it. Values are Python ints.
    """

    log: bool = field(default=False, kw_only=True)
    step: int = field(default=1, kw_only=True)
    kind = "integers"

    def __post_init__(self) -> None:
        checks.flag("log of integers", self.log)
        object.__setattr__(self, "step", checks.count("step of integers", self.step, 1, MOST))
        if self.log and self.step != 1:
            raise checks.JgdValueError(
                f"step of integers must be 1 where log is True, got {self.step}", argument="step of integers"
            )
        super().__post_init__()
        if self.step > self.high - self.low:
            raise checks.JgdValueError(
                f"step of integers must be at most high - low, got step={self.step}, low={self.low}, high={self.high}",
                argument="step of integers",
            )
        object.__setattr__(self, "high", self.low + (self.size - 1) * self.step)

    def _end(self, name: str, value: Any) -> int:
        return checks.count(f"{name} with log", value, 1, MOST) if self.log else checks.count(name, value, LEAST, MOST)

    @property
    def size(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]  # a field there, and derived here
        return (int(self.high) - int(self.low)) // self.step + 1

    def at_each(self, units: Sequence[float]) -> list[int]:
        low, size = int(self.low), self.size
        if not self.log:
            return [low + self.step * min(int(u * size), size - 1) for u in units]
        start, end = self._logarithms
        nearest = (math.floor(10.0 ** (start + u * (end - start)) + 0.5) for u in units)
        return [int(min(max(number, low), self.high)) for number in nearest]

    def place(self, value: Any) -> float:
        number = self.admit(value)
        if not self.log:
            return ((number - int(self.low)) // self.step + 0.5) / self.size
        start, end = self._logarithms
        return ((math.log10(number - 0.5) + math.log10(number + 0.5)) / 2 - start) / (end - start)

    @property
    def _logarithms(self) -> tuple[float, float]:
        """Where the first bin begins and the last one ends."""
        return math.log10(self.low - 0.5), math.log10(self.high + 0.5)

    def points(self, count: int) -> tuple[int, ...]:
        if checks.count("count", count, 1) > self.size:
            raise checks.JgdValueError(
                f"count must be at most {self.size}, the size of {self}, got {count}", argument="count"
            )
        low, gaps = int(self.low), max(count - 1, 1)
        if not self.log:
            return tuple(low + self.step * ((2 * i * (self.size - 1) + gaps) // (2 * gaps)) for i in range(count))
        found = [round(low * (self.high / low) ** (i / gaps)) for i in range(count)]
        for i in range(1, count):  # small numbers lie further apart than equal ratios: 1, 2, 3, not 1, 1, 2
            found[i] = max(found[i], found[i - 1] + 1)
        return tuple(min(number, int(self.high) - (gaps - i)) for i, number in enumerate(found))

    def admit(self, value: Any) -> int:
        number = super().admit(value)
        if number != int(number):
            raise checks.JgdValueError(
                f"value must be a whole number ({self}), got {checks.shown(value)}", argument="value"
            )
        if (int(number) - int(self.low)) % self.step:
            raise checks.JgdValueError(
                f"value must be {self.low} plus a multiple of {self.step} ({self}), got {checks.shown(value)}",
                argument="value",
            )
        return int(number)

    def scaled(self, value: Any, factor: float) -> int:
        number = self.admit(value)
        aim = number * factor
        nearest = round(aim) if self.step == 1 else int(self.low) + self.step * round((aim - self.low) / self.step)
        if nearest == number and factor != 1:  # 1.2 times 2 rounds to 2, and would stay there for ever
            nearest += self.step if factor > 1 else -self.step
        return int(min(max(nearest, self.low), self.high))
