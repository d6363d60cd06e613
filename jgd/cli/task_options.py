"""The options that name a task. Enters: words. Leaves: a bundled task, one of a user's own function, or of a table."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jgd
from jgd.cli.importing import imported
from jgd.core import checks

SCALES = {"standard": jgd.Standard(), "minmax": jgd.MinMax(), "none": None}
CLASSES = ("softmax_cross_entropy", "logistic_nll", "softmax", "logistic")  # losses and models of labels …
VALUES = ("squared_error", "linear")  # … and of values


@dataclass(frozen=True)
class TaskOptions:
    """What `jgd train` and `jgd sweep` are told of the task.

    task: a bundled task or module:function, None with data. data, target: a table and its column to predict. metric:
    what chooses on the validation rows, None for the task's own.
    directory: where modules and data are looked for if they aren't in the working directory.
    """

    task: str | None
    model: str | None
    data: str | None
    target: str | None
    loss: str | None
    scale: str | None
    metric: str | None = None
    directory: str = ""

    @property
    def name(self) -> str:
        """Of the task, for a directory of runs."""
        return Path(self.data).stem if self.data is not None else str(self.task).rpartition(":")[2]

    @property
    def function(self) -> str | None:
        """The address of the user's own function, None for a bundled task or a table."""
        return self.task if self.task is not None and ":" in self.task else None

    @property
    def data_file(self) -> Path | None:
        """The table, from the working directory or else from `directory`; None without --data."""
        if self.data is None:
            return None
        given, elsewhere = Path(self.data), Path(self.directory) / self.data
        return elsewhere if not given.exists() and elsewhere.exists() else given

    def make(self) -> tuple[jgd.Task, jgd.data.Dataset | None]:
        """The task, and the table it was made of; `JgdValueError` names the option that is wrong."""
        task, table = self._found()
        return task if self.metric is None else _chosen_by(task, self.metric), table

    def _found(self) -> tuple[jgd.Task, jgd.data.Dataset | None]:
        if (self.task is None) == (self.data is None):
            raise checks.JgdValueError("name a task of `jgd list`, or give --data FILE --target COLUMN")
        if self.data_file is not None:
            return self._of_table(self.data_file)
        for option, value in (("--target", self.target), ("--loss", self.loss), ("--scale", self.scale)):
            if value is not None:
                raise checks.JgdValueError(f"{option} belongs to --data; the task {self.task!r} has its own")
        if self.function is None:
            return jgd.tasks.get(str(self.task), self.model), None
        return self._of_function(self.function), None

    def _of_table(self, file: Path) -> tuple[jgd.Task, jgd.data.Dataset]:
        if self.target is None:
            raise checks.JgdValueError("--data needs --target, the column to predict")
        if self.loss is not None:
            checks.choice("loss", self.loss, jgd.losses.errors)
        named = self.loss or self.model  # whichever was named tells labels from values
        kind = "classes" if named in CLASSES else "values" if named in VALUES else "auto"
        table = jgd.data.read(file, self.target, kind)
        scale = SCALES[checks.choice("scale", "standard" if self.scale is None else self.scale, SCALES)]
        return jgd.tasks.of_table(table, self.model, self.loss, scale=scale), table

    def _of_function(self, address: str) -> jgd.Task:
        if self.model is not None:
            raise checks.JgdValueError(f"--model belongs to a bundled task or --data, got the function {address!r}")
        made = called("task", address, self.directory)
        if not isinstance(made, jgd.Task):
            raise checks.JgdTypeError(f"task: {address} must return a jgd.Task, got {type(made).__name__}")
        return made


def _chosen_by(task: jgd.Task, metric: str) -> jgd.Task:
    """The task with another metric, one of which it is known whether larger is better."""
    known = [name for name, each in task.metrics.items() if name == task.metric or isinstance(each, jgd.tasks.Accuracy)]
    checks.choice("metric", metric, ["loss", *known])
    larger = task.larger_is_better if metric == task.metric else metric != "loss"
    return replace(task, metric=metric, larger_is_better=larger)


def called(argument: str, address: str, directory: str = "") -> Any:
    """What the user's own function returns; what it raises is bad input, told by its address."""
    function = imported(argument, address, directory)
    try:
        return function()
    except checks.JgdError:
        raise
    except Exception as error:  # whatever a user's code raises, it is the input that is bad
        raise checks.JgdValueError(f"{argument}: {address}() raised {type(error).__name__}: {error}") from error
