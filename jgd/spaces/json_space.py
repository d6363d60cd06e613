"""Layer 1. Enters: a name's distribution and conditions. Leaves: plain data that JSON and TOML hold; and the way back.

{"log_uniform": [1e-4, 1.0]}    {"one_minus_log_uniform": [1e-4, 0.1], "when": {"optimizer": ["adam"]}}    [0.0, 1e-4]    0.9
{"integers": [16, 1024], "log": true}    {"integers": [0, 100], "step": 10}    {"choice": ["sgd", "adam"], "weights": [1, 3]}
{"normal": [0.5, 0.1], "low": 0.0}    {"log_normal": [1e-3, 10.0]}
"""

import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, cast

from jgd.core import checks
from jgd.spaces.distributions import KINDS, choice, when
from jgd.spaces.lists import List
from jgd.spaces.ranges import Distribution

WHEN = "when"
OPTIONS_OF = {name: {f.name for f in fields(cast(Any, kind)) if f.kw_only} for name, kind in KINDS.items()}
OPTIONS = sorted(set().union(*OPTIONS_OF.values()))
PAIRS = {"normal": "[mean, std]", "log_normal": "[median, spread]"}  # what two numbers say; else bounds


def entry_to_json(name: str, kind: Distribution, conditions: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
    """A name's entry as plain data; refuses, by `name`, values that JSON can't hold.

    >>> from jgd.spaces.distributions import log_uniform
    >>> entry_to_json("learning_rate", log_uniform(1e-4, 1), {})
    {'log_uniform': [0.0001, 1.0]}
    """
    out: dict[str, Any] = {kind.kind: [_jsonable(name, value) for value in kind.arguments()], **kind.options()}
    if conditions:
        out[WHEN] = {parent: [_jsonable(name, value) for value in wanted] for parent, wanted in conditions.items()}
    return out


def entry_from_json(name: str, data: Any) -> Any:
    """What `jgd.space` takes for `name`, from plain data; errors name `name`, what is wrong and what is allowed.

    >>> entry_from_json("learning_rate", {"log_uniform": [1e-4, 1]})
    LogUniform(low=0.0001, high=1.0)
    """
    if not isinstance(data, Mapping):
        return data
    conditions, options = data.get(WHEN), {key: data[key] for key in OPTIONS if key in data}
    kinds = [key for key in data if key != WHEN and key not in options]
    if len(kinds) != 1:
        raise checks.JgdValueError(
            f"space[{name!r}] must have one kind, of {', '.join(KINDS)}, and may have {WHEN!r}, "
            f"got {checks.shown(dict(data))}",
            argument="space",
        )
    kind = checks.choice(f"kind in space[{name!r}]:", kinds[0], KINDS)
    arguments = data[kind]
    if not isinstance(arguments, list):
        raise checks.JgdTypeError(
            f"space[{name!r}] must have a list after {kind!r}, got {checks.shown(arguments)}", argument="space"
        )
    listed = issubclass(KINDS[kind], List)
    if not listed and len(arguments) != 2:
        raise checks.JgdValueError(
            f"space[{name!r}] must have two numbers, {kind} = {PAIRS.get(kind, '[low, high]')}, got {checks.shown(arguments)}",
            argument="space",
        )
    for option in options.keys() - OPTIONS_OF[kind]:
        raise checks.JgdValueError(
            f"space[{name!r}] must not have {option!r} with {kind}, got {checks.shown(dict(data))}", argument="space"
        )
    arguments = list(map(of_json, arguments))
    try:
        build: Any = choice if kind == "choice" else KINDS[kind]
        made = build(arguments, **options) if listed else build(*arguments, **options)
    except checks.JgdError as error:
        raise checks.prefixed(f"space[{name!r}]: ", error) from error
    if conditions is None:
        return made
    if not isinstance(conditions, Mapping) or not conditions:
        raise checks.JgdTypeError(
            f"space[{name!r}] must have conditions such as {{optimizer = 'adam'}} after {WHEN!r}, "
            f"got {checks.shown(conditions)}",
            argument="space",
        )
    wanted = {p: list(map(of_json, v)) if isinstance(v, list) else v for p, v in conditions.items()}
    return when(made, **wanted)


def _jsonable(name: str, value: Any) -> Any:
    if isinstance(value, tuple):
        return [_jsonable(name, item) for item in value]
    if value is None or type(value) in (str, bool, int) or (type(value) is float and math.isfinite(value)):
        return value
    raise checks.JgdTypeError(
        f"space[{name!r}] must hold words, numbers, flags, None and tuples of these to be written to a file, "
        f"got {checks.shown(value)}",
        argument="space",
    )


def of_json(value: Any) -> Any:
    """A static value from plain data: lists as the tuples that they were."""
    return tuple(map(of_json, value)) if isinstance(value, list) else value
