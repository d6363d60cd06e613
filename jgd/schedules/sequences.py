"""Checks of what a schedule holds several of. Only the count is structure."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import checks
from jgd.core.functions import crossing


def numbers(name: str, values: Any, rule: str, length: bool = False) -> tuple[Any, ...]:
    """A list, a tuple or a (k,) array as a tuple of numbers that obey the rule, each a leaf."""
    given = _listed(name, values, "numbers")
    for i, value in enumerate(given):
        checks.hyperparameter(f"{name}[{i}]", value, rule, schedule=False, length=length)
    return given


def boundaries(name: str, values: Any) -> tuple[Any, ...]:
    """Steps in their order."""
    given = numbers(name, values, ">= 0", length=True)
    for i in range(1, len(given)):
        checks.in_order(f"{name}[{i - 1}]", given[i - 1], f"{name}[{i}]", given[i])
    return given


def steps_and_scales(steps: Any, scales: Any) -> tuple[Any, Any]:
    """Steps and what happens there, also where they are given as one mapping, in any order."""
    if not isinstance(steps, Mapping):
        return steps, scales
    if len(scales):
        raise checks.JgdValueError("scales must be left out where boundaries is {step: scale}", argument="scales")
    return tuple(sorted(steps)), tuple(steps[step] for step in sorted(steps))


def schedules(name: str, values: Any) -> tuple[Any, ...]:
    """Schedules and numbers, at least one, each fit to cross jit."""
    given = _listed(name, values, "schedules")
    if not given:
        raise checks.JgdValueError(f"{name} must hold at least one schedule or number, got none", argument=name)
    for i, value in enumerate(given):
        checks.hyperparameter(f"{name}[{i}]", value, ">= 0")
    return tuple(crossing(value) if callable(value) else value for value in given)


def as_many(first: str, one: tuple[Any, ...], second: str, other: tuple[Any, ...], fewer: int = 0) -> None:
    """Refuse tuples whose lengths don't match: len(one) = len(other) − fewer."""
    if len(one) != len(other) - fewer:
        less = f" less {fewer}" if fewer else ""
        raise checks.JgdValueError(
            f"{first} must be as many as {second}{less}, got {len(one)} and {len(other)}", argument=first
        )


def _listed(name: str, values: Any, kind: str) -> tuple[Any, ...]:
    checks.not_deleted(name, values)
    if isinstance(values, (np.ndarray, jax.Array)) and jnp.ndim(values) > 0:
        return tuple(values)
    if isinstance(values, (list, tuple)):
        return tuple(values)
    raise checks.JgdTypeError(
        f"{name} must be a list or tuple of {kind}, got {checks.shown(values)} ({type(values).__name__})", argument=name
    )
