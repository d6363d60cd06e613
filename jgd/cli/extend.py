"""jgd extend: a sweep's directory gone on with: what is left of it, and more configs, seeds or steps."""

from pathlib import Path
from typing import Annotated

import typer

from jgd.cli import request, run_files
from jgd.cli.progress import sweep_progress


def command(
    directory: Annotated[Path, typer.Argument(help="Of a sweep.")],
    samples: Annotated[int | None, typer.Option(help="Configs a recipe, in all.")] = None,
    seeds: Annotated[int | None, typer.Option(help="How many seeds, in all.")] = None,
    steps: Annotated[int | None, typer.Option(help="Updates a run, in all.")] = None,
    trust: request.Trust = False,
) -> None:
    """Run what is left of a sweep, and make it larger. What is done isn't run again, and keeps its bits.

    Only samplers that keep their first configs take more of them: halton, sobol and random. A policy decides anew, so that a race
    gets more seeds; Hyperband takes no more steps, and a population no more members.
    """
    found = request.load(directory, trust)
    with sweep_progress(found.metric) as callback:
        found = found.extend(samples=samples, seeds=seeds, steps=steps, callback=callback)
    raise typer.Exit(run_files.save(found, directory))
