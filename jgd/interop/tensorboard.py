"""TensorBoard: a callback of `jgd.train` and `jgd.sweep` that writes event files."""

import os
from typing import Any

from jgd.core import checks
from jgd.interop.libraries import library
from jgd.interop.scalars import Callback, Progress


def callback(to: str | os.PathLike | Any = "runs") -> Callback:
    """A callback that writes what is new at each call: one curve a name, and in a sweep one a config, seed and metric.

    Args:
        to: A directory, written by tensorboardX; or a `SummaryWriter` of it or of `torch.utils.tensorboard`, anything with
            `add_scalar(tag, scalar_value, global_step)` and `flush()`. Default: "runs".

    Returns:
        What `callback=` of `jgd.train` and `jgd.sweep` takes.

    Raises:
        ImportError: A directory is given, and tensorboardX is not installed.
        JgdTypeError: `to` is neither a directory nor a writer.

    Example:
        >>> import types
        >>> import jgd
        >>> writer = types.SimpleNamespace(add_scalar=lambda name, value, step: print(name, step), flush=lambda: None)
        >>> log = jgd.interop.tensorboard.callback(writer)  # with tensorboardX: callback("runs/iris")
        >>> _ = jgd.sweep("iris", "sgd", {"learning_rate": [0.1]}, seeds=1, steps=5, evaluate_every=5, callback=log)
        config 0/seed 0/validation_accuracy 5
        config 0/seed 0/validation_loss 5
    """
    if isinstance(to, str | os.PathLike):
        to = library("tensorboardX", "tensorboardX").SummaryWriter(os.fspath(to))
    if not hasattr(to, "add_scalar"):
        raise checks.JgdTypeError(f"to must be a directory or a SummaryWriter, got {checks.shown(to)}", argument="to")
    writer: Any = to

    def log(progress: Progress) -> None:
        for step, values in progress.scalars():
            for name, value in values.items():
                writer.add_scalar(name, value, step)
            writer.flush()

    return log
