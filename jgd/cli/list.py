"""jgd list: what there is, with its parameters."""

import inspect
from collections.abc import Callable, Collection
from typing import Any

import jgd
from jgd.cli import console, options
from jgd.data import orders


def command() -> None:
    """List the tasks with their models, the losses, and optimizers, schedules and orders with their parameters."""
    tasks = [[name, ", ".join(models)] for name, (models, _) in jgd.tasks.registry.items()]
    console.table(["task", "models (the first is the default)"], tasks)
    for kind, registry in (("optimizer", jgd.optimizers.registry), ("schedule", jgd.schedules.registry)):
        console.table([kind, "parameters"], [[name, parameters(build)] for name, build in registry.items()])
    named = [[name, ""] for name in orders.NAMED]
    console.table(
        ["order", "parameters"],
        named + [[name, parameters(build, options.BY_ROWS)] for name, build in options.ORDERS.items()],
    )
    console.table(["loss, for a table of your own"], [[name] for name in jgd.losses.errors])


def parameters(build: Callable[..., Any], without: Collection[str] = ()) -> str:
    """A builder's parameters as they are written in a call."""
    out = []
    for name, parameter in inspect.signature(build).parameters.items():
        if name in without:
            continue
        out.append(name if parameter.default is parameter.empty else f"{name}={parameter.default!r}")
    return ", ".join(out)
