"""jgd compare: sweeps of the same recipes on several tasks, compared."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

import jgd
from jgd import plots, reports
from jgd.analysis import compare_sweeps
from jgd.cli import console, request
from jgd.core import checks
from jgd.reports.whole_file import writing

TEXT, TABLE, RANKS = "comparison.txt", "comparison", "ranks.png"
TABLES = (".md", ".csv", ".tex")


def command(
    directories: Annotated[
        list[Path], typer.Argument(help="Of finished sweeps of the same recipes, one of each task.")
    ],
    fresh: Annotated[
        int | None, typer.Option(help="Train each recipe's pick again on so many fresh seeds, and compare those.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help=f"A directory for {TEXT}, {', '.join(TABLE + each for each in TABLES)} and {RANKS}."),
    ] = None,
    trust: request.Trust = False,
) -> None:
    """Compare recipes over tasks: mean ranks, which of them differ, aggregates, who is fastest, what tuning buys.

    Nothing is run or imported, as with `jgd show`: then the scores are those by which configs were chosen, and flattered. With
    --fresh the picks are trained again, which runs a sweep's code. The test rows stay unread either way.
    """
    for directory in directories:
        if not directory.is_dir():
            raise checks.JgdValueError(f"there is no directory {str(directory)!r}")
    if len({each.resolve() for each in directories}) < len(directories):
        raise checks.JgdValueError("directories must differ from each other", argument="directories")
    if fresh is not None:
        checks.count("fresh", fresh, 2)
    elif trust:
        raise checks.JgdValueError("--trust needs --fresh: without it no code is run")
    found = [jgd.load_sweep(each) if fresh is None else request.load(each, trust) for each in directories]
    made = compare_sweeps(dict(zip(_names(found, directories), found, strict=True)), fresh=fresh)
    text = reports.comparison_text(made)
    console.print_line(text)
    if out is None:
        return
    with writing(out / TEXT) as part:
        part.write_text(text + "\n", encoding="utf-8", newline="")
    written = [out / TEXT, *(reports.save_comparison(made, out / (TABLE + each)) for each in TABLES)]
    if len(made.tasks) > 1:
        ranks = made.ranks()
        with writing(out / RANKS) as part:
            reports.save_figure(part, lambda ax: plots.plot_critical_difference(ranks, ax=ax))
        written.append(out / RANKS)
    for path in written:
        console.print_line(f"wrote {path}")


def _names(sweeps: list[jgd.Sweep], directories: list[Path]) -> list[str]:
    """What each sweep is called: its task, and of two of one task the directory."""
    tasks = Counter(each.task for each in sweeps)
    return [
        each.task if tasks[each.task] == 1 else str(directory)
        for each, directory in zip(sweeps, directories, strict=True)
    ]
