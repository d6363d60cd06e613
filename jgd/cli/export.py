"""jgd export: a sweep's numbers as a file of another tool."""

from pathlib import Path
from typing import Annotated

import typer

import jgd
from jgd import reports
from jgd.cli import console


def command(
    directory: Annotated[Path, typer.Argument(help="Of a sweep.")],
    path: Annotated[Path, typer.Argument(help="The file; it ends with .csv, .parquet, .nc, .zarr or .tex.")],
    curves: Annotated[
        bool, typer.Option("--curves", help="A row for each number on the curves, not one for each run.")
    ] = False,
) -> None:
    """Write a sweep's runs as CSV, Parquet, NetCDF or Zarr, or its picks as a table for LaTeX.

    Nothing is run or imported, as with `jgd show`.
    """
    console.print_line(f"wrote {reports.save_data(jgd.load_sweep(directory), path, curves)}")
