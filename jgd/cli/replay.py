"""jgd replay: one run of a sweep again, by the program that ran it."""

from pathlib import Path
from typing import Annotated

import typer

from jgd.cli import console, request, run_files
from jgd.core import atomic_files, checks
from jgd.plots import plot_training_curves
from jgd.reports import save_figure
from jgd.reports.whole_file import writing
from jgd.sweeps import format_config

ANOTHER = 1  # the exit code where the run didn't come out as it is stored


def command(
    directory: Annotated[Path, typer.Argument(help="Of a sweep.")],
    config: Annotated[int, typer.Option(help="Its number, as `jgd show` lists it.")],
    seed: Annotated[int, typer.Option(help="One of the sweep's seeds.")],
    steps: Annotated[int | None, typer.Option(help="Updates; default as many as it was given, more go on.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where to write; default replays/config-N-seed-M in the sweep's directory.")
    ] = None,
    trust: request.Trust = False,
) -> None:
    """Make one run again and say whether it is bit for bit the stored one; exits 1 where it isn't.

    Writes history.csv and training.png.
    """
    found = request.load(directory, trust)
    place, _ = run = found.indices(config, seed)
    if steps is None and not found.given[run]:
        instead = f"or `jgd extend {directory}` first" if found.runs_left else "it dropped out before that seed"
        raise checks.JgdValueError(f"config {config} has not run with seed {seed}: give --steps; {instead}")
    if out is None:
        name = f"config-{config}-seed-{seed}"
        out = directory / run_files.REPLAYS / name
        atomic_files.refuse_links(directory, (run_files.REPLAYS,))
        atomic_files.refuse_links(out.parent, (name,))
    console.output_directory(out, found.task, overwrite=True)  # can it be written?
    run = found.replay(config, seed, steps)
    recipe, values = found.configs[place]
    names = list(run.evaluations)
    rows = [
        [str(int(row[0])), *(f"{value:.4f}" for value in row[1:])]
        for row in zip(*run.evaluations.values(), strict=True)
    ]
    head = [names[0], *(f"validation {name}" for name in names[1:])]
    console.print_table(
        head, rows, title=f"{found.task}: config {config}, {recipe} ({format_config(values)}), seed {seed}"
    )
    console.print_line(str(run.end))
    console.print_line(run.notes[0])
    with writing(out / "history.csv") as part:
        run.to_xarray().to_dataframe().drop(columns="seconds").to_csv(part)
    with writing(out / "training.png") as part:
        save_figure(part, lambda ax: plot_training_curves(run, ax=ax))
    for name in ("history.csv", "training.png"):
        console.print_line(f"wrote {out / name}")
    if not run.reproduced:
        raise typer.Exit(ANOTHER)
