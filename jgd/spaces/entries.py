"""Layer 1. Enters: what a space says of a name. Leaves: its distribution, and the values that a condition asks for."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import checks
from jgd.spaces.lists import Choice, Static, index_of, numbers_of, plain
from jgd.spaces.ranges import REAL, Distribution


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


def condition_values(name: str, parent: str, values: Any, distributions: Mapping[str, Distribution]) -> tuple[Any, ...]:
    """The values of `parent` for which `name` is there, checked."""
    checks.choice(f"name in a condition of space[{name!r}]:", parent, distributions)
    looked_at = distributions[parent]
    if not isinstance(looked_at, Static):
        raise checks.JgdValueError(
            f"space[{name!r}] must have conditions on static names only, but {parent!r} is {looked_at}",
            argument="space",
        )
    single = not isinstance(values, list | tuple) or (
        isinstance(values, tuple) and index_of(values, looked_at.values) >= 0
    )
    wanted = (values,) if single else tuple(values)
    if not wanted:
        raise checks.JgdValueError(f"condition of space[{name!r}] on {parent!r} must name at least one value, got none")
    for value in wanted:
        if index_of(value, looked_at.values) < 0:
            known = ", ".join(map(repr, looked_at.values))
            raise checks.JgdValueError(
                f"condition of space[{name!r}] on {parent!r} must be among {known}, got {checks.shown(value)}"
            )
    return tuple(map(plain, wanted))
