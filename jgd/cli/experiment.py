"""A whole sweep in one TOML file. Enters: the file. Leaves: the options that it stands for; and such a file of what was asked.

    task = "iris"                # or data = "table.csv" and target = "price"
    recipes = ["sgd", "adam"]    # or my_module:function
    samples = 32
    sampler = "sobol"
    seeds = 8
    steps = 300
    policy = { median = { every = 30 } }
    store = "runs/iris"

    [space]
    learning_rate = { log_uniform = [1e-4, 1.0] }

Its other keys are the options of `jgd sweep`, and an option that is typed as well counts first. A file may be somebody
else's: code that it names is imported only for who says --trust, and it can't say what deletes or leaves the machine.
"""

import json
import math
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

import jgd
from jgd.cli import console
from jgd.cli import options as parsed
from jgd.core import atomic_files, checks
from jgd.spaces.toml_space import read_toml, space_of_toml

ENDING = ".toml"
ALIASES = {"store": "out", "set": "set_"}
NOT_KEPT = (
    "task",
    "optimizer",
    "recipe",
    "space",
    "learning_rates",
    "set_",
    "policy",
    "set_policy",
    "out",
    "save_config",
)
OF_A_CALL = ("overwrite", "resume", "shard", "patience", "dask", "seconds", "trust")  # how it is carried out this time
TYPED_ONLY = ("save_config", "trust", "overwrite", "dask")  # a file can't say them
FILE = "jgd.experiment"  # in the context of a command: the file that it was given


def task_or_file(context: typer.Context, task: str | None) -> str | None:
    """The task of the command line; of an experiment's file its task, and the other keys become the options' defaults."""
    if task is None or not task.endswith(ENDING):
        return task
    said = read_toml("experiment", task)
    if not _is_experiment(said):
        raise checks.JgdValueError(f"{task}: an experiment must name its task = … or data = …, got neither")
    known = {each.name for each in context.command.params} - set(TYPED_ONLY)
    try:
        context.default_map = {
            **_defaults(said, known),
            **({"space": task} if isinstance(said.get("space"), Mapping) else {}),
        }
    except checks.JgdError as error:
        raise checks.prefixed(f"{task}: ", error) from error
    context.meta[FILE] = task
    return said.get("task")


def check_trust(context: typer.Context, trust: bool) -> None:
    """Refuse a file's code without --trust, by its names; what is typed is the caller's own."""
    file, said = context.meta.get(FILE), context.params
    if file is None:
        return
    source = context.get_parameter_source("recipe")
    recipes = said["recipe"] or () if source is not None and source.name == "DEFAULT_MAP" else ()
    code = [*recipes, *([said["task"]] if said["task"] and ":" in said["task"] else [])]
    if code and not trust:
        raise checks.JgdValueError(
            f"{file} names code that is not jgd's: {', '.join(code)}; --trust imports it, which runs it: only where you "
            "trust its maker"
        )
    if code:
        console.print_line(f"imports {', '.join(code)}")


def space_in(file: Path) -> jgd.Space:
    """The space of a TOML file, or of the experiment that it holds."""
    said = read_toml("space", file)
    if not _is_experiment(said):
        return space_of_toml(file)
    try:
        return jgd.Space.of(said.get("space", {}))
    except checks.JgdError as error:
        raise checks.prefixed(f"{file}: ", error) from error


def save(
    file: Path, context: typer.Context, recipes: Sequence[str] | None, space: jgd.Space, made: Mapping[str, Any]
) -> None:
    """Write what a command was asked for, so that `jgd sweep FILE` asks for it again. made: options as they were filled in."""
    said = context.params
    given = {
        name: value
        for name, value in said.items()
        if name not in (*NOT_KEPT, *OF_A_CALL) and value not in (None, False, [], ())
    }
    policy = None if said["policy"] is None else str(said["policy"])
    options = parsed.assignments(said["set_policy"] or (), "--set-policy", {})
    out = {
        "task": said["task"],
        "recipes": recipes,
        **made,
        **{name: value for name, value in given.items() if name not in made},
        "policy": {policy: options} if options else policy,
        "store": said["out"],
    }
    lines = [f"{name} = {_toml(value)}" for name, value in out.items() if value is not None]
    names = [f"{_key(name)} = {_toml(entry)}" for name, entry in space.describe().items()]
    atomic_files.write(file, "\n".join([*lines, "", "[space]", *names, ""]).encode())


def _is_experiment(said: Mapping[str, Any]) -> bool:
    """Whether a file is more than a space, in which a bare word is no entry."""
    return any(isinstance(said.get(name), str) for name in ("task", "data"))


def _defaults(said: Mapping[str, Any], known: Collection[str | None]) -> dict[str, Any]:
    """The options that the keys stand for, as the command takes them."""
    out: dict[str, Any] = {}
    for key, value in said.items():
        name = key.replace("-", "_")
        if key == "recipes":
            words = [value] if isinstance(value, str) else value
            if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
                raise checks.JgdTypeError(f"recipes must be a list of names, got {checks.shown(value)}")
            out["recipe"] = [word for word in words if ":" in word]
            out["optimizer"] = [word for word in words if ":" not in word]
        elif key == "policy" and isinstance(value, Mapping):
            if len(value) != 1 or not all(isinstance(options, Mapping) for options in value.values()):
                raise checks.JgdTypeError(
                    f"policy must be a name, or {{NAME = {{OPTION = VALUE}}}}, got {checks.shown(value)}"
                )
            out["policy"], options = next(iter(value.items()))
            out["set_policy"] = _assignments(options)
        elif key == "space" and isinstance(value, Mapping):
            continue
        else:
            name = ALIASES.get(name, name)
            checks.choice("key", name, sorted({*filter(None, known), "recipes", "store"}))
            if name in ("set_", "set_policy") and isinstance(value, Mapping):
                value = _assignments(value)
            several = name in ("optimizer", "recipe", "features", "drop", "one_hot", "dates", "empty", "class_weight")
            out[name] = [value] if several and isinstance(value, str) else value
    return out


def _assignments(options: Mapping[str, Any]) -> list[str]:
    return [f"{name}={','.join(map(str, v)) if isinstance(v, list) else v}" for name, v in options.items()]


def _key(name: str) -> str:
    return name if name.replace("_", "").isalnum() and name.isascii() else json.dumps(name, ensure_ascii=False)


def _toml(value: Any) -> str:
    """A value as TOML has it, on one line.

    >>> print(_toml({"choice": ["sgd", 0.5], "when": {"kind": [True]}}))
    { choice = ["sgd", 0.5], when = { kind = [true] } }
    """
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_key(name)} = {_toml(each)}' for name, each in value.items())} }}" if value else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return repr(value)
    if isinstance(value, str | Path):
        return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
    raise checks.JgdValueError(f"--save-config: TOML has no {value!r}; the command, or Python, has")
