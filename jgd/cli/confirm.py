"""jgd confirm: what a sweep chose, on fresh seeds and then on the test rows."""

from pathlib import Path
from typing import Annotated

import typer

from jgd import reports
from jgd.cli import console, request, run_files
from jgd.cli.progress import sweep_progress
from jgd.core import atomic_files


def command(
    directory: Annotated[Path, typer.Argument(help="Of a sweep.")],
    seeds: Annotated[int, typer.Option(help="How many fresh ones.")] = 10,
    trust: request.Trust = False,
) -> None:
    """Run each recipe's pick again on fresh seeds and measure it on the test rows; what is left of the sweep runs first.

    Prints how flattering the choice was and how often the test rows have been read, and adds both to confirmation.json
    and confirmation.txt.
    """
    found = request.load(directory, trust)
    with sweep_progress(found.metric) as callback:
        found = found.extend(callback=callback)  # the picks of half a sweep are not its picks
    if found.best.config is None:
        console.print_line(run_files.ALL_DIVERGED)
        raise typer.Exit(1)
    reports.stored_confirmations(directory)  # one that is damaged is told before the test rows are read, not after
    with atomic_files.held(directory):  # two at once would both count as the first read
        sure = found.confirm(seeds)
        written = reports.save_confirmation(sure, directory)
    console.print_line(reports.confirmation_text(sure))
    for path in written:
        console.print_line(f"wrote {path}")
