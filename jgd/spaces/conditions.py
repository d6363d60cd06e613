"""Layer 1. Enters: what a name depends on. Leaves: conditions, checked against the names that they look at, and as data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from jgd.core import checks
from jgd.spaces.columns import ABSENT
from jgd.spaces.derived import Derived
from jgd.spaces.lists import List, index_of, plain
from jgd.spaces.ranges import REAL, Distribution


@dataclass(frozen=True)
class Between:
    """The numbers from low to high, both included; None is no bound."""

    low: float | None = None
    high: float | None = None

    def __contains__(self, value: Any) -> bool:
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def bounds(self) -> dict[str, float]:
        """The bounds that there are, by name."""
        return {name: bound for name, bound in (("low", self.low), ("high", self.high)) if bound is not None}


Wanted: TypeAlias = tuple[Any, ...] | Between  # the values for which a condition holds
Conditions: TypeAlias = Mapping[str, Wanted]  # by the name that they look at


@dataclass(frozen=True)
class When:
    """A name's entry in a space that counts only where all conditions, (name, its values), hold."""

    entry: Any
    conditions: tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Case:
    """What a name may be where its conditions hold."""

    distribution: Distribution
    conditions: Conditions


def when(distribution: Any, /, **conditions: Any) -> When:
    """A name that is part of a config only where every condition holds: b2 when the optimizer is adam.

    A name with several ranges has a list of such entries, the first whose conditions hold counts; the last may be without
    any.

    Args:
        distribution: any entry of a space.
        **conditions: a name in the same space = the value it must have, or several, as a list or tuple (a tuple that is
            itself one of the name's values counts as that value), or `between`, for numbers.

    Returns:
        The entry, for a name of a `jgd.space`.

    Raises:
        JgdTypeError: without a condition.
        JgdValueError: for two conditions on one name.

    Example:
        >>> from jgd.spaces.distributions import log_uniform, static
        >>> from jgd.spaces.space import space
        >>> when(log_uniform(1e-4, 0.1), optimizer="adam").conditions
        (('optimizer', 'adam'),)
        >>> rates = [when(log_uniform(1e-4, 1e-2), optimizer="adam"), log_uniform(1e-2, 1)]
        >>> space(optimizer=static(["sgd", "adam"]), learning_rate=rates).at([[0, 0.5], [1, 0.5]])
        [{'optimizer': 'sgd', 'learning_rate': 0.1}, {'optimizer': 'adam', 'learning_rate': 0.001}]
    """
    if not conditions:
        raise checks.JgdTypeError("when must have at least one condition, such as optimizer='adam', got none")
    inner = distribution if isinstance(distribution, When) else When(distribution, ())
    for name, _ in inner.conditions:
        if name in conditions:
            raise checks.JgdValueError(f"when must have one condition on {name!r}, got two")
    return When(inner.entry, (*inner.conditions, *conditions.items()))


def between(low: float | None = None, high: float | None = None) -> Between:
    """A condition on a number: from low to high, both included.

    Args:
        low: the smallest number; None is no bound.
        high: the largest.

    Returns:
        The condition, for `when`.

    Raises:
        JgdTypeError: for bounds that are no numbers.
        JgdValueError: without a bound, or for low > high.

    Example:
        >>> from jgd.spaces.distributions import uniform
        >>> from jgd.spaces.space import space
        >>> made = space(momentum=uniform(0, 1), nesterov=when([0, 1], momentum=between(0.5)))
        >>> made.at([[0.4, 0.9], [0.6, 0.9]])
        [{'momentum': 0.4}, {'momentum': 0.6, 'nesterov': 1.0}]
    """
    least = None if low is None else checks.number("low", plain(low), REAL)
    most = None if high is None else checks.number("high", plain(high), REAL)
    if least is None and most is None:
        raise checks.JgdValueError("between must have a bound, low or high, got none", argument="low")
    if least is not None and most is not None and least > most:
        raise checks.JgdValueError(f"low must not be above high, got low={low!r}, high={high!r}", argument="low")
    return Between(least, most)


def holds(value: Any, wanted: Wanted) -> bool:
    """Whether a value fulfils a condition."""
    return value in wanted if isinstance(wanted, Between) else index_of(value, wanted) >= 0


def present(conditions: Conditions, columns: Mapping[str, Sequence[Any]], count: int) -> np.ndarray:
    """(count,) bool: where the columns have one of the wanted values for each of these names.

    >>> present({"optimizer": ("adam",)}, {"optimizer": ["sgd", "adam", ABSENT]}, 3)
    array([False,  True, False])
    """
    out = np.ones(count, bool)
    for parent, wanted in conditions.items():
        known: dict[Any, bool] = {}  # a column of structure has few values; 1 and True are two
        for place, value in enumerate(columns[parent]):
            key = type(value), value
            if key not in known:
                known[key] = value is not ABSENT and holds(value, wanted)
            out[place] &= known[key]
    return out


def wanted_of(name: str, parent: str, values: Any, kinds: Mapping[str, Sequence[Distribution]]) -> Wanted:
    """The values of `parent` for which a case of `name` is there, checked against what `parent` may be."""
    checks.choice(f"name in a condition of space[{name!r}]:", parent, kinds)
    looked_at = kinds[parent]
    if isinstance(values, Between):
        if any(isinstance(kind, List) and any(type(v) not in (int, float) for v in kind.values) for kind in looked_at):
            raise checks.JgdValueError(
                f"condition of space[{name!r}] on {parent!r} must name values, not bounds: {_words(looked_at)} has other "
                "than numbers",
                argument="space",
            )
        return values
    single = not isinstance(values, list | tuple) or (
        isinstance(values, tuple) and _known(values, looked_at) is not None
    )
    wanted = (values,) if single else tuple(values)
    if not wanted:
        raise checks.JgdValueError(f"condition of space[{name!r}] on {parent!r} must name at least one value, got none")
    for kind in looked_at:
        if isinstance(kind, Derived) or kind.size is None:
            raise checks.JgdValueError(
                f"condition of space[{name!r}] on {parent!r} must be jgd.spaces.between(low, high), for {parent!r} is "
                f"{kind}, got {checks.shown(values)}",
                argument="space",
            )
    kept = []
    for value in wanted:
        known = _known(value, looked_at)
        if known is None:
            raise checks.JgdValueError(
                f"condition of space[{name!r}] on {parent!r} must be among {_words(looked_at)}, got {checks.shown(value)}"
            )
        kept.append(known[0])
    return tuple(kept)


def _known(value: Any, kinds: Sequence[Distribution]) -> tuple[Any] | None:
    """A value as one of the distributions has it, in a tuple; None where none has."""
    for kind in kinds:
        try:
            return (kind.admit(plain(value)),)
        except checks.JgdError:
            continue
    return None


def _words(kinds: Sequence[Distribution]) -> str:
    return ", ".join(", ".join(map(repr, k.values)) if isinstance(k, List) else str(k) for k in kinds)


def words_of(cases: Sequence[Case]) -> str:
    """When a name is there, in words."""
    bounds = lambda wanted: " and ".join(
        f"{'≥' if end == 'low' else '≤'} {bound!r}" for end, bound in wanted.bounds().items()
    )
    words = lambda wanted: bounds(wanted) if isinstance(wanted, Between) else f"in {list(wanted)!r}"
    each = [" and ".join(f"{parent} {words(wanted)}" for parent, wanted in case.conditions.items()) for case in cases]
    return " or ".join(filter(None, each)) or "a name in its formula is absent"
