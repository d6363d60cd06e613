"""A user's functions: how they are named in messages, how they cross jit, and a value that is checked."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import checks
from jgd.core.types import Loss

UNTRACEABLE = (jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError)  # what `untraceable` explains
COMPUTING = ("__call__", "outputs", "of_outputs")  # methods of a loss or metric that say what it computes


class ExamplesWanted(Exception):
    """While tracing: a method asks for each example of a batch that is filled up by rows that are none."""


def crossing(function: Callable) -> Callable:
    """What crosses jit: a record does, a plain function by its identity."""
    return jax.tree_util.Partial(function) if jax.tree_util.all_leaves([function]) else function


def one_number(loss: Loss, value: Any) -> Any:
    """What a loss returned, refused by the loss's name unless it is one real floating number."""
    dtype = getattr(value, "dtype", None)
    if dtype is None or jnp.shape(value) != () or not jnp.issubdtype(dtype, jnp.floating):
        if isinstance(value, tuple):
            raise checks.JgdTypeError(
                f"the loss {name_of(loss)} must return one real floating number here, got a tuple: where only the value "
                "counts (check_gradients, curvature), give lambda params, batch: loss(params, batch)[0]"
            )
        got = f"shape {jnp.shape(value)}, dtype {dtype}" if dtype is not None else f"{type(value).__name__}"
        raise checks.JgdTypeError(f"the loss {name_of(loss)} must return one real floating number, got {got}")
    return value


def scheduled(schedule: Callable, step: Any) -> Any:
    """A schedule's value at a step, refused by the schedule's name unless it is a real number (or one for each step)."""
    value = schedule(step)
    dtype = getattr(value, "dtype", None)
    kind = np.asarray(value).dtype if dtype is None else dtype
    if not (jnp.issubdtype(kind, jnp.floating) or jnp.issubdtype(kind, jnp.integer)):
        raise checks.JgdTypeError(
            f"the schedule {name_of(schedule)} must return one real number for a step, got {checks.shown(value)}"
        )
    return value


def vouches(thing: Any, claim: str, *methods: str) -> bool:
    """Whether a record says `claim` of the methods that it has: a class that overrides one of them must say it again.

    Example:
        >>> class Mean:
        ...     claim = True
        ...     def __call__(self): ...
        >>> class Largest(Mean):
        ...     def __call__(self): ...
        >>> vouches(Mean(), "claim", "__call__"), vouches(Largest(), "claim", "__call__")
        (True, False)
    """
    kinds = [getattr(thing, "__dict__", {}), *map(vars, type(thing).__mro__)]
    place = lambda name: next((i for i, kind in enumerate(kinds) if name in kind), len(kinds))
    return bool(getattr(thing, claim, None)) and place(claim) <= min(map(place, methods))


def can_weigh(loss: Any) -> bool:
    """Whether a loss counts rows by weights: it has a method `weighted` as the losses of `jgd.losses` do."""
    return vouches(loss, "weighted", *COMPUTING)


def untraceable(function: Any, what: str = "loss") -> checks.JgdTypeError:
    """The error for a loss (or what else it is) that needs a number where there is a tracer."""
    return checks.JgdTypeError(
        f"the {what} {name_of(function)} needs the value of a traced array (a Python `if`, float(), int() or NumPy): use "
        "jnp in place of np, jnp.where or jax.lax.cond; jax.disable_jit() runs it step by step for a debugger"
    )


def name_of(function: Any) -> str:
    """A function's or record's name for messages."""
    function = getattr(function, "func", function)
    return getattr(function, "__qualname__", type(function).__name__)
