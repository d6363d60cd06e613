"""jgd sweep: optimizers × learning rates × seeds on a task, as one command."""

from pathlib import Path
from typing import Annotated

import typer

import jgd
from jgd import results
from jgd.cli import show, words
from jgd.results.table import columns, cost_line, rows

RECIPES = ["sgd", "momentum", "adam"]


def command(
    task: Annotated[str, typer.Argument(help="A task of `jgd list`.")],
    optimizer: Annotated[
        list[str] | None,
        typer.Option("--optimizer", "-o", help="A recipe; repeat it for several. Default sgd, momentum, adam."),
    ] = None,
    learning_rates: Annotated[
        tuple[float, float, int], typer.Option(help="Lowest, highest and how many, log-spaced.")
    ] = (1e-4, 10.0, 24),
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="NAME=NUMBER: another hyperparameter of all recipes.")
    ] = None,
    seeds: Annotated[int, typer.Option(help="How many seeds.")] = 4,
    steps: Annotated[int, typer.Option(help="Updates a run.")] = 300,
    batch_size: Annotated[
        int | None, typer.Option(help="Rows a step; default 64, or all where there are fewer.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="One of the task's models; default its first.")] = None,
    block: Annotated[int | None, typer.Option(help="Configs a compiled block holds; default planned.")] = None,
    out: Annotated[Path | None, typer.Option(help="The run directory; default runs/TASK, numbered.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Write into --out even if it holds files.")] = False,
) -> None:
    """Train every optimizer at every learning rate and seed; pick by validation; test the picks once.

    Prints a table and writes results.nc, table.txt, report.txt, sensitivity.png and loss.png.
    """
    directory = show.run_directory(out, task, overwrite)
    what = jgd.tasks.get(task, model)
    batch_size = min(64, len(what.train[0])) if batch_size is None else batch_size
    given = words.assigned(set_ or [], "--set", {"learning_rate": "--learning-rates"}, float)
    space = {
        "learning_rate": jgd.log_grid(*learning_rates),
        **{name: [value] for name, value in given.items()},
    }
    with show.sweep_progress() as tell:
        found = jgd.sweep(
            what, optimizer or RECIPES, space, seeds=seeds, steps=steps, batch_size=batch_size, block=block, tell=tell
        )
    lanes = f"{len(found.configs)} configs × {seeds} seeds, {steps} steps, batch {batch_size}"
    show.table(columns(found), rows(found), title=f"{task}: {lanes}; ± is the 95% interval of the mean over seeds")
    show.console.print(cost_line(found), highlight=False)
    for path in results.save_sweep(found, directory):
        show.console.print(f"wrote {path}", highlight=False)
