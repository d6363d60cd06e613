"""How far a sweep is, as bars on the terminal's stderr; no bars where that is no terminal."""

import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from jgd.sweeps import SweepProgress


@contextmanager
def sweep_progress(metric: str) -> Iterator[Callable[[SweepProgress], None]]:
    """A bar for compiling and one for running: blocks, speed, the best `metric` so far, diverged runs, time left."""
    err = Console(stderr=True)
    columns = (
        TextColumn("{task.description:<7}"),
        BarColumn(bar_width=20),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[note]}"),
    )
    try:
        with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bars:
            tasks = {stage: bars.add_task(stage, total=None, note="") for stage in ("compile", "run")}

            def callback(progress: SweepProgress) -> None:
                bars.update(
                    tasks[progress.stage],
                    completed=progress.done,
                    total=progress.total,
                    note=describe(progress, metric),
                )

            yield callback
    except KeyboardInterrupt:
        print("jgd: stopped; what is stored is kept, and the same command goes on from there", file=sys.stderr)
        raise


def describe(progress: SweepProgress, metric: str) -> str:
    """How far a sweep is, in words.

    >>> describe(SweepProgress("run", done=6000, total=9000, diverged=2, blocks=1, best=0.97123, seconds=3.0), "accuracy")
    '1 block · 2,000 steps/s · best accuracy 0.9712 · 2 diverged'
    >>> describe(SweepProgress("compile", done=1, total=2), "accuracy")
    '1 of 2 programs'
    """
    if progress.stage == "compile":
        return f"{progress.done} of {progress.total} programs"
    words = [f"{progress.blocks} {'block' if progress.blocks == 1 else 'blocks'}"]
    if progress.seconds > 0:
        words.append(f"{progress.done / progress.seconds:,.0f} steps/s")
    if math.isfinite(progress.best):
        words.append(f"best {metric} {progress.best:.4g}")
    if progress.diverged:
        words.append(f"{progress.diverged} diverged")
    return " · ".join(words)
