"""jgd report: sweeps as one page for a browser, also while they run."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from jgd.cli import console
from jgd.core import atomic_files, checks
from jgd.reports.files import PAGE
from jgd.reports.page.render import write_report
from jgd.reports.page.source import sources_of
from jgd.sweeps.store.journal import JOURNAL, shares


def command(
    directories: Annotated[list[Path], typer.Argument(help="Of sweeps; several are compared.")],
    out: Annotated[
        Path | None, typer.Option(help=f"The file; default {PAGE} in the directory, of several there is none.")
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Write it anew while a sweep runs.")] = False,
    every: Annotated[float, typer.Option(help="Seconds between two looks of --watch.")] = 5.0,
) -> None:
    """Write sweeps as one HTML page that needs no network: winner, findings, sortable configs, pictures, cost, command.

    Nothing of a directory's code is run or imported, as with `jgd show`: a page of a sweep that somebody sent can be
    looked at, and sent on. With --watch the page loads itself again until the sweeps are finished or stopped; Ctrl-C ends it.
    """
    checks.number("every", every, "> 0")
    for directory in directories:
        if not directory.is_dir():
            raise checks.JgdValueError(f"there is no directory {str(directory)!r}")
    if out is None and len(directories) > 1:
        raise checks.JgdValueError("--out must name the file, as there are several directories")
    path = directories[0] / PAGE if out is None else out
    try:
        while watch and any(map(atomic_files.in_use, directories)):
            sources = sources_of(directories)
            left = sum(source.sweep.runs_left for source in sources)
            write_report(sources, path, refresh=every)
            console.print_line(f"wrote {path}: {left:,} runs are left")
            _wait(directories, every)
    except KeyboardInterrupt:  # the page is written once more, and stays
        console.print_line("watches no longer")
    write_report(sources_of(directories), path, refresh=None)
    console.print_line(f"wrote {path}")


def _wait(directories: Sequence[Path], every: float) -> None:
    """Until something has landed in a directory, or no process works on any."""
    before = _marks(directories)
    while True:
        time.sleep(every)
        if _marks(directories) != before or not any(map(atomic_files.in_use, directories)):
            return


def _marks(directories: Sequence[Path]) -> list[tuple[int, int]]:
    """Sizes and times of the files to which a sweep adds a line as it goes on."""
    names = [
        (directory, name) for directory in directories for name in (atomic_files.SWEEP, JOURNAL, *shares(directory))
    ]
    files = [directory / name for directory, name in names]
    return [(stat.st_size, stat.st_mtime_ns) for file in files if file.exists() for stat in [file.stat()]]
