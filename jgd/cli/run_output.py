"""What `jgd train` prints and writes of its runs."""

from collections.abc import Mapping
from pathlib import Path

import jgd
from jgd.cli import console


def _format(value: float) -> str:
    """Four decimals, or four digits of what these would show as 0.00 or as a row of digits."""
    return f"{value:.4f}" if value == 0 or 1e-2 <= abs(value) < 1e6 else f"{value:.4g}"


UNITS = ("rmse", "mae")  # metrics in the target's unit


def _unit(task: jgd.Task) -> str:
    return "" if task.preprocessing is None else f" (unit of {task.preprocessing.target})"


def print_curve(title: str, task: jgd.Task, run: jgd.Run) -> None:
    """Print the validation curve of a run, and how it ended."""
    names = list(run.evaluations)
    table = [[str(int(row[0])), *map(_format, row[1:])] for row in zip(*run.evaluations.values(), strict=True)]
    unit = _unit(task)
    heads = [f"validation {name}{unit if name in UNITS else ''}" for name in names[1:]]
    console.print_table([names[0], *heads], table, title=title)
    if run.best is not None:
        console.print_line(f"best {task.metric} {_format(run.best.value)} at step {run.best.step}")
    console.print_line(str(run.end))
    for note in run.notes:
        console.print_line(f"note: {note}")


def print_summary(title: str, task: jgd.Task, runs: jgd.Runs) -> None:
    """Print what the seeds have in common, and how each run ended."""
    rows = []
    for name in ("loss", *task.metrics):
        s = runs.summary(name)
        mean, std, low, high = (_format(s[key]) for key in ("mean", "std", "low", "high"))
        rows.append(
            [
                name + (_unit(task) if name in UNITS else ""),
                mean,
                std,
                f"{low} … {high}",
                str(int(s["n"])),
                str(int(s["diverged"])),
            ]
        )
    head = ["validation", "mean", "std", "95% interval", "runs", "diverged"]
    console.print_table(head, rows, title=f"{title}, {len(runs)} seeds")
    for seed, run in zip(runs.seeds, runs, strict=True):
        console.print_line(f"seed {seed}: {run.end}")


def write_runs(directory: Path, runs: Mapping[str, jgd.Run]) -> None:
    """Write the history, the model and the pictures of runs, each by its title."""
    from jgd.plots import plot_training_curves
    from jgd.reports import save_figure
    from jgd.reports.whole_file import writing

    directory.mkdir(parents=True, exist_ok=True)
    for name, run in runs.items():
        path = directory / f"history{'-' + name.replace(' ', '-') if name else ''}.csv"
        with writing(path) as part:
            run.to_xarray().to_dataframe().to_csv(part)  # with the evaluation after the last step
        console.print_line(f"wrote {path}")
        if run.predictor is not None:
            end = "" if not name else f"-{name.replace(' ', '-')}"
            path = directory / f"model{end}.safetensors"
            jgd.save_model(run, path)
            console.print_line(f"wrote {path}")
    with writing(directory / "training.png") as part:
        save_figure(part, lambda ax: plot_training_curves(runs.get("", runs), ax=ax))
    console.print_line(f"wrote {directory / 'training.png'}")
