"""jgd train: one run, or a few seeds of it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

import jgd
from jgd.cli import console, methods, watched
from jgd.cli.run_output import print_curve, print_summary, write_runs
from jgd.cli.task_options import (
    ClassWeight,
    Dates,
    Decimal,
    Delimiter,
    Drop,
    Empty,
    Encoding,
    Features,
    Kind,
    Metric,
    Missing,
    OneHot,
    TaskOptions,
    table_options,
)
from jgd.core import checks
from jgd.training.resume import UnaskedError, stored_settings

STEPS = 300
DEFAULT_OPTIMIZER = "adam"


def command(
    context: typer.Context,
    task: Annotated[
        str | None, typer.Argument(help="A task of `jgd list`, or module:function that makes one; none with --data.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="A table of your own: .csv, .parquet or .arrow (with pyarrow), .npz or .npy.")
    ] = None,
    target: Annotated[str | None, typer.Option(help="The column of --data to predict.")] = None,
    scale: Annotated[
        str | None, typer.Option(help="Features of --data: standard (default), minmax or none, by the training rows.")
    ] = None,
    features: Features = None,
    drop: Drop = None,
    one_hot: OneHot = None,
    dates: Dates = None,
    missing: Missing = None,
    class_weight: ClassWeight = None,
    kind: Kind = None,
    delimiter: Delimiter = None,
    decimal: Decimal = None,
    encoding: Encoding = None,
    empty: Empty = None,
    model: Annotated[str | None, typer.Option(help="linear, logistic, softmax, mlp; default the task's first.")] = None,
    loss: Annotated[str | None, typer.Option(help="A loss for --data; default what suits target and model.")] = None,
    optimizer: Annotated[
        str | None, typer.Option("--optimizer", "-o", help=f"One of `jgd list`; default {DEFAULT_OPTIMIZER}.")
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(help="module:function, a recipe of your own instead of --optimizer; it may return a jgd.RunSpec."),
    ] = None,
    learning_rate: Annotated[float | None, typer.Option(help="> 0; default the optimizer's own, or 1e-3.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="NAME=VALUE: another parameter of the optimizer or recipe; repeat it."),
    ] = None,
    schedule: Annotated[
        str | None, typer.Option(help="A schedule of `jgd list`; --learning-rate is its peak or first value.")
    ] = None,
    set_schedule: Annotated[list[str] | None, typer.Option(help="NAME=VALUE: a parameter of the schedule.")] = None,
    plateau: Annotated[
        list[str] | None,
        typer.Option(help="NAME=VALUE of jgd.transforms.ReduceOnPlateau, as factor=0.5: less after bad validations."),
    ] = None,
    steps: Annotated[int | None, typer.Option(help=f"Updates; default {STEPS}.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the rows, instead of --steps.")] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Rows a step; default 64, or all where there are fewer.")
    ] = None,
    metric: Metric = None,
    start: Annotated[
        list[str] | None, typer.Option(help="NUMBER, or PARAM=NUMBER: where parameters start; default drawn by --seed.")
    ] = None,
    float64: Annotated[bool, typer.Option("--float64", help="Compute in 64 bits instead of 32.")] = False,
    watch_param: Annotated[
        list[str] | None, typer.Option(help="PARAM or PARAM[0]: print it step by step beside the loss; repeat it.")
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
    record_every: Annotated[int, typer.Option(help="Steps between two rows of the history.")] = 1,
    patience: Annotated[int | None, typer.Option(help="Stop after so many evaluations without progress.")] = None,
    min_delta: Annotated[float, typer.Option(help="What counts as progress for --patience: more than this.")] = 0.0,
    gradient_norm: Annotated[float | None, typer.Option(help="Stop once the gradient's norm is this small.")] = None,
    loss_change: Annotated[
        float | None, typer.Option(help="Stop once an epoch's mean loss changes this little.")
    ] = None,
    target_loss: Annotated[float | None, typer.Option(help="Stop once a step's training loss is this small.")] = None,
    seconds: Annotated[float | None, typer.Option(help="Stop after so long.")] = None,
    store: Annotated[Path | None, typer.Option(help="Keep snapshots in this directory.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --store.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Write model.safetensors (for `jgd predict`), history.csv and training.png here."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Write into --out even if it holds files.")] = False,
) -> None:
    """Train a run and print its validation curve and status. The test rows stay unread."""
    if steps is not None and epochs is not None:
        raise checks.JgdValueError("--steps and --epochs: give one of them")
    if recipe is not None and optimizer is not None:
        raise checks.JgdValueError("--optimizer and --recipe: give one of them")
    context.with_resource(watched.precision(float64))
    file = None if data is None else str(data)
    columns = table_options(locals())
    asked, table = TaskOptions(task, model, file, target, loss, scale, metric, **columns).make()
    if table is not None:
        console.print_line(str(table))
        if not table.classes and metric is None:  # the loss is of standardized targets
            asked = replace(asked, metrics=asked.chosen_by("rmse").metrics)
    rate, words = methods.RateOptions(learning_rate, schedule, set_schedule or []), set_ or []
    if recipe is None:
        method = optimizer or DEFAULT_OPTIMIZER
        what, chosen = asked, methods.make_optimizer(method, words, rate)
    else:
        method = recipe.rpartition(":")[2]
        what, chosen = methods.run_recipe(recipe, words, rate, asked)
    chosen = methods.with_plateau(chosen, plateau or [], what.larger_is_better)
    what = watched.started(what, start or [], float64)
    directory = None if out is None else console.output_directory(out, what.name, overwrite)
    jgd.use_program_cache()
    seed, batch_size, evaluate_every = _kept(store if resume else None, seed, batch_size, evaluate_every)
    length = _length(steps, epochs, batch_size, checks.rows("data", what.train))
    if target_loss is not None:
        checks.number("target_loss", target_loss, "(-inf, inf)")
    labels = what.train[1] if "accuracy" in what.metrics else None
    column = methods.order_column(asked if table is not None else None, order_by)
    arguments: dict[str, Any] = {
        "observe": watched.observer(what, watch_param or []),
        "steps": length.steps,
        "epochs": epochs,
        "batch_size": length.batch_size,
        "order": methods.make_order(order, set_order or [], column, labels, length.per_epoch, length.total),
        "validation": what.validation,
        "metrics": what.metrics,
        "metric": what.metric,
        "larger_is_better": what.larger_is_better,
        "evaluate_every": max(1, -(-length.total // 10)) if evaluate_every is None else evaluate_every,
        "record_every": record_every,
        "stop": jgd.StoppingRule(gradient_norm, loss_change, target_loss, patience, min_delta, seconds),
    }
    title = f"{what.name}, {method}"
    if seeds is not None:
        runs = _several(what, chosen, title, seeds, seed, store is not None or resume, arguments)
    else:
        runs = {"": _single(what, chosen, title, seed or 0, store, resume, arguments)}
    watched.print_watched(runs.values())
    if directory is not None:
        write_runs(directory, runs)
    if any(run.status.broken for run in runs.values()):
        raise typer.Exit(1)


def _kept(
    store: Path | None, seed: int | None, batch_size: int | None, evaluate_every: int | None
) -> tuple[int | None, int | None, int | None]:
    """The three, where they aren't given as the run that is gone on with has them."""
    stored = {} if store is None else stored_settings(store)
    kept = lambda name, given: int(stored[name]) if given is None and stored.get(name, "").isdigit() else given
    return kept("seed", seed), kept("batch_size", batch_size), kept("evaluate_every", evaluate_every)


def _several(
    task: jgd.Task,
    optimizer: jgd.Optimizer,
    title: str,
    count: int,
    seed: int | None,
    stored: bool,
    arguments: Mapping[str, Any],
) -> dict[str, jgd.Run]:
    """The runs of seeds 0 … count − 1, with their summary printed."""
    if stored:
        raise checks.JgdValueError("--store keeps one run: use it without --seeds")
    if seed is not None:
        raise checks.JgdValueError("--seed is of one run, --seeds of several: give one of them")
    runs = jgd.train_seeds(task, optimizer, seeds=count, **arguments)
    print_summary(title, task, runs)
    return {f"seed {each}": run for each, run in zip(runs.seeds, runs, strict=True)}


def _single(
    task: jgd.Task,
    optimizer: jgd.Optimizer,
    title: str,
    seed: int,
    store: Path | None,
    resume: bool,
    arguments: Mapping[str, Any],
) -> jgd.Run:
    """One run, with its validation curve printed; Ctrl-C says what is kept."""
    if resume and store is None:
        raise checks.JgdValueError("--resume needs --store, the directory of the run to go on with")
    try:
        run = jgd.train(task, optimizer, seed=seed, store=store, resume=resume, **arguments)
    except UnaskedError as held:
        raise checks.JgdValueError(
            f"--store {store} holds a run: --resume goes on with it, or name another directory"
        ) from held
    except KeyboardInterrupt as stopped:
        if isinstance(run := getattr(stopped, "run", None), jgd.Run):
            kept = "" if store is None else f"; --resume goes on with what --store {store} keeps"
            console.print_line(f"{run.end}{kept}")
        raise
    print_curve(title, task, run)
    return run


class Length(NamedTuple):
    """How long a run is: `steps` unless epochs are counted, `total` steps in any case."""

    steps: int | None
    batch_size: int
    per_epoch: int
    total: int


def _length(steps: int | None, epochs: int | None, batch_size: int | None, rows: int) -> Length:
    size = checks.count("batch_size", min(64, rows) if batch_size is None else batch_size, 1, rows)
    per_epoch = -(-rows // size)
    steps = STEPS if steps is None and epochs is None else steps
    total = steps if steps is not None else checks.count("epochs", epochs, 0) * per_epoch
    return Length(steps, size, per_epoch, total)
