"""Recipes: builders by name, each with the configs that the space gives it, checked on the host before any trace."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import jax

from jgd import optimizers
from jgd.core import checks
from jgd.core.functions import name_of
from jgd.core.optimizer import Optimizer
from jgd.sweep.samplers import configs
from jgd.sweep.space import Config

Build: TypeAlias = Callable[..., Optimizer]
Recipes: TypeAlias = str | Build | Sequence[str | Build] | Mapping[str, Build]


RESERVED = {"config", "evaluation", "loss", "optimizer", "recipe", "seed", "step", "test"}  # names of the results


@dataclass(frozen=True)
class Recipe:
    """A named builder and the configs to build with it."""

    name: str
    build: Build
    configs: list[Config]


def recipes_of(recipes: Recipes, space: Any) -> list[Recipe]:
    """Names of the registry and functions as recipes, every config of theirs built once on the host as a check.

    `space` is one for all recipes, or maps each recipe's name to its own.
    """
    builders = _named(recipes)
    if not builders:
        raise checks.JgdValueError("recipes must name at least one optimizer, got none")
    own = isinstance(space, Mapping) and bool(space) and all(isinstance(v, Mapping) for v in space.values())
    if own:
        for name in space:
            checks.choice("recipe in space", name, builders)
        for name in builders:
            checks.choice(f"space for the recipe {name!r}: name", name, space)
    out = []
    for name, build in builders.items():
        recipe = Recipe(name, build, configs(space[name] if own else space))
        _check(recipe)
        out.append(recipe)
    return out


def _named(recipes: Recipes) -> dict[str, Build]:
    if isinstance(recipes, Mapping):
        named = dict(recipes)
    else:
        each = [recipes] if isinstance(recipes, str) or callable(recipes) else list(recipes)
        named = {}
        for item in each:
            name = item if isinstance(item, str) else name_of(item)
            if name in named:
                raise checks.JgdValueError(f"recipes has {name!r} twice; give a mapping with names of your own")
            named[name] = optimizers.get(item) if isinstance(item, str) else item
    for name, build in named.items():
        if not callable(build):
            raise checks.JgdTypeError(f"recipe {name!r} must be a function that returns an optimizer, got {build!r}")
    return named


def _check(recipe: Recipe) -> None:
    takes = inspect.signature(recipe.build).parameters
    open_ended = any(p.kind is p.VAR_KEYWORD for p in takes.values())
    given = recipe.configs[0]
    for name in given:
        if not open_ended:
            checks.choice(f"parameter of the recipe {recipe.name!r}", name, takes)
    for name, parameter in takes.items():
        needed = parameter.default is parameter.empty and parameter.kind not in (
            parameter.VAR_KEYWORD,
            parameter.VAR_POSITIONAL,
        )
        if needed and name not in given:
            raise checks.JgdValueError(f"space must give values to {name!r}, which {recipe.name!r} has no default for")
    reserved = set(given) & RESERVED
    if reserved:
        raise checks.JgdValueError(
            f"a parameter of the recipe {recipe.name!r} is named {sorted(reserved)[0]!r}, which a sweep's results use "
            f"themselves; rename it (taken: {', '.join(sorted(RESERVED))})"
        )
    first: Any = None
    # config 0 twice: a function made afresh inside the recipe differs from itself
    for index, config in [(0, given), *enumerate(recipe.configs)]:
        said = ", ".join(f"{k}={v:g}" for k, v in config.items())
        try:
            optimizer = recipe.build(**config)
        except checks.JgdError as error:
            raise type(error)(f"recipe {recipe.name!r}, config {index} ({said}): {error}") from error
        if not isinstance(optimizer, Optimizer):
            raise checks.JgdTypeError(f"recipe {recipe.name!r} must return an optimizer, got {optimizer!r}")
        structure = jax.tree.structure(optimizer)
        first = structure if first is None else first
        if structure != first:
            raise checks.JgdValueError(
                f"recipe {recipe.name!r} must return one structure for all configs, but config {index} ({said}) "
                f"differs from config 0: {structure} against {first}. Functions inside must be module-level, and "
                "structural choices (nesterov or not) a recipe each"
            )
