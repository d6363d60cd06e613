"""A progress bar for a run, fed by the host between segments: the compiled code knows nothing of it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from jgd.training.progress import TrainProgress


@contextmanager
def progress_bar(shown: bool | None, total_steps: int) -> Iterator[Callable[[TrainProgress], None] | None]:
    """A rich bar with loss, rate and time left on the terminal; None where there is none, or no rich.

    shown: True draws it wherever the output goes, None only on a terminal.
    """
    if shown is None:
        shown = sys.stderr.isatty()
    if not shown:
        yield None
        return
    try:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
    except ImportError:  # the `cli` extra brings it
        yield None
        return
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]:.4g}  rate {task.fields[rate]:.3g}{task.fields[validation]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("steps", total=total_steps, loss=float("nan"), rate=float("nan"), validation="")

        def show(progress: TrainProgress) -> None:
            seen = {name: value for name, value in progress.evaluation.items() if name != "step"}
            validation = "  validation " + " ".join(f"{n} {v:.4g}" for n, v in seen.items()) if seen else ""
            bar.update(
                task, completed=progress.step, loss=progress.loss, rate=progress.learning_rate, validation=validation
            )

        yield show
