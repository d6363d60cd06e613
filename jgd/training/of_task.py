"""What `train` takes from a task: a loss, a start, rows and metrics, where the caller gives none."""

import inspect
from collections.abc import Mapping
from typing import Any

from jgd import optimizers, tasks
from jgd.core import checks, seeds
from jgd.tasks import Task


def filled_in(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of `train`, by name: those of a task in place of it, and of None what no task says either.

    Raises:
        JgdTypeError: There are no parameters, and no task to start from.
        JgdValueError: An optimizer or a task of an unknown name, or an optimizer by name that needs numbers.
    """
    out = dict(arguments)
    out["optimizer"] = _optimizer(out["optimizer"])
    task = tasks.get(out["loss"]) if isinstance(out["loss"], str) else out["loss"]
    if isinstance(task, Task):
        out |= _of(task, out)
    elif out["params"] is None:
        raise checks.JgdTypeError("params must be given: where to start; a jgd.Task knows", argument="params")
    out["metric"] = "loss" if out["metric"] is None else out["metric"]
    out["larger_is_better"] = (
        bool(out["larger_is_better"]) if out["larger_is_better"] is None else out["larger_is_better"]
    )
    return out


def _of(task: Task, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the task says where the caller says nothing."""
    key = seeds.init_key(given["seed"])
    metric = task.metric if given["metric"] is None else given["metric"]
    own = {
        "params": lambda: task.init(key),
        "data": lambda: task.train,
        "validation": lambda: task.validation,
        "metrics": lambda: task.metrics,
        "larger_is_better": lambda: task.larger_is_better and metric == task.metric,
        "model_state": lambda: None if task.init_state is None else task.init_state(key),
        "evaluation_loss": lambda: task.evaluation_loss,
    }
    return {"loss": task.loss, "metric": metric} | {n: make() for n, make in own.items() if given[n] is None}


def _optimizer(optimizer: Any) -> Any:
    """An optimizer as it is, or the registered one of a name that needs no numbers."""
    if not isinstance(optimizer, str):
        return optimizer
    build = optimizers.get(optimizer)
    needs = [name for name, p in inspect.signature(build).parameters.items() if p.default is p.empty]
    if needs:
        words = ", ".join(f"{name}=…" for name in needs)
        raise checks.JgdValueError(
            f"the optimizer {optimizer!r} has no default for {' and '.join(needs)}: give jgd.optimizers.{optimizer}({words})",
            argument="optimizer",
        )
    return build()
