"""Layer 1. Enters: values. Leaves: distributions over a list, numbers (`Choice`) or structure (`Static`)."""

import math
from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import checks
from jgd.spaces.ranges import REAL, Distribution


@dataclass(frozen=True)
class List(Distribution):
    """Some values in the order given, each in a bin as wide as its weight; without weights, all of the same width."""

    values: tuple[Any, ...]
    weights: tuple[float, ...] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", self._checked(self.values))
        object.__setattr__(self, "weights", _weights(self.kind, self.weights, self.values))

    @abstractmethod
    def _checked(self, values: Any) -> tuple[Any, ...]:
        """The values as they are kept, each once."""

    @property
    def size(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]  # a field there, and derived here
        return len(self.values)

    def at_each(self, units: Sequence[float]) -> list[Any]:
        values, size = self.values, self.size
        if not self.weights:
            return [values[min(int(u * size), size - 1)] for u in units]
        ends = self._ends
        return [values[min(bisect_right(ends, u), size - 1)] for u in units]

    def place(self, value: Any) -> float:
        self.admit(value)
        index = index_of(value, self.values)
        if not self.weights:
            return (index + 0.5) / self.size
        ends = (0.0, *self._ends)
        return (ends[index] + ends[index + 1]) / 2

    @property
    def _ends(self) -> tuple[float, ...]:
        """Where the bin of each value ends."""
        whole = math.fsum(self.weights)
        return tuple(min(math.fsum(self.weights[: i + 1]) / whole, 1.0) for i in range(self.size))

    def points(self, count: int) -> tuple[Any, ...]:
        if checks.count("count", count, 1) != self.size:
            raise checks.JgdValueError(
                f"count must be {self.size}, as many as {self} has values, got {count}", argument="count"
            )
        return self.values

    def admit(self, value: Any) -> Any:
        index = index_of(value, self.values)
        if index < 0:
            raise checks.JgdValueError(
                f"value must be one of {', '.join(map(repr, self.values))}, got {checks.shown(value)}", argument="value"
            )
        return self.values[index]

    def arguments(self) -> list[Any]:
        return list(self.values)


class Choice(List):
    """Numbers, kept as floats: what differs is a leaf's value, so that all share one program."""

    kind = "choice"

    def _checked(self, values: Any) -> tuple[float, ...]:
        return numbers_of("choice", values)

    def admit(self, value: Any) -> float:
        return super().admit(checks.number("value", plain(value), REAL))

    def place(self, value: Any) -> float:
        return super().place(self.admit(value))

    def scaled(self, value: Any, factor: float) -> float:
        """The next larger of the values for a factor above 1, the next smaller one below."""
        value = self.admit(value)
        if factor > 1:
            return min((known for known in self.values if known > value), default=value)
        return max((known for known in self.values if known < value), default=value) if factor < 1 else value


class Static(List):
    """Structure: any hashable values, such as names, flags, widths; each is a compiled program of its own."""

    kind = "static"

    def _checked(self, values: Any) -> tuple[Any, ...]:
        kept = tuple(map(plain, _sequence("static", values, "values")))
        for i, value in enumerate(kept):
            try:
                hash(value)
            except TypeError as error:
                raise checks.JgdTypeError(
                    f"static[{i}] must be hashable (a tuple, not a list), got {checks.shown(value)}"
                ) from error
            if not _finite(value):
                raise checks.JgdValueError(f"static[{i}] must hold finite numbers only, got {checks.shown(value)}")
        _differing("static", kept)
        return kept

    def scaled(self, value: Any, factor: float) -> Any:
        """Itself: structure has no neighbors."""
        return self.admit(value)


def _weights(kind: str, weights: Any, values: tuple[Any, ...]) -> tuple[float, ...]:
    """How likely each value is beside the others; none where all are equally likely."""
    if isinstance(weights, tuple) and not weights:
        return ()
    kept = _sequence(f"weights of {kind}", weights, "numbers")
    numbers = tuple(checks.number(f"weights[{i}] of {kind}", plain(weight), "> 0") for i, weight in enumerate(kept))
    if len(numbers) != len(values):
        raise checks.JgdValueError(
            f"weights of {kind} must be one for each of its {len(values)} values, got {len(numbers)}",
            argument=f"weights of {kind}",
        )
    return () if len(set(numbers)) == 1 else numbers


def numbers_of(name: str, values: Any) -> tuple[float, ...]:
    """A sequence of finite numbers as floats; refuses, by `name` and index, what is none, and repeated ones."""
    values = _sequence(name, values, "numbers")
    numbers = tuple(checks.number(f"{name}[{i}]", plain(value), REAL) for i, value in enumerate(values))
    _differing(name, numbers)
    return numbers


def plain(value: Any) -> Any:
    """NumPy's scalars as Python's; anything else as it is."""
    return value.item() if isinstance(value, np.generic) else value


def _sequence(name: str, values: Any, of: str) -> Any:
    checks.not_deleted(name, values)
    if isinstance(values, jax.Array) and not jnp.issubdtype(values.dtype, jax.dtypes.extended):  # keys stay
        values = np.asarray(values)
    if (
        isinstance(values, str | bytes)
        or not isinstance(values, Sequence | np.ndarray)
        or getattr(values, "ndim", 1) == 0
    ):
        raise checks.JgdTypeError(f"{name} must be a sequence of {of}, got {checks.shown(values)}", argument=name)
    if len(values) == 0:
        raise checks.JgdValueError(f"{name} must hold at least one value, got none", argument=name)
    return values


def _differing(name: str, values: tuple[Any, ...]) -> None:
    seen: dict[Any, int] = {}
    for i, value in enumerate(values):
        before = seen.setdefault((type(value), value), i)
        if before != i:
            raise checks.JgdValueError(
                f"{name} must hold each value once, got {checks.shown(value)} at [{before}] and [{i}]", argument=name
            )


def index_of(value: Any, values: tuple[Any, ...]) -> int:
    """Where `value` is among `values`, −1 where it isn't; 1 and True are equal in Python but two structures here."""
    value = plain(value)
    same = (i for i, known in enumerate(values) if type(known) is type(value) and known == value)
    return next(same, -1)


def _finite(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_finite, value))
    return not isinstance(value, float) or math.isfinite(value)
