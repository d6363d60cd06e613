"""Layer 1. Enters: a distribution and a length. Leaves: names for each element; and from those the tuple that a recipe takes.

Elements are names of their own, name[0], name[1], …, so that whatever is done with names is done with them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jgd.core import checks

ELEMENT = re.compile(r"(.+)\[(\d+)\]")
LONGEST = 1000


@dataclass(frozen=True)
class Vector:
    """An entry for each of `length` elements."""

    entry: Any
    length: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "length", checks.count("length of vector", self.length, 1, LONGEST))


def vector(distribution: Any, length: int) -> Vector:
    """Several numbers under one name, such as a rate for each layer: the recipe gets them as a tuple.

    Each element is drawn for itself and is a name of its own in configs, tables and conditions: rates[0], rates[1], ….

    Args:
        distribution: any entry of a space, also under `when`.
        length: how many elements, ≥ 1.

    Returns:
        The entry, for a name of a `jgd.space`.

    Raises:
        JgdTypeError: for a length that is no whole number.
        JgdValueError: for a length below 1 or above 1000.

    Example:
        >>> from jgd.spaces.distributions import log_uniform
        >>> from jgd.spaces.space import space
        >>> made = space(rates=vector(log_uniform(1e-2, 1), 2))
        >>> made.at([[0, 0.5]])
        [{'rates[0]': 0.01, 'rates[1]': 0.1}]
        >>> gathered(made.at([[0, 0.5]])[0])
        {'rates': (0.01, 0.1)}
    """
    return Vector(distribution, length)


def base(name: str) -> str:
    """The name that a recipe takes: that of the vector for an element."""
    match = ELEMENT.fullmatch(name)
    return match[1] if match else name


def gathered(values: Mapping[str, Any]) -> dict[str, Any]:
    """What a recipe takes of a config: elements as the tuple of their vector.

    >>> gathered({"a": 1, "b[1]": 3, "b[0]": 2})
    {'a': 1, 'b': (2, 3)}
    """
    matches = {name: ELEMENT.fullmatch(name) for name in values}
    if not any(matches.values()):
        return dict(values)
    out: dict[str, Any] = {}
    elements: dict[str, dict[int, Any]] = {}
    for name, value in values.items():
        match = matches[name]
        if match is None:
            out[name] = value
        else:
            out.setdefault(match[1], None)
            elements.setdefault(match[1], {})[int(match[2])] = value
    for name, own in elements.items():
        if sorted(own) != list(range(len(own))):
            got = ", ".join(f"{name}[{place}]" for place in sorted(own))
            raise checks.JgdValueError(
                f"{name} must have elements from 0 on without a gap, got {got}", argument="space"
            )
        out[name] = tuple(own[place] for place in range(len(own)))
    return out
