"""Layer 1. Enters: the cases of a name. Leaves: plain data that JSON and TOML hold; and the way back.

{"log_uniform": [1e-4, 1.0]}    {"one_minus_log_uniform": [1e-4, 0.1], "when": {"optimizer": ["adam"]}}    [0.0, 1e-4]    0.9
{"integers": [16, 1024], "log": true}    {"integers": [0, 100], "step": 10}    {"choice": ["sgd", "adam"], "weights": [1, 3]}
{"normal": [0.5, 0.1], "low": 0.0}    {"log_normal": [1e-3, 10.0]}    {"derived": "steps - warmup"}
{"log_uniform": [1e-4, 1.0], "length": 3}    [{"uniform": [0, 1], "when": {"momentum": {"low": 0.5}}}, {"uniform": [0, 2]}]
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, cast

from jgd.core import checks
from jgd.spaces.conditions import Between, Case, between, when
from jgd.spaces.derived import Derived
from jgd.spaces.distributions import KINDS, choice
from jgd.spaces.lists import List
from jgd.spaces.vectors import vector

WHEN, LENGTH, DERIVED = "when", "length", Derived.kind
OPTIONS_OF = {name: {f.name for f in fields(cast(Any, kind)) if f.kw_only} for name, kind in KINDS.items()}
OPTIONS = sorted(set().union(*OPTIONS_OF.values()))
PAIRS = {"normal": "[mean, std]", "log_normal": "[median, spread]"}  # what two numbers say; else bounds


def cases_to_json(name: str, cases: Sequence[Case]) -> Any:
    """A name's entry as plain data, a list where it has several cases; refuses, by `name`, values that JSON can't hold.

    >>> from jgd.spaces.distributions import log_uniform
    >>> cases_to_json("learning_rate", [Case(log_uniform(1e-4, 1), {"momentum": Between(0.5)})])
    {'log_uniform': [0.0001, 1.0], 'when': {'momentum': {'low': 0.5}}}
    """
    out = [_case_to_json(name, case) for case in cases]
    return out[0] if len(out) == 1 else out


def _case_to_json(name: str, case: Case) -> dict[str, Any]:
    kind, conditions = case.distribution, case.conditions
    said = [_jsonable(name, value) for value in kind.arguments()]
    out: dict[str, Any] = {kind.kind: said[0] if isinstance(kind, Derived) else said, **kind.options()}
    if conditions:
        listed = lambda wanted: [_jsonable(name, value) for value in wanted]
        out[WHEN] = {p: w.bounds() if isinstance(w, Between) else listed(w) for p, w in conditions.items()}
    return out


def entry_from_json(name: str, data: Any) -> Any:
    """What `jgd.space` takes for `name`, from plain data; errors name `name`, what is wrong and what is allowed.

    >>> entry_from_json("learning_rate", {"log_uniform": [1e-4, 1]})
    LogUniform(low=0.0001, high=1.0)
    """
    if isinstance(data, list) and any(isinstance(each, Mapping) for each in data):
        return [entry_from_json(name, each) for each in data]
    if not isinstance(data, Mapping):
        return data
    if LENGTH in data:
        with checks.renamed(**{"length of vector": f"space[{name!r}] length"}):
            return vector(entry_from_json(name, {key: data[key] for key in data if key != LENGTH}), data[LENGTH])
    if DERIVED in data:
        return _derived_from_json(name, data)
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
    return _under_conditions(name, made, conditions)


def _derived_from_json(name: str, data: Mapping[str, Any]) -> Any:
    other = [key for key in data if key not in (DERIVED, WHEN)]
    if other:
        raise checks.JgdValueError(
            f"space[{name!r}] must have one kind, and {DERIVED!r} no options, got {checks.shown(dict(data))}",
            argument="space",
        )
    try:
        made = Derived(data[DERIVED])
    except checks.JgdError as error:
        raise checks.prefixed(f"space[{name!r}]: ", error) from error
    return _under_conditions(name, made, data.get(WHEN))


def _under_conditions(name: str, made: Any, conditions: Any) -> Any:
    if conditions is None:
        return made
    if not isinstance(conditions, Mapping) or not conditions:
        raise checks.JgdTypeError(
            f"space[{name!r}] must have conditions such as {{optimizer = 'adam'}} after {WHEN!r}, "
            f"got {checks.shown(conditions)}",
            argument="space",
        )
    return when(made, **{parent: _wanted(name, parent, values) for parent, values in conditions.items()})


def _wanted(name: str, parent: str, values: Any) -> Any:
    if isinstance(values, list):
        return list(map(of_json, values))
    if not isinstance(values, Mapping):
        return values
    if not values or set(values) - {"low", "high"}:
        raise checks.JgdValueError(
            f"condition of space[{name!r}] on {parent!r} must have bounds, {{low = …, high = …}}, got "
            f"{checks.shown(dict(values))}",
            argument="space",
        )
    try:
        return between(**values)
    except checks.JgdError as error:
        raise checks.prefixed(f"condition of space[{name!r}] on {parent!r}: ", error) from error


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
