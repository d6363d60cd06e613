"""How a sweep is made again: the command as it was typed, else the call in Python."""

import os
import re
import shlex
import warnings
from collections.abc import Mapping
from pathlib import Path
from pprint import pformat
from typing import Any

from jgd import optimizers, tasks
from jgd.core import atomic_files, checks
from jgd.core.fingerprint import address_of, function_fingerprint
from jgd.core.strict_json import fault_of, is_word
from jgd.sweeps import Sweep
from jgd.sweeps.policies.bundled import POLICIES
from jgd.sweeps.recipes import by_optimizer
from jgd.sweeps.sweep import EVALUATIONS

_TYPED = {"argv": [is_word], "directory": is_word, "options": dict}
WIDTH = 88  # of a printed call


def stored_command(directory: Path, asked: Mapping[str, Any]) -> str | None:
    """What was typed to make the sweep in a directory, and to make it larger; None where no command made it.

    It is shown, never run; each word is quoted as a shell needs it.
    """
    file = directory / atomic_files.COMMAND
    if not os.path.lexists(file):
        return None
    try:
        typed = atomic_files.unsealed(file)
    except checks.JgdError as fault:
        warnings.warn(f"in {str(directory)!r}, {fault}: the report shows the call in Python", stacklevel=2)
        return None
    if fault_of(typed, _TYPED):
        return None  # of an older jgd
    lines = [f"cd {shlex.quote(typed['directory'])}", shlex.join(["jgd", *typed["argv"]])]
    more = _extension(typed["options"], asked)
    near = directory.is_relative_to(typed["directory"])
    where = directory.relative_to(typed["directory"]) if near else directory
    return "\n".join([*lines, *([shlex.join(["jgd", "extend", str(where), *more])] if more else [])])


def _extension(options: Mapping[str, Any], asked: Mapping[str, Any]) -> list[str]:
    """The words of `jgd extend` that lead from what the command asked for to what is there."""
    seeds = len(asked["seeds"]) // (asked.get("splits") or {}).get("folds", 1)
    there = {"samples": asked["axis"]["count"], "seeds": seeds, "steps": asked["steps"]}
    asked_for = {name: options[name] for name in there if type(options.get(name)) is int}
    larger = {name: there[name] for name, count in asked_for.items() if there[name] and there[name] > count}
    return [word for name, value in larger.items() for word in (f"--{name}", str(value))]


def python_call(sweep: Sweep, asked: Mapping[str, Any]) -> str:
    """The call of `jgd.sweep`, in full: a task and recipes of a user's own are named, and stand for what they were."""
    task, own = _task(sweep.task, asked), []
    own += ["task"] if task == "task" else []
    words = [f"    {task},", f"    {_recipes(asked['recipes'], own)},", f"    {_space(asked['axis'])},"]
    words += [f"    {name}={value}," for name, value in _options(sweep, asked).items()]
    note = [f"# of your own: {'; '.join(own)}"] if own else []
    return "\n".join([*note, "found = jgd.sweep(", *words, ")"])


def _task(name: str, asked: Mapping[str, Any]) -> str:
    """A bundled task as it is asked for: its loss tells which of its models it has; "task" for one of a user's own."""
    models = list(tasks.registry[name][0]) if name in tasks.registry else []
    loss = asked["identity"].get("task.loss")
    found = [model for model in models if function_fingerprint(tasks.get(name, model).loss) == loss]
    if not found:
        return "task"
    return repr(name) if found[0] == models[0] else f"jgd.tasks.get({name!r}, {found[0]!r})"


def _recipes(addresses: Mapping[str, str], own: list[str]) -> str:
    known = {address_of(recipe): name for name, recipe in optimizers.registry.items()}
    if list(addresses.values()) == [address_of(by_optimizer)]:
        return "None"  # the space names the optimizers
    if all(known.get(address) == name for name, address in addresses.items()):
        return repr(list(addresses))
    own += [f"{name!r}, {address}" for name, address in addresses.items() if known.get(address) != name]
    named = lambda name, address: f"jgd.optimizers.get({name!r})" if known.get(address) == name else _identifier(name)
    return "{" + ", ".join(f"{name!r}: {named(name, address)}" for name, address in addresses.items()) + "}"


def _identifier(name: str) -> str:
    return re.sub(r"\W", "_", f"my_{name}")


def _space(axis: Mapping[str, Any]) -> str:
    first, *others = axis["spaces"].values()
    printed = lambda space: pformat(space, width=WIDTH, sort_dicts=False, compact=True)
    if all(other == first for other in others):
        text = f"jgd.Space.of({printed(first)})"
    else:
        text = "{" + ",\n".join(f"{name!r}: jgd.Space.of({printed(s)})" for name, s in axis["spaces"].items()) + "}"
    return text.replace("\n", "\n    ")


def _options(sweep: Sweep, asked: Mapping[str, Any]) -> dict[str, str]:
    """The keyword arguments that aren't left at their defaults."""
    axis, splits = asked["axis"], asked.get("splits")
    sampler, policy = axis["sampler"], asked["policy"]
    seeds = sweep.facts.splits.seeds_of(sweep.seeds)
    counted = tuple(sorted(seeds)) == tuple(range(len(seeds)))
    out = {}
    if axis["count"]:
        out |= {"samples": repr(axis["count"])} | ({} if sampler is None else {"sampler": repr(sampler[0])})
    out["seeds"] = repr(len(seeds) if counted else list(seeds))
    if splits:
        out |= {"folds": repr(splits["folds"])} if splits["folds"] > 1 else {}
        out |= {"resplit": "True"} if splits["resplit"] else {}
    out["steps"] = repr(asked["steps"])
    usual = {"batch_size": None, "evaluate_every": -(-asked["steps"] // EVALUATIONS), "record_every": 1}
    out |= {name: repr(asked[name]) for name, value in usual.items() if asked[name] != value}
    if asked["order"] != "shuffled":
        out["order"] = repr(asked["order"]) if asked["order"] else "order"
    if policy[0] in POLICIES and policy[0] != "Full":
        out["policy"] = f"jgd.sweeps.{policy[0]}({', '.join(f'{name}={value!r}' for name, value in policy[1].items())})"
    elif policy[0] != "Full":
        out["policy"] = "policy"
    return out | ({"block": repr(asked["block"])} if asked["block"] else {})
