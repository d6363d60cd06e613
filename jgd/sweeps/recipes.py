"""Recipes: builders by name with the configs that the space gives them, and the groups of configs that share a program.

A config's structure (names of optimizers, widths, batch sizes: whatever isn't a number) is another program; its numbers
are not. Everything is built once on the host, before any trace, so that faults are told by recipe and config.
"""

import inspect
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import jax
import numpy as np

from jgd import optimizers
from jgd.core import checks
from jgd.core.composite import check_descends
from jgd.core.functions import UNTRACEABLE, name_of
from jgd.core.schedule_ranges import check_schedules, looked_at
from jgd.core.spellings import unknown
from jgd.spaces.space import Config
from jgd.spaces.vectors import gathered
from jgd.sweeps.run_spec import Build

Recipe: TypeAlias = Callable[..., Any]
Recipes: TypeAlias = str | Recipe | Sequence[str | Recipe] | Mapping[str, Recipe]

_NEEDS_A_VALUE = (*UNTRACEABLE, jax.errors.TracerIntegerConversionError)
RESERVED = {  # names of the results: the dims and variables of `Sweep.dataset`, and the columns of tables
    *("config", "diverged_at", "evaluation", "fold", "loss", "origin", "picked"),
    *("reached", "recipe", "recipe_of", "round", "seed", "seed_of", "step", "test"),
}
ONE_BY_ONE = 32  # configs of a group that are built to be checked; more are traced once, and checked as columns
STEPS = "steps"  # of a space: how long a run is, where the recipe has no such argument
HIDDEN = "_"  # begins names of a space that others are derived from, and no recipe takes
RESERVED_PREFIXES = ("recorded_", "round_", "validation_")


@dataclass(frozen=True)
class Group:
    """Configs of one recipe with one structure: one program. `numbers` are the names it takes as arrays.

    batch_size: where the structure says one, else None.
    """

    recipe: str
    build: Build
    numbers: tuple[str, ...]
    configs: tuple[int, ...]  # indices on the sweep's config axis
    batch_size: int | None = None


def by_optimizer(optimizer: str, **hyperparameters: Any) -> Any:
    """The recipe of a space that names its optimizers: one of `jgd.optimizers.registry` with these hyperparameters."""
    return optimizers.get(optimizer)(**hyperparameters)


def recipes_by_name(recipes: Recipes | None) -> dict[str, Recipe]:
    """Names of the registry and functions, by name; None is the space's own choice of optimizers."""
    if recipes is None:
        return {"optimizer": by_optimizer}
    if isinstance(recipes, Mapping):
        chosen = dict(recipes)
    else:
        each: Any = recipes if type(recipes) in (list, tuple) else [recipes]  # optax's transformations are named tuples
        chosen = {}
        for item in each:
            name = item if isinstance(item, str) else name_of(item)
            if name in chosen:
                raise checks.JgdValueError(f"recipes has {name!r} twice; give a mapping with names of your own")
            chosen[name] = optimizers.get(item) if isinstance(item, str) else item
    if not chosen:
        raise checks.JgdValueError("recipes must name at least one optimizer, got none", argument="recipes")
    for name, build in chosen.items():
        if not isinstance(name, str):
            raise checks.JgdTypeError(f"recipes must map names to functions, got the name {name!r}", argument="recipes")
        if not callable(build):
            raise checks.JgdTypeError(
                f"recipe {name!r} must be a function that returns an optimizer, got {checks.shown(build)}"
            )
    return chosen


def group_configs(
    recipes: Mapping[str, Recipe], configs: Sequence[tuple[str, Config]], static: Iterable[str]
) -> list[Group]:
    """The groups of a sweep's configs, in the order of their first config; what is made of each config is checked."""
    structural, takes = set(static), {name: parameters_of(name, recipe) for name, recipe in recipes.items()}
    members: dict[tuple[str, tuple[str, ...], tuple[Hashable, ...]], list[int]] = {}
    structures: dict[
        tuple[str, tuple[str, ...]], tuple[str, ...]
    ] = {}  # of a recipe with these names: those of structure
    for place, (recipe, config) in enumerate(configs):
        names = tuple(config)
        if (recipe, names) not in structures:
            _check_names(recipe, config, takes)
            structures[recipe, names] = tuple(name for name in names if name in structural - {*_lengths(takes[recipe])})
        structure = tuple([config[name] for name in structures[recipe, names]])
        members.setdefault((recipe, names, structure), []).append(place)
    out = []
    for (recipe, names, structure), places in members.items():
        given = dict(zip(structures[recipe, names], structure, strict=True))
        unseen = (*given, *_lengths(takes[recipe]))
        numbers = tuple(name for name in names if name not in unseen and not name.startswith(HIDDEN))
        given = {name: value for name, value in given.items() if not name.startswith(HIDDEN)}
        batch_size: Any = given.get("batch_size")
        if batch_size is not None and "batch_size" not in takes[recipe]:
            del given["batch_size"]  # the sweep's own, not the recipe's
        group = Group(recipe, Build(recipes[recipe], tuple(given.items())), numbers, tuple(places), batch_size)
        _check_structure(group, [configs[place][1] for place in places])
        out.append(group)
    return out


def check_methods(group: Group, configs: Sequence[tuple[str, Config]], steps: int) -> None:
    """Refuse methods that would climb, and schedules that leave their range in a run of so many steps (of some configs)."""
    for place in group.configs[:ONE_BY_ONE]:
        with blamed(group.recipe, place, configs[place][1]):
            spec = group.build(**{name: configs[place][1][name] for name in group.numbers})
            check_descends(spec.optimizer.transform)
            if not looked_at(spec.optimizer):
                return  # as it is with one config it is with all
            check_schedules(spec.optimizer, steps)


def format_config(config: Config) -> str:
    """A config in words.

    Args:
        config: name -> value.

    Returns:
        name=value, …; six digits of a float.

    Example:
        >>> format_config({"learning_rate": 0.1, "optimizer": "adam"})
        'learning_rate=0.1, optimizer=adam'
    """
    number = lambda value: f"{value:.6g}" if isinstance(value, float) else str(value)
    return ", ".join(f"{name}={number(value)}" for name, value in config.items())


def parameters_of(name: str, recipe: Recipe) -> Mapping[str, inspect.Parameter]:
    """Those of a recipe, refused where it doesn't tell them."""
    try:
        return inspect.signature(recipe).parameters
    except (TypeError, ValueError):
        raise checks.JgdTypeError(
            f"recipe {name!r} must be a function whose parameters can be told, got {checks.shown(recipe)}",
            argument="recipes",
        ) from None


def _lengths(takes: Mapping[str, Any]) -> tuple[str, ...]:
    """The names that say how long a run is, where they are no arguments of the recipe."""
    return () if STEPS in takes else (STEPS,)


def _check_names(recipe: str, config: Config, parameters: Mapping[str, Mapping[str, inspect.Parameter]]) -> None:
    """Refuse names that a recipe doesn't take, needs, or may not have. parameters: recipe name -> those of its function."""
    takes = parameters[recipe]
    open_ended = any(p.kind is p.VAR_KEYWORD for p in takes.values())
    if "batch_size" in config and "batch_size" not in takes and isinstance(config["batch_size"], float):
        raise checks.JgdValueError("batch_size is structure: write space['batch_size'] as jgd.spaces.static([…])")
    given = gathered({name: value for name, value in config.items() if not name.startswith(HIDDEN)})
    for name in given:
        if not open_ended and name not in takes and name not in ("batch_size", STEPS):
            others = [other for other, its in parameters.items() if name in its]
            own = f"; {', '.join(others)} has: give each recipe a space of its own" if others else ""
            raise checks.JgdValueError(f"recipe {unknown(recipe, name, takes)}{own}", argument=name)
    for name, parameter in takes.items():
        needed = parameter.default is parameter.empty and parameter.kind not in (
            parameter.VAR_KEYWORD,
            parameter.VAR_POSITIONAL,
        )
        if needed and name not in given:
            raise checks.JgdValueError(
                f"space must give values to {name!r}, which {recipe!r} has no default for", argument="space"
            )
    reserved = sorted(name for name in config if name in RESERVED or name.startswith(RESERVED_PREFIXES))
    if reserved:
        taken = (*sorted(RESERVED), *(f"{prefix}…" for prefix in RESERVED_PREFIXES))
        raise checks.JgdValueError(
            f"a parameter of the recipe {recipe!r} is named {reserved[0]!r}, which a sweep's results use "
            f"themselves; rename it (taken: {', '.join(taken)})"
        )


def _check_structure(group: Group, configs: Sequence[Config]) -> None:
    """Refuse a group of which a config can't be built, or not to the structure of the first one."""
    if len(configs) > ONE_BY_ONE and group.numbers:
        some = _doubtful(group, configs)
        group = replace(group, configs=tuple(group.configs[row] for row in some))
        configs = [configs[row] for row in some]
    first: Any = None
    # config 0 twice: a function made afresh inside the recipe differs from itself
    for place, config in [(group.configs[0], configs[0]), *zip(group.configs, configs, strict=True)]:
        with blamed(group.recipe, place, config):
            spec = group.build(**{name: config[name] for name in group.numbers})
        first = spec if first is None else first
        if jax.tree.structure(spec) != jax.tree.structure(first):
            raise checks.JgdValueError(
                f"recipe {group.recipe!r} must return one structure for all numbers, but config {place} "
                f"({format_config(config)}) differs from config {group.configs[0]}: {_difference(first, spec)}. Functions "
                "inside must be module-level, and structural choices (nesterov or not, a width) jgd.spaces.static in the space"
            )


def _doubtful(group: Group, configs: Sequence[Config]) -> Sequence[int]:
    """The rows that may be refused, after the first one: those of which a check on whole columns says so.

    All rows where the recipe can't be traced, or makes something else of traced numbers: one of them has a message.
    """
    columns = {name: np.array([config[name] for config in configs], np.float64) for name in group.numbers}
    try:
        refused, structure = checks.refused_rows(group.build, columns)
        same = structure == jax.tree.structure(group.build(**{name: configs[0][name] for name in group.numbers}))
    except Exception:  # whatever a recipe raises
        return range(len(configs))
    return [0, *(row for row in refused.tolist() if row)] if same else range(len(configs))


def _difference(one: Any, other: Any) -> str:
    """Where two specs differ in structure, by the paths of their numbers."""
    first, second = (
        [checks.path_of(path) for path, _ in jax.tree_util.tree_leaves_with_path(spec)] for spec in (one, other)
    )
    lacks, has = ([path for path in mine if path not in its] for mine, its in ((first, second), (second, first)))
    words = [f"it {verb} {', '.join(paths)}" for verb, paths in (("lacks", lacks), ("also has", has)) if paths]
    return " and ".join(words) or "the same numbers, but another function or setting around them"


@contextmanager
def blamed(recipe: str, place: int, config: Config) -> Iterator[None]:
    """Faults of what a recipe made from a config, told by both."""
    where = f"recipe {recipe!r}, config {place} ({format_config(config)})"
    try:
        yield
    except checks.JgdError as error:
        raise checks.prefixed(f"{where}: ", error) from error
    except _NEEDS_A_VALUE as error:
        raise checks.JgdTypeError(
            f"{where} needs the value of a number that is an array in the compiled program (a Python `if`, float() or "
            "int()): use jnp.where, or make it structure by jgd.spaces.static in the space"
        ) from error
    except Exception as error:
        said = [note for note in getattr(error, "__notes__", ()) if note.startswith("raised by")]
        words = "; ".join([f"{where} raised {type(error).__name__}: {error}", *said])
        raise checks.JgdValueError(words) from error
