"""The options that name a task. Enters: words. Leaves: a bundled task, one of a user's own function, or of a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

import jgd
from jgd.cli import options
from jgd.cli.importing import imported
from jgd.core import checks
from jgd.tasks.supervised import SUITABLE

SCALES = {"standard": jgd.Standard(), "minmax": jgd.MinMax(), "none": None}
CLASSES = (
    *SUITABLE["softmax_cross_entropy"],
    *SUITABLE["logistic_nll"],
    "softmax",
    "logistic",
)  # losses and models of labels …
VALUES = (*SUITABLE["squared_error"], "linear")  # … and of values
LISTS = ("features", "drop", "one_hot", "dates", "empty", "class_weight")  # options of --data that are repeated …
COLUMNS = (*LISTS, "missing", "kind", "delimiter", "decimal", "encoding")  # … and all that say how it is read

Features = Annotated[
    list[str] | None,
    typer.Option("--features", help="A column of --data to learn from; repeat it. Default all others."),
]
Drop = Annotated[list[str] | None, typer.Option("--drop", help="A column of --data to leave out; repeat it.")]
OneHot = Annotated[
    list[str] | None,
    typer.Option(
        "--one-hot", help="A column of words, each a feature of its own; repeat it, or auto for all such columns."
    ),
]
Dates = Annotated[list[str] | None, typer.Option("--dates", help="A column of dates (2026-01-31), as days; repeat it.")]
Missing = Annotated[
    str | None,
    typer.Option(
        "--missing", help="What fills gaps, by the training rows: mean, median, most_frequent; default error."
    ),
]
Kind = Annotated[
    str | None, typer.Option("--kind", help="Of the target of --data: classes or values; default by what it holds.")
]
Delimiter = Annotated[str | None, typer.Option("--delimiter", help="Of a CSV; default which of , ; tab and | fits.")]
Decimal = Annotated[
    str | None, typer.Option("--decimal", help="Of a CSV: . or , before a fraction; default what fits.")
]
Encoding = Annotated[str | None, typer.Option("--encoding", help="Of a CSV, such as latin-1; default UTF-8.")]
Empty = Annotated[
    list[str] | None,
    typer.Option("--empty", help="A word of a CSV for an empty cell; repeat it, '' for none. Default NA, null, …."),
]
ClassWeight = Annotated[
    list[str] | None,
    typer.Option(
        "--class-weight", help="balanced, or LABEL=WEIGHT and repeat it: what a row of a class counts in the loss."
    ),
]
Metric = Annotated[
    str | None,
    typer.Option(
        "--metric",
        help="What chooses on the validation rows: loss, accuracy, balanced_accuracy, f1, roc_auc, log_loss; rmse, mae, r2.",
    ),
]


def table_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a table's columns, among a command's, as `TaskOptions` takes them."""
    if given["delimiter"] == "\t":
        given = {**given, "delimiter": "tab"}
    return {name: tuple(given[name] or ()) if name in LISTS else given[name] for name in COLUMNS}


def csv_format(
    delimiter: str | None, decimal: str | None, encoding: str | None, empty: Sequence[str]
) -> jgd.data.CsvFormat:
    r"""What the options say of a CSV; "\t" is a tab, and no word for an empty cell is all that are known.

    >>> csv_format(r"\t", None, None, []).delimiter, csv_format(None, None, None, [""]).empty
    ('\t', ('',))
    """
    delimiter = "\t" if delimiter in ("\\t", "tab") else delimiter
    return jgd.data.CsvFormat(delimiter, decimal, encoding, **({"empty": tuple(empty)} if empty else {}))


@dataclass(frozen=True)
class TaskOptions:
    """What `jgd train` and `jgd sweep` are told of the task.

    task: a bundled task or module:function, None with data. data, target: a table and its column to predict. metric:
    what chooses on the validation rows, None for the task's own.
    directory: where modules and data are looked for if they aren't in the working directory.
    features … missing: how the table's columns are read. class_weight: "balanced", or LABEL=WEIGHT words. kind: of the
    target. delimiter … empty: how a CSV is written.
    """

    task: str | None
    model: str | None
    data: str | None
    target: str | None
    loss: str | None
    scale: str | None
    metric: str | None = None
    directory: str = ""
    features: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    one_hot: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    missing: str | None = None
    class_weight: tuple[str, ...] = ()
    kind: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    empty: tuple[str, ...] = ()

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
        return task if self.metric is None else task.chosen_by(self.metric), table

    def _found(self) -> tuple[jgd.Task, jgd.data.Dataset | None]:
        if (self.task is None) == (self.data is None):
            raise checks.JgdValueError("name a task of `jgd list`, or give --data FILE --target COLUMN")
        if self.data_file is not None:
            return self._of_table(self.data_file)
        for option in ("target", "loss", "scale", *COLUMNS):
            value = getattr(self, option)
            option = f"--{option.replace('_', '-')}"
            if value not in (None, ()):
                raise checks.JgdValueError(f"{option} belongs to --data; the task {self.task!r} has its own")
        if self.function is None:
            self._refuse_file(str(self.task))
            return jgd.tasks.get(str(self.task), self.model), None
        return self._of_function(self.function), None

    def _refuse_file(self, task: str) -> None:
        """A file in the task's place is told where it belongs."""
        kind = Path(task).suffix
        if kind == ".toml":
            raise checks.JgdValueError(f"{task}: an experiment's file is run by `jgd sweep {task}`")
        if kind:
            raise checks.JgdValueError(
                f"there is no task {task!r}; a table's file goes to --data {task} --target COLUMN"
            )

    def _of_table(self, file: Path) -> tuple[jgd.Task, jgd.data.Dataset]:
        if self.target is None:
            raise checks.JgdValueError("--data needs --target, the column to predict")
        if self.loss is not None:
            checks.choice("loss", self.loss, jgd.losses.errors)
        named = self.loss or self.model  # whichever was named tells labels from values
        kind = self.kind or ("classes" if named in CLASSES else "values" if named in VALUES else "auto")
        table = jgd.data.read(
            file,
            self.target,
            kind,
            features=self.features or None,
            drop=self.drop,
            one_hot="auto" if self.one_hot == ("auto",) else self.one_hot,
            dates=self.dates,
            missing="error" if self.missing is None else self.missing,
            csv=csv_format(self.delimiter, self.decimal, self.encoding, self.empty),
        )
        scale = SCALES[checks.choice("scale", "standard" if self.scale is None else self.scale, SCALES)]
        weights: Any = self.class_weight
        if len(weights) == 1 and "=" not in weights[0]:
            weights = weights[0]
        elif weights:
            weights = options.assignments(weights, "--class-weight", {}, float)
        return jgd.tasks.of_table(table, self.model, self.loss, scale=scale, class_weight=weights or None), table

    def _of_function(self, address: str) -> jgd.Task:
        if self.model is not None:
            raise checks.JgdValueError(f"--model belongs to a bundled task or --data, got the function {address!r}")
        made = called("task", address, self.directory)
        if not isinstance(made, jgd.Task):
            raise checks.JgdTypeError(f"task: {address} must return a jgd.Task, got {type(made).__name__}")
        return made


def called(argument: str, address: str, directory: str = "") -> Any:
    """What the user's own function returns; what it raises is bad input, told by its address."""
    function = imported(argument, address, directory)
    try:
        return function()
    except checks.JgdError:
        raise
    except Exception as error:  # whatever a user's code raises, it is the input that is bad
        raise checks.JgdValueError(f"{argument}: {address}() raised {type(error).__name__}: {error}") from error
