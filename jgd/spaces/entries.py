"""Layer 1. Enters: what a space says of its names. Leaves: the cases of each: a distribution, and where it holds."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import checks
from jgd.spaces.conditions import Case, When, wanted_of
from jgd.spaces.derived import Derived
from jgd.spaces.expressions import Expression
from jgd.spaces.lists import Choice, Static, numbers_of, plain
from jgd.spaces.ranges import REAL, Distribution
from jgd.spaces.vectors import Vector


def distribution_of(name: str, entry: Any) -> Distribution:
    """A distribution as it is; numbers as a choice, one number as the only one. name: what messages call the entry."""
    if isinstance(entry, Distribution):
        return entry
    if isinstance(entry, str | bytes | bool | np.bool_ | None):
        raise checks.JgdTypeError(
            f"{name} must be a distribution, a sequence of numbers or a number, got {checks.shown(entry)}; "
            f"what is no number goes into jgd.spaces.choice([{checks.shown(entry)}])",
            argument="space",
        )
    checks.not_deleted(name, entry)
    if isinstance(entry, Sequence | np.ndarray | jax.Array) and getattr(entry, "ndim", 1) > 0:
        return Choice(numbers_of(name, entry))
    scalar: Any = entry
    number = isinstance(entry, np.ndarray | jax.Array) and not jnp.issubdtype(entry.dtype, jax.dtypes.extended)
    value = plain(scalar.item() if number else entry)
    if not isinstance(value, int | float):
        raise checks.JgdTypeError(
            f"{name} must be a distribution, a sequence of numbers or a number, got {checks.shown(entry)}",
            argument="space",
        )
    return Choice((checks.number(name, value, REAL),))


def cases_of(names: Mapping[str, Any]) -> dict[str, tuple[Case, ...]]:
    """What a space's names may be, and where; elements of vectors are names of their own. Refuses what can't be."""
    whens: dict[str, list[When]] = {}
    for name, entry in names.items():
        for element, own in _elements(name, _whens(name, entry)).items():
            if element in whens:
                raise checks.JgdValueError(f"space must have each name once, got {element!r} twice", argument="space")
            whens[element] = own
    kinds = {
        name: [distribution_of(f"space[{name!r}]", each.entry) for each in entries] for name, entries in whens.items()
    }
    for name, each in kinds.items():
        if len({isinstance(kind, Static) for kind in each}) > 1:
            raise checks.JgdValueError(
                f"space[{name!r}] must be structure in all of its cases or in none, got {', '.join(map(str, each))}",
                argument="space",
            )
        for kind in each:
            if isinstance(kind, Derived):
                check_names(f"space[{name!r}]", kind.expression, kinds)
    return {
        name: tuple(
            Case(kind, {parent: wanted_of(name, parent, values, kinds) for parent, values in each.conditions})
            for kind, each in zip(kinds[name], entries, strict=True)
        )
        for name, entries in whens.items()
    }


def _whens(name: str, entry: Any) -> list[When]:
    """The cases of a name, as they were given; those after one that always holds would never count."""
    several = isinstance(entry, list | tuple) and any(isinstance(each, When | Vector) for each in entry)
    each = list(entry) if several else [entry]
    out = [_conditions_first(one if isinstance(one, When) else When(one, ())) for one in each]
    if not all(one.conditions for one in out[:-1]):
        raise checks.JgdValueError(
            f"space[{name!r}] must have the entry without conditions last, as the cases before it count first",
            argument="space",
        )
    return out


def _elements(name: str, whens: list[When]) -> dict[str, list[When]]:
    """The names of a vector's elements, each with the cases that are so long; any other name as it is."""
    vectors = [isinstance(each.entry, Vector) for each in whens]
    if not any(vectors):
        return {name: whens}
    if not all(vectors):
        raise checks.JgdValueError(f"space[{name!r}] must be a vector in all of its cases or in none", argument="space")
    length = max(each.entry.length for each in whens)
    return {
        f"{name}[{place}]": [When(each.entry.entry, each.conditions) for each in whens if each.entry.length > place]
        for place in range(length)
    }


def _conditions_first(one: When) -> When:
    """A vector of what has conditions, as a vector that has them."""
    inner = one.entry.entry if isinstance(one.entry, Vector) else None
    if not isinstance(inner, When):
        return one
    return When(Vector(inner.entry, one.entry.length), (*one.conditions, *inner.conditions))


def check_names(where: str, expression: Expression, kinds: Mapping[str, Sequence[Distribution]]) -> None:
    """Refuse a formula with names that a space hasn't, or that calculates with words."""
    for name in expression.names:
        checks.choice(f"name in {where}:", name, kinds)
        for kind in kinds[name]:
            words = [value for value in getattr(kind, "values", ()) if not isinstance(value, int | float)]
            if name in expression.calculates_with and words:
                raise checks.JgdValueError(
                    f"{where} must calculate with numbers only, but {name!r} may be {words[0]!r}, in {expression.text!r}",
                    argument="space",
                )
