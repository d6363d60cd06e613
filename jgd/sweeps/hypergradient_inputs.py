"""The hyperparameters and the recipe of a hypergradient, checked: what has a derivative, and a recipe that takes it."""

import inspect
from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from jgd import optimizers
from jgd.core import checks
from jgd.core.functions import name_of
from jgd.core.spellings import unknown
from jgd.data.batches import Batches
from jgd.data.orders import HardMining, Order
from jgd.sweeps.run_spec import Build
from jgd.tasks import Task


def values_of(hyperparameters: Any) -> dict[str, np.ndarray]:
    """Name -> float64 array; refused by name: what isn't floating or not finite."""
    if not isinstance(hyperparameters, Mapping) or not hyperparameters:
        raise checks.JgdTypeError(
            f"hyperparameters must map names to floats, at least one, got {checks.shown(hyperparameters)}",
            argument="hyperparameters",
        )
    return {name: _value(f"hyperparameters[{name!r}]", value) for name, value in hyperparameters.items()}


def _value(name: str, value: Any) -> np.ndarray:
    if isinstance(value, Tracer):
        raise checks.JgdTypeError(
            f"{name} is traced, and a hypergradient looks at its values: to differentiate through training "
            "inside jit use jgd.rollout"
        )
    kind = getattr(value, "dtype", np.dtype(type(value)) if isinstance(value, float | int) else None)
    if kind is None or not jnp.issubdtype(kind, jnp.floating):
        raise checks.JgdTypeError(
            f"{name} must be a float or an array of floats, got {checks.shown(value)} ({type(value).__name__}): there is no "
            f"derivative in anything else; fix it in the recipe{f', or write {value}.0' if kind == np.dtype(int) else ''}",
            argument=name,
        )
    checks.hyperparameter(name, value, "(-inf, inf)", schedule=False)
    return np.asarray(value, np.float64)


def build_of(recipe: Any, values: Mapping[str, Any]) -> Build:
    """A recipe by its name or itself, refused where it doesn't take these hyperparameters or needs others."""
    function = optimizers.get(recipe) if isinstance(recipe, str) else recipe
    if not callable(function) or isinstance(function, type):
        raise checks.JgdTypeError(
            f"recipe must be a function that returns an optimizer, or a name, got {checks.shown(recipe)}",
            argument="recipe",
        )
    takes = inspect.signature(function).parameters
    variadic = {inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL}
    if all(p.kind is not p.VAR_KEYWORD for p in takes.values()):
        for name in values:
            if name not in takes:
                raise checks.JgdValueError(f"recipe {unknown(name_of(function), name, takes)}")
    for name, parameter in takes.items():
        if parameter.default is parameter.empty and parameter.kind not in variadic and name not in values:
            raise checks.JgdValueError(
                f"hyperparameters must give a value to {name!r}, which {name_of(function)!r} has no default for",
                argument="hyperparameters",
            )
    return Build(function)


def batches_of(task: Task, batch_size: int | None, order: str | Order) -> Batches:
    """The batches of a run that can be differentiated."""
    rows = checks.rows("task.train", task.train)
    batches = Batches(rows, rows if batch_size is None else batch_size, order)
    if isinstance(batches.order, HardMining):
        raise checks.JgdValueError("order HardMining ranks rows between steps, which no derivative goes through")
    return batches
