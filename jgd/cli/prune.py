"""jgd prune: a finished sweep's directory made smaller."""

from pathlib import Path
from typing import Annotated

import typer

from jgd.cli import console
from jgd.sweeps.store.prune import prune


def command(directory: Annotated[Path, typer.Argument(help="Of a sweep that is finished.")]) -> None:
    """Delete what a sweep's runs could be made longer by, often two thirds of the directory; all results stay.

    `jgd extend --steps` then makes the runs anew from their start, to the same numbers.
    """
    freed = prune(directory)
    console.print_line(f"freed {freed:,} bytes of {directory}")
