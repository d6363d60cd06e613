"""How far a sweep is, as bars on the terminal or a line in a notebook; the engine knows nothing of it."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from jgd.core.text_line import WITHOUT_RICH, TextLine, in_notebook, is_shown
from jgd.sweeps.engine.progress import SweepProgress

Show = Callable[[SweepProgress], None]


@contextmanager
def progress_bar(shown: bool | None, metric: str) -> Iterator[Show | None]:
    """A bar for compiling and one for running: blocks, speed, the best `metric` so far, diverged runs, time left.

    shown: True draws them wherever stderr goes, None on a terminal and in a notebook only.
    """
    if not is_shown(shown):
        yield None
    elif in_notebook():
        with TextLine(at_once=shown is True) as line:
            yield lambda progress: line.write(f"{progress.stage} {_percent(progress)} · {describe(progress, metric)}")
    else:
        with _bars(metric, shown) as show:
            yield show


@contextmanager
def _bars(metric: str, shown: bool | None) -> Iterator[Show | None]:
    try:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
    except ImportError as missing:
        if shown:
            raise ImportError(WITHOUT_RICH) from missing
        yield None
        return
    columns = (
        TextColumn("{task.description:<7}"),
        BarColumn(bar_width=20),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks = {stage: bars.add_task(stage, total=None, note="") for stage in ("compile", "run")}

        def show(progress: SweepProgress) -> None:
            note = describe(progress, metric)
            bars.update(tasks[progress.stage], completed=progress.done, total=progress.total, note=note)

        yield show


def _percent(progress: SweepProgress) -> str:
    return f"{100 * progress.done // max(progress.total, 1)}%"


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
