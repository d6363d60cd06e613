"""Layer 1. Enters: bounds or values, as a person writes them. Leaves: the distribution of one name of a space."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jgd.core import checks
from jgd.spaces.lists import Choice, Static
from jgd.spaces.ranges import Distribution, Integers, LogUniform, OneMinusLogUniform, Uniform

KINDS: dict[str, type[Distribution]] = {
    kind.kind: kind for kind in (LogUniform, OneMinusLogUniform, Uniform, Integers, Choice, Static)
}


@dataclass(frozen=True)
class When:
    """A name's entry in a space that counts only where all conditions, (static name, its values), hold."""

    entry: Any
    conditions: tuple[tuple[str, Any], ...]


def when(distribution: Any, /, **conditions: Any) -> When:
    """A name that is part of a config only where every condition holds: b2 when the optimizer is adam.

    distribution: any entry of a space. conditions: a static name of the same space = the value it must have, or
    several, as a list or tuple (a tuple that is itself one of the name's values counts as that value).

    >>> when(one_minus_log_uniform(1e-4, 0.1), optimizer="adam").conditions
    (('optimizer', 'adam'),)
    """
    if not conditions:
        raise checks.JgdTypeError("when must have at least one condition, such as optimizer='adam', got none")
    inner = distribution if isinstance(distribution, When) else When(distribution, ())
    for name, _ in inner.conditions:
        if name in conditions:
            raise checks.JgdValueError(f"when must have one condition on {name!r}, got two")
    return When(inner.entry, (*inner.conditions, *conditions.items()))


def log_uniform(low: float, high: float) -> LogUniform:
    """LogUniform-uniform in [low, high], 0 < low < high: for learning rates, penalties, eps.

    >>> log_uniform(1e-4, 1).at(0.5), log_uniform(1e-4, 1).place(0.01), log_uniform(1e-4, 1).points(3)
    (0.01, 0.5, (0.0001, 0.01, 1.0))
    """
    return LogUniform(low, high)


def one_minus_log_uniform(low: float, high: float) -> OneMinusLogUniform:
    """1 − value is log-uniform in [low, high], 0 < low < high ≤ 1: for momentum, b1 and b2.

    >>> one_minus_log_uniform(1e-3, 0.1).points(3)
    (0.9, 0.99, 0.999)
    """
    return OneMinusLogUniform(low, high)


def uniform(low: float, high: float) -> Uniform:
    """Uniform in [low, high], low < high.

    >>> uniform(0, 0.2).at(0.25)
    0.05
    """
    return Uniform(low, high)


def integers(low: int, high: int) -> Integers:
    """Whole numbers from low to high, both included, equally likely; −2³¹ ≤ low < high < 2³¹. Values are ints.

    >>> integers(0, 200).at(0.5), integers(1, 9).points(3)
    (100, (1, 5, 9))
    """
    return Integers(low, high)


def choice(values: Sequence[float]) -> Choice:
    """Some finite numbers, equally likely, each once; values are floats. A bare sequence in a space is the same.

    >>> choice([0, 1e-4, 1e-2]).at(0.9)
    0.01
    """
    return Choice(values)  # pyright: ignore[reportArgumentType]


def static(values: Sequence[Any]) -> Static:
    """Structure, whose other value is another program: hashable values, each once; configs are grouped by them.

    A record's structural field is `jgd.static_field`.

    >>> static(["sgd", "adam"]).at(0.7)
    'adam'
    """
    return Static(values)  # pyright: ignore[reportArgumentType]
