"""Layer 1. Enters: a formula. Leaves: the entry of a name that is computed from the others of its config."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

from jgd.core import checks
from jgd.spaces.columns import ABSENT
from jgd.spaces.expressions import Expression
from jgd.spaces.ranges import Distribution


@dataclass(frozen=True)
class Derived(Distribution):
    """A number that follows from other names; no sampler draws it, and it has no place in [0, 1]."""

    formula: str
    kind = "derived"
    size = 1

    def __post_init__(self) -> None:
        _ = self.expression

    @property
    def expression(self) -> Expression:
        """The formula, parsed."""
        return Expression(self.formula)

    def of_columns(self, columns: Mapping[str, Sequence[Any]], rows: Sequence[int]) -> list[Any]:
        """Its values in these configs, `ABSENT` where one lacks a name of the formula."""
        expression = self.expression
        if not expression.names:
            return [self.of({})] * len(rows)
        mine = [[columns[name][row] for row in rows] for name in expression.names]
        there = [all(value is not ABSENT for value in row) for row in zip(*mine, strict=True)]
        known = {name: list(compress(own, there)) for name, own in zip(expression.names, mine, strict=True)}
        found = iter(expression.each(known) if any(there) else ())
        return [self._checked(next(found)) if is_there else ABSENT for is_there in there]

    def of(self, config: Mapping[str, Any], given: Any = None, name: str = "value") -> float:
        """Its value in a config that has its names; refuses, by `name`, another one that was given for it."""
        value = self._checked(self.expression.of(config))
        if given is not None and not math.isclose(self.admit(given), value, rel_tol=1e-9, abs_tol=1e-12):
            raise checks.JgdValueError(f"{name} must be {value!r} ({self}), or left out, got {checks.shown(given)}")
        return value

    def _checked(self, value: Any) -> float:
        if type(value) not in (int, float) or not math.isfinite(value):
            raise checks.JgdValueError(f"{self} must be a finite number, got {checks.shown(value)}", argument="space")
        return value

    def admit(self, value: Any) -> float:
        return checks.number("value", value, "(-inf, inf)")

    def at_each(self, units: Sequence[float]) -> list[Any]:
        raise checks.JgdTypeError(f"{self} has no place in [0, 1]: it follows from other names")

    def place(self, value: Any) -> float:
        return math.nan

    def points(self, count: int) -> tuple[Any, ...]:
        return ()

    def scaled(self, value: Any, factor: float) -> Any:
        return value


def derived(formula: str) -> Derived:
    """A number computed from other names of the config: steps - warmup, a rate times the batch size.

    A config lacks it where it lacks one of the names in the formula. A name that the recipe shall not get begins with an
    underscore: `_scale`, from which a rate is derived.

    Args:
        formula: in Python's grammar: arithmetic, comparisons, and, or, not, in, … if … else …, and min, max, abs, round, floor,
            ceil, sqrt, exp, log, log2, log10 of names and numbers.

    Returns:
        The entry, for a name of a `jgd.space`.

    Raises:
        JgdTypeError: for what is no text.
        JgdValueError: for anything else in the formula.

    Example:
        >>> from jgd.spaces.space import space
        >>> made = space(warmup=[10, 20], hold=derived("100 - 2 * warmup"))
        >>> made.at([[0.9, 0]])
        [{'warmup': 20.0, 'hold': 60.0}]
    """
    return Derived(formula)
