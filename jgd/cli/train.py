"""jgd train: one run."""

import inspect
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

import jgd
from jgd.cli import show
from jgd.sweep.recipes import recipes_of


def command(
    task: Annotated[str, typer.Argument(help="A task of `jgd list`.")],
    optimizer: Annotated[str, typer.Option("--optimizer", "-o", help="One of `jgd list`.")] = "adam",
    learning_rate: Annotated[float | None, typer.Option(help="> 0; default the optimizer's own, or 1e-3.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="NAME=NUMBER: another hyperparameter.")] = None,
    steps: Annotated[int, typer.Option(help="Updates.")] = 300,
    batch_size: Annotated[
        int | None, typer.Option(help="Rows a step; default 64, or all where there are fewer.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Starts the parameters and the order of rows.")] = 0,
    model: Annotated[str | None, typer.Option(help="One of the task's models; default its first.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write history.csv here.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Write into --out even if it holds files.")] = False,
) -> None:
    """Train one run and print its validation curve and status. The test rows stay unread."""
    directory = None if out is None else show.run_directory(out, task, overwrite)
    what = jgd.tasks.get(task, model)
    rows = len(what.train[0])
    rate = learning_rate if learning_rate is not None else default_rate(optimizer)
    [recipe] = recipes_of(
        optimizer,
        {"learning_rate": [rate], **{k: [v] for k, v in show.settings(set_ or [], taken="learning_rate").items()}},
    )
    run = jgd.train(
        what.loss,
        recipe.build(**recipe.configs[0]),
        what.init(jgd.init_key(seed)),
        what.train,
        steps=steps,
        batch_size=min(64, rows) if batch_size is None else batch_size,
        seed=seed,
        validation=what.validation,
        metrics=what.metrics,
        evaluate_every=max(1, -(-steps // 10)),
    )
    names = list(run.evaluations)
    table = [
        [str(int(row[0])), *(f"{value:.4f}" for value in row[1:])]
        for row in zip(*run.evaluations.values(), strict=True)
    ]
    show.table([names[0], *(f"validation {name}" for name in names[1:])], table, title=f"{task}, {optimizer}")
    show.console.print(str(run.status), highlight=False)
    if directory is not None:
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / "history.csv"
        np.savetxt(
            path,
            np.column_stack(list(run.history.values())),
            delimiter=",",
            header=",".join(run.history),
            comments="",
        )
        show.console.print(f"wrote {path}", highlight=False)
    if run.status.name not in ("max_steps", "stationary"):
        raise typer.Exit(1)


def default_rate(optimizer: str) -> float:
    """The builder's own default learning rate (adadelta has one), else 1e-3."""
    own = inspect.signature(jgd.optimizers.get(optimizer)).parameters["learning_rate"].default
    return 1e-3 if own is inspect.Parameter.empty else own
