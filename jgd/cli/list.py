"""jgd list: what there is, with its parameters."""

import inspect
from collections.abc import Callable, Collection
from typing import Any

import jgd
from jgd.cli import console, methods
from jgd.data import orders
from jgd.tasks.supervised import SUITABLE


def command() -> None:
    """List tasks and losses, and optimizers, schedules, orders, samplers and policies with their parameters."""
    tasks = [[name, ", ".join(models)] for name, (models, _) in jgd.tasks.registry.items()]
    console.print_table(["task", "models (the first is the default)"], tasks)
    for kind, registry in (("optimizer", jgd.optimizers.registry), ("schedule", jgd.schedules.registry)):
        console.print_table([kind, "parameters"], [[name, signature(build)] for name, build in registry.items()])
    named = [[name, ""] for name in orders.NAMED]
    console.print_table(
        ["order", "parameters"],
        named + [[name, signature(build, methods.BY_ROWS)] for name, build in methods.ORDERS.items()],
    )
    for kind, known in (("sampler", jgd.spaces.samplers.SAMPLERS), ("policy", methods.POLICIES)):
        console.print_table([kind, "parameters"], [[name, signature(build)] for name, build in known.items()])
    of_tables = [name for names in SUITABLE.values() for name in names]
    console.print_table(["loss, for a table of your own"], [[name] for name in of_tables])
    others = [[name] for name in jgd.losses.errors if name not in of_tables]
    console.print_table(["other errors of outputs, for models of your own in Python"], others)


def signature(build: Callable[..., Any], without: Collection[str] = ()) -> str:
    """A builder's parameters as they are written in a call."""
    out = []
    for name, parameter in inspect.signature(build).parameters.items():
        if name in without:
            continue
        out.append(name if parameter.default is parameter.empty else f"{name}={parameter.default!r}")
    return ", ".join(out)
