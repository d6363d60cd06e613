"""How the command shows things: tables, a progress bar, where files went."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from jgd.core import checks
from jgd.sweep import Tick

console = Console()


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], title: str | None = None) -> None:
    """Print a table; no cell is cut."""
    drawn = Table(title=title, box=SIMPLE_HEAD, title_justify="left")
    for heading in headings:
        drawn.add_column(heading, overflow="fold")
    for row in rows:
        drawn.add_row(*row)
    console.print(drawn)


@contextmanager
def sweep_progress() -> Iterator[Callable[[Tick], None]]:
    """A bar for compiling and one for running, on stderr; nothing where that is no terminal."""
    err = Console(stderr=True)
    columns = (
        TextColumn("{task.description:<8}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%  {task.fields[note]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bars:
        tasks = {stage: bars.add_task(stage, total=None, note="") for stage in ("compile", "run")}

        def tell(tick: Tick) -> None:
            note = f"{tick.diverged} lanes diverged" if tick.diverged else ""
            bars.update(tasks[tick.stage], completed=tick.done, total=tick.total, note=note)

        yield tell


def run_directory(out: Path | None, name: str, overwrite: bool) -> Path:
    """`out`, refused where it holds files already; without it the first free of runs/name, runs/name-2, …"""
    nearest = next(
        path for path in ((out or Path("runs")).absolute(), *(out or Path("runs")).absolute().parents) if path.exists()
    )
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):  # before the work, not after it
        raise checks.JgdValueError(f"--out must be in a directory that can be written, got {nearest}")
    if out is not None:
        if out.exists() and not out.is_dir():
            raise checks.JgdValueError(f"--out must be a directory, got the file {out}")
        if out.exists() and any(out.iterdir()) and not overwrite:
            raise checks.JgdValueError(f"--out {out} holds files already; name another, or pass --overwrite")
        return out
    free = Path("runs") / name
    count = 1
    while free.exists():
        count += 1
        free = Path("runs") / f"{name}-{count}"
    return free
