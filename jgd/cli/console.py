"""How the command prints tables and lines, and where its files go."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from jgd.core import checks
from jgd.core.text import LAYOUT, printable

console = Console()


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]], title: str | None = None) -> None:
    """Print a table under its title; no cell is cut."""
    if title is not None:
        print_line(title)
    drawn = Table(box=SIMPLE_HEAD)
    for heading in headings:
        drawn.add_column(heading, overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(printable(cell, keep=LAYOUT)) for cell in row))
    console.print(drawn)


def print_line(words: str) -> None:
    """Print a line as it is, but what would steer a terminal: paths and configs may hold what rich would take for markup."""
    console.print(printable(words, keep=LAYOUT), highlight=False, markup=False, soft_wrap=True)


def output_directory(
    out: Path | None, name: str, overwrite: bool, goes_on: Callable[[Path], bool] = lambda path: False
) -> Path:
    """`out`, refused where it holds files already; without it the first free of runs/name, runs/name-2 and so on.

    goes_on: whether a directory that holds files is one to go on in.
    """
    nearest = next(
        path for path in ((out or Path("runs")).absolute(), *(out or Path("runs")).absolute().parents) if path.exists()
    )
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):  # before the work, not after it
        raise checks.JgdValueError(f"--out must be in a directory that can be written, got {nearest}")
    if out is not None:
        if out.exists() and not out.is_dir():
            raise checks.JgdValueError(f"--out must be a directory, got the file {out}")
        if out.exists() and any(out.iterdir()) and not overwrite and not goes_on(out):
            raise checks.JgdValueError(f"--out {out} holds files already; name another, or pass --overwrite")
        return out
    free = Path("runs") / name
    count = 1
    while free.exists() and not goes_on(free):
        count += 1
        free = Path("runs") / f"{name}-{count}"
    return free
