"""Layer 1. Enters: formulas that configs have to fulfil. Leaves: which of them do. A formula says nothing of what lacks a name."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from jgd.core import checks
from jgd.spaces.columns import ABSENT
from jgd.spaces.conditions import Case
from jgd.spaces.entries import check_names
from jgd.spaces.expressions import Expression

CONSTRAINTS = (
    "constraints"  # a space's key for them, where it has no keywords: a list of words can't be a name's values
)


def constraints_of(names: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    """The entry of a space that holds its constraints, {} without one."""
    given = names.get(CONSTRAINTS)
    if isinstance(given, list | tuple) and given and all(isinstance(each, str) for each in given):
        return {CONSTRAINTS: given}
    return {}


def check_constraints(formulas: Iterable[str], cases: Mapping[str, Sequence[Case]]) -> tuple[str, ...]:
    """The formulas, refused where they aren't of the space's names."""
    kinds = {name: [case.distribution for case in each] for name, each in cases.items()}
    out = tuple(formulas)
    for place, formula in enumerate(out):
        try:
            expression = Expression(formula)
        except checks.JgdError as error:
            raise checks.prefixed(f"constraints[{place}]: ", error) from error
        check_names(f"constraints[{place}]", expression, kinds)
    return out


def allowed(formulas: Iterable[str], columns: Mapping[str, Sequence[Any]], count: int) -> np.ndarray:
    """(count,) bool: which configs fulfil all of them.

    >>> allowed(["a < b"], {"a": [1, 2, 3], "b": [2, 2, ABSENT]}, 3)
    array([ True, False,  True])
    """
    out = np.ones(count, bool)
    for expression in map(Expression, formulas):
        rows = out.copy()
        for name in expression.names:
            rows &= np.array([value is not ABSENT for value in columns[name]], bool)
        places = np.flatnonzero(rows).tolist()
        if not expression.names:
            out &= bool(expression.of({}))
        elif places:
            mine = {name: [columns[name][row] for row in places] for name in expression.names}
            out[places] = list(map(bool, expression.each(mine)))
    return out


def broken(formulas: Iterable[str], config: Mapping[str, Any]) -> str | None:
    """The first formula that a config doesn't fulfil."""
    for expression in map(Expression, formulas):
        if all(name in config for name in expression.names) and not expression.of(config):
            return expression.text
    return None


def refuse_broken(formulas: Iterable[str], config: Mapping[str, Any], name: str) -> None:
    """Refuse a config that breaks a constraint. name: what messages call it."""
    formula = broken(formulas, config)
    if formula is not None:
        got = ", ".join(f"{each}={config[each]!r}" for each in Expression(formula).names)
        raise checks.JgdValueError(f"{name} must fulfil {formula!r}, got {got}", argument=name)
