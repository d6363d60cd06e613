"""jgd train: one run, or a few seeds of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

import jgd
from jgd.cli import console, options
from jgd.core import checks
from jgd.training.resume import UnaskedError

CLASSES = ("softmax_cross_entropy", "logistic_nll", "softmax", "logistic")  # losses and models of labels …
VALUES = ("squared_error", "linear")  # … and of values


def command(
    task: Annotated[str | None, typer.Argument(help="A task of `jgd list`; none with --data.")] = None,
    data: Annotated[
        Path | None, typer.Option(help="A table of your own: .csv, .parquet (with pyarrow) or .npz.")
    ] = None,
    target: Annotated[str | None, typer.Option(help="The column of --data to predict.")] = None,
    scale: Annotated[
        str | None, typer.Option(help="Features of --data: standard (default), minmax or none, by the training rows.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="linear, logistic, softmax, mlp; default the task's first.")] = None,
    loss: Annotated[str | None, typer.Option(help="A loss for --data; default what suits target and model.")] = None,
    optimizer: Annotated[str, typer.Option("--optimizer", "-o", help="One of `jgd list`.")] = "adam",
    learning_rate: Annotated[float | None, typer.Option(help="> 0; default the optimizer's own, or 1e-3.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="NAME=VALUE: another parameter of the optimizer; repeat it.")
    ] = None,
    schedule: Annotated[
        str | None, typer.Option(help="A schedule of `jgd list`; --learning-rate is its peak or first value.")
    ] = None,
    set_schedule: Annotated[list[str] | None, typer.Option(help="NAME=VALUE: a parameter of the schedule.")] = None,
    steps: Annotated[int | None, typer.Option(help="Updates; default 300.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the rows, instead of --steps.")] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Rows a step; default 64, or all where there are fewer.")
    ] = None,
    order: Annotated[
        str,
        typer.Option(help="shuffled, sequential, replacement, balanced, mining; weighted, curriculum with --order-by."),
    ] = "shuffled",
    order_by: Annotated[
        str | None, typer.Option(help="The feature of --data that tells a row's weight, or its difficulty.")
    ] = None,
    set_order: Annotated[list[str] | None, typer.Option(help="NAME=VALUE: a parameter of the order.")] = None,
    seed: Annotated[int | None, typer.Option(help="Starts the parameters and the order of rows; default 0.")] = None,
    seeds: Annotated[int | None, typer.Option(help="Runs of the seeds 0 … N − 1, with mean and interval.")] = None,
    evaluate_every: Annotated[
        int | None, typer.Option(help="Steps between validations; default a tenth of all: name it if more may follow.")
    ] = None,
    patience: Annotated[
        int | None, typer.Option(help="StoppingRule after so many evaluations without progress.")
    ] = None,
    min_delta: Annotated[float, typer.Option(help="What counts as progress for --patience: more than this.")] = 0.0,
    gradient_norm: Annotated[
        float | None, typer.Option(help="StoppingRule once the gradient's norm is this small.")
    ] = None,
    loss_change: Annotated[
        float | None, typer.Option(help="StoppingRule once an epoch's mean loss changes this little.")
    ] = None,
    target_loss: Annotated[
        float | None, typer.Option(help="StoppingRule once a step's training loss is this small.")
    ] = None,
    seconds: Annotated[float | None, typer.Option(help="StoppingRule after so long.")] = None,
    store: Annotated[Path | None, typer.Option(help="Keep snapshots in this directory.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --store.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write history.csv and training.png here.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Write into --out even if it holds files.")] = False,
) -> None:
    """Train a run and print its validation curve and status. The test rows stay unread."""
    if steps is not None and epochs is not None:
        raise checks.JgdValueError("--steps and --epochs: give one of them")
    table = _table(task, data, target, scale, model, loss)
    what = jgd.tasks.get(str(task), model) if table is None else _task(table, scale, model, loss)
    directory = None if out is None else console.run_directory(out, what.name, overwrite)
    rows = checks.rows("data", what.train)
    descent = options.optimizer(optimizer, learning_rate, set_ or [], schedule, set_schedule or [])
    size = checks.count("batch_size", min(64, rows) if batch_size is None else batch_size, 1, rows)
    per_epoch = -(-rows // size)
    steps = 300 if steps is None and epochs is None else steps
    total = steps if steps is not None else checks.count("epochs", epochs, 0) * per_epoch
    if target_loss is not None:
        checks.number("target_loss", target_loss, "(-inf, inf)")
    labels = what.train[1] if "accuracy" in what.metrics else None
    arguments: dict[str, Any] = {
        "steps": steps,
        "epochs": epochs,
        "batch_size": size,
        "order": options.order(order, set_order or [], _column(table, order_by), labels, per_epoch, total),
        "validation": what.validation,
        "metrics": what.metrics,
        "metric": what.metric,
        "larger_is_better": what.larger_is_better,
        "evaluate_every": max(1, -(-total // 10)) if evaluate_every is None else evaluate_every,
        "stop": jgd.StoppingRule(gradient_norm, loss_change, target_loss, patience, min_delta, seconds),
    }
    if seeds is not None:
        if store is not None or resume:
            raise checks.JgdValueError("--store keeps one run: use it without --seeds")
        if seed is not None:
            raise checks.JgdValueError("--seed is of one run, --seeds of several: give one of them")
        runs = jgd.train_seeds(what.loss, descent, what.init, what.train, seeds=seeds, **arguments)
        _summary(what, optimizer, runs)
        named = {f"seed {seed}": run for seed, run in zip(runs.seeds, runs, strict=True)}
    else:
        if resume and store is None:
            raise checks.JgdValueError("--resume needs --store, the directory of the run to go on with")
        seed = 0 if seed is None else seed
        start = what.init(jgd.init_key(seed))
        try:
            run = jgd.train(what.loss, descent, start, what.train, seed=seed, store=store, resume=resume, **arguments)
        except UnaskedError as held:
            raise checks.JgdValueError(
                f"--store {store} holds a run: --resume goes on with it, or name another directory"
            ) from held
        except KeyboardInterrupt as stopped:
            if isinstance(run := getattr(stopped, "run", None), jgd.Run):
                kept = "" if store is None else f"; --resume goes on with what --store {store} keeps"
                console.say(f"{run.end}{kept}")
            raise
        _curve(what, optimizer, run)
        named = {"": run}
    if directory is not None:
        _write(directory, named)
    if any(run.status.broken for run in named.values()):
        raise typer.Exit(1)


def _table(
    task: str | None, data: Path | None, target: str | None, scale: str | None, model: str | None, loss: str | None
) -> jgd.data.Dataset | None:
    """The rows of --data; None for a bundled task."""
    if (task is None) == (data is None):
        raise checks.JgdValueError("name a task of `jgd list`, or give --data FILE --target COLUMN")
    if data is None:
        for name, value in (("--target", target), ("--loss", loss), ("--scale", scale)):
            if value is not None:
                raise checks.JgdValueError(f"{name} belongs to --data; the task {task!r} has its own")
        return None
    if target is None:
        raise checks.JgdValueError("--data needs --target, the column to predict")
    if loss is not None:
        checks.choice("loss", loss, jgd.losses.errors)
    says = loss or model  # whichever was named tells labels from values
    return jgd.data.read(data, target, "classes" if says in CLASSES else "values" if says in VALUES else "auto")


def _task(table: jgd.data.Dataset, scale: str | None, model: str | None, loss: str | None) -> jgd.Task:
    scaling = options.SCALES[checks.choice("scale", "standard" if scale is None else scale, options.SCALES)]
    return jgd.tasks.of_table(table, model, loss, scale=scaling)


def _column(table: jgd.data.Dataset | None, name: str | None) -> np.ndarray | None:
    """(training rows,) the feature of --order-by, as it is in the file."""
    if name is None:
        return None
    if table is None:
        raise checks.JgdValueError("--order-by names a column of --data")
    column = table.inputs[:, table.features.index(checks.choice("order_by", name, table.features))]
    return jgd.split(column).train  # as `tasks.of_table` splits the table


def _shown(value: float) -> str:
    """Four decimals, or four digits of what these would show as 0.00 or as a row of digits."""
    return f"{value:.4f}" if value == 0 or 1e-2 <= abs(value) < 1e6 else f"{value:.4g}"


def _curve(what: jgd.Task, optimizer: str, run: jgd.Run) -> None:
    names = list(run.evaluations)
    table = [[str(int(row[0])), *map(_shown, row[1:])] for row in zip(*run.evaluations.values(), strict=True)]
    console.table([names[0], *(f"validation {name}" for name in names[1:])], table, title=f"{what.name}, {optimizer}")
    if run.best is not None:
        console.say(f"best {what.metric} {_shown(run.best.value)} at step {run.best.step}")
    console.say(str(run.end))
    for note in run.notes:
        console.say(f"note: {note}")


def _summary(what: jgd.Task, optimizer: str, runs: jgd.Runs) -> None:
    rows = []
    for name in ("loss", *what.metrics):
        s = runs.summary(name)
        mean, std, low, high = (_shown(s[key]) for key in ("mean", "std", "low", "high"))
        rows.append([name, mean, std, f"{low} … {high}", str(int(s["n"])), str(int(s["diverged"]))])
    head = ["validation", "mean", "std", "95% interval", "runs", "diverged"]
    console.table(head, rows, title=f"{what.name}, {optimizer}, {len(runs)} seeds")
    for seed, run in zip(runs.seeds, runs, strict=True):
        console.say(f"seed {seed}: {run.end}")


def _write(directory: Path, runs: Mapping[str, jgd.Run]) -> None:
    from jgd.results.run_figures import training_curves

    directory.mkdir(parents=True, exist_ok=True)
    for name, run in runs.items():
        path = directory / f"history{'-' + name.replace(' ', '-') if name else ''}.csv"
        run.to_dataframe().to_csv(path)
        console.say(f"wrote {path}")
    training_curves(runs.get("", runs), directory / "training.png")
    console.say(f"wrote {directory / 'training.png'}")
