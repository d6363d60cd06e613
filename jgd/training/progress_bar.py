"""A progress bar for a run, fed by the host between segments: the compiled code knows nothing of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from jgd.core.text_line import WITHOUT_RICH, TextLine, in_notebook, is_shown
from jgd.training.progress import TrainProgress


@contextmanager
def progress_bar(shown: bool | None, total_steps: int) -> Iterator[Callable[[TrainProgress], None] | None]:
    """A rich bar with loss, rate and time left on the terminal, a line in a notebook; None where there is neither, or no rich.

    shown: True draws it wherever the output goes and needs rich, None only on a terminal or in a notebook, there only of a
    run that takes a while.
    """
    if not is_shown(shown):
        yield None
        return
    if in_notebook():
        with TextLine(at_once=shown is True) as line:
            yield lambda progress: line.write(
                f"{progress.step}/{total_steps}  loss {progress.loss:.4g}  rate {progress.learning_rate:.3g}"
                f"{_validation(progress)}"
            )
        return
    try:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
    except ImportError as missing:
        if shown:
            raise ImportError(WITHOUT_RICH) from missing
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
            validation = _validation(progress)
            bar.update(
                task, completed=progress.step, loss=progress.loss, rate=progress.learning_rate, validation=validation
            )

        yield show


def _validation(progress: TrainProgress) -> str:
    seen = {name: value for name, value in progress.evaluation.items() if name != "step"}
    return "  validation " + " ".join(f"{n} {v:.4g}" for n, v in seen.items()) if seen else ""
