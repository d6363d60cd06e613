"""Weights & Biases: a callback of `jgd.train` and `jgd.sweep` that logs to a run there."""

from typing import Any

from jgd.core import checks
from jgd.interop.libraries import library
from jgd.interop.scalars import Callback, Progress


def callback(run: Any = None, **init: Any) -> Callback:
    """A callback that logs what is new at each call against "step", an axis of its own.

    Their own step can only grow, while the blocks of a sweep, and evaluations beside losses, come in another order. A sweep
    is one run there, with a curve a config, seed and metric. Finish the run yourself, after the last jgd call.

    Args:
        run: A run of wandb; default: one that `wandb.init` starts.
        init: What that gets, such as project="digits".

    Returns:
        What `callback=` of `jgd.train` and `jgd.sweep` takes.

    Raises:
        ImportError: No run is given, and wandb is not installed.
        JgdTypeError: `run` is no run, or is given with what would start another.

    Example:
        >>> import types
        >>> import jgd
        >>> run = types.SimpleNamespace(define_metric=lambda *name, **axis: None, log=lambda values: print(values["step"]))
        >>> log = jgd.interop.wandb.callback(run)  # with wandb: callback(project="digits")
        >>> _ = jgd.sweep("iris", "sgd", {"learning_rate": [0.1]}, seeds=1, steps=10, evaluate_every=5, callback=log)
        5
        10
    """
    if run is not None and init:
        raise checks.JgdTypeError(f"run is given, and {', '.join(init)} to start another one", argument="run")
    if run is None:
        run = library("wandb", "wandb").init(**init)
    if not hasattr(run, "define_metric"):
        raise checks.JgdTypeError(f"run must be a run of wandb, got {checks.shown(run)}", argument="run")
    run.define_metric("step")
    run.define_metric("*", step_metric="step")

    def log(progress: Progress) -> None:
        for step, values in progress.scalars():
            run.log({"step": step, **values})

    return log
