"""jgd show: what is in a sweep's directory, also while the sweep runs or after it was killed."""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

import jgd
from jgd import reports
from jgd.cli import console, request
from jgd.core import atomic_files, checks
from jgd.lane import NOT_DIVERGED
from jgd.reports.table import interval_words
from jgd.sweeps import format_config
from jgd.sweeps.picks import score_estimate


def command(
    directory: Annotated[Path, typer.Argument(help="Of a sweep.")],
    top: Annotated[int, typer.Option(help="Configs listed.")] = 10,
) -> None:
    """Show the picks, the report (while the sweep isn't finished: the best so far), and what was confirmed.

    The report: the best configs with intervals, what speaks against them, what mattered, the cost. Nothing is run,
    imported or written: a directory that somebody sent can be looked at without its code or data.
    """
    checks.count("top", top, 1)
    if not directory.is_dir():
        raise checks.JgdValueError(f"there is no directory {str(directory)!r}")
    found = jgd.load_sweep(directory)
    request.request_in(directory)  # warns where it is damaged
    left = found.runs_left
    size = f"{len(found.configs)} configs × {found.facts.seed_words}, {found.facts.step_words}"
    state = (
        "finished"
        if not left
        else f"{left} runs are left on the way to step {max(each.until for each in found.rounds)}"
    )
    console.print_line(
        f"{found.task}: {size}; {state}; {'running now' if atomic_files.in_use(directory) else 'not running'}"
    )
    console.print_table(
        reports.table_columns(found),
        reports.table_rows(found),
        title=f"picks; {interval_words(found)}",
    )
    if left:
        heads = ["config", "recipe", "hyperparameters", f"validation {found.metric}", "diverged"]
        console.print_table(heads, _best_so_far(found, top), title="the best so far, of what has come to the last step")
    else:
        console.print_line(reports.report(found, top, directory=directory))
    for note in found.notes:
        console.print_line(f"note: {note}")
    reads = len(found.test_reads)
    times = "once" if reads == 1 else f"{reads} times"
    console.print_line(f"\nthe test rows were read {times}" if reads else "\nthe test rows have not been read")
    for text in reports.stored_confirmations(directory):
        console.print_line("\n" + text)


def _best_so_far(found: jgd.Sweep, top: int) -> list[list[str]]:
    """The best configs by their mean over seeds; those with runs that diverged or are missing come after the others."""
    scores = np.where(np.isfinite(found.scores), found.scores, np.nan)
    missing = np.isnan(scores).sum(axis=1)
    some = np.flatnonzero(missing < scores.shape[1])
    means = np.nanmean(scores[some], axis=1) if len(some) else np.zeros(0)
    order = some[np.lexsort((-means if found.larger_is_better else means, missing[some]))][:top]
    broken = (found.diverged_at != NOT_DIVERGED).sum(axis=1)
    return [
        [
            str(place),
            found.configs[place][0],
            format_config(found.configs[place][1]),
            reports.format_estimate(score_estimate(found, found.scores[place]), len(found.seeds)),
            f"{broken[place]} of {len(found.seeds)}",
        ]
        for place in order
    ]
