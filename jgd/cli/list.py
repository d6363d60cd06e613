"""jgd list: what there is, with its parameters."""

import inspect
from collections.abc import Callable
from typing import Any

import jgd
from jgd.cli import show


def command() -> None:
    """List the tasks with their models, and the optimizers and schedules with their parameters and defaults."""
    tasks = [[name, ", ".join(models)] for name, (models, _) in jgd.tasks.registry.items()]
    show.table(["task", "models (the first is the default)"], tasks)
    for kind, registry in (("optimizer", jgd.optimizers.registry), ("schedule", jgd.schedules.registry)):
        show.table([kind, "parameters"], [[name, parameters(build)] for name, build in registry.items()])


def parameters(build: Callable[..., Any]) -> str:
    """A builder's parameters as they are written in a call."""
    out = []
    for name, parameter in inspect.signature(build).parameters.items():
        out.append(name if parameter.default is parameter.empty else f"{name}={parameter.default!r}")
    return ", ".join(out)
