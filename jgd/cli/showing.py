"""jgd show: what is in a sweep's directory, also while the sweep runs or after it was killed."""

from itertools import product
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

import jgd
from jgd.cli import asked, show
from jgd.core import checks, disk
from jgd.descent import GOING
from jgd.results import table
from jgd.results.confirmation import FILES
from jgd.sweep import estimate
from jgd.sweep.recipes import said


def command(
    directory: Annotated[Path, typer.Argument(help="Of a sweep.")],
    top: Annotated[int, typer.Option(help="Configs listed.")] = 10,
) -> None:
    """Show the picks, the best configs with their intervals, what it cost, and how often the test rows were read.

    Nothing is run and nothing is written.
    """
    checks.count("top", top, 1)
    found = asked.opened(directory)
    show.say(_standing(found, directory))
    show.table(table.columns(found), table.rows(found), title="picks; ± is the 95% interval of the mean over seeds")
    heads = ["config", "recipe", "hyperparameters", f"validation {found.metric}", "diverged"]
    best = _best(found, top)
    if best:
        show.table(heads, best, title=f"the best {len(best)} of {len(found.configs)} configs")
    show.say(_cost(found))
    for note in found.archive.notes:
        show.say(f"note: {note}")
    reads = len(found.archive.reads)
    show.say("the test rows have not been read" if not reads else f"the test rows were read {_times(reads)}")
    confirmation = directory / FILES[1]
    if confirmation.exists():
        show.say("\n" + confirmation.read_text(encoding="utf-8").rstrip())


def _standing(found: jgd.Sweep, directory: Path) -> str:
    """How far it is."""
    lanes = found.diverged_at.size
    size = f"{len(found.configs)} configs × {len(found.seeds)} seeds = {lanes} lanes of {found.plan.steps} steps"
    whole = sum(
        found.archive.done(config, seed, found.plan.steps)
        for config, seed in product(range(len(found.configs)), range(len(found.seeds)))
    )
    state = "running now" if disk.in_use(directory) else "not running"
    return f"{found.task}: {size}; {whole} lanes are through ({whole / lanes:.0%}), {state}"


def _best(found: jgd.Sweep, top: int) -> list[list[str]]:
    """The best configs by their mean over seeds; those with lanes that diverged or are missing come after the others."""
    scores = np.where(np.isfinite(found.scores), found.scores, np.nan)
    missing = np.isnan(scores).sum(axis=1)
    some = np.flatnonzero(missing < scores.shape[1])
    means = np.nanmean(scores[some], axis=1) if len(some) else np.zeros(0)
    order = some[np.lexsort((-means if found.larger_is_better else means, missing[some]))][:top]
    broken = (found.diverged_at != GOING).sum(axis=1)
    return [
        [
            str(place),
            found.configs[place][0],
            said(found.configs[place][1]),
            table.said(estimate(found.scores[place]), len(found.seeds)),
            f"{broken[place]} of {len(found.seeds)}",
        ]
        for place in order
    ]


def _cost(found: jgd.Sweep) -> str:
    """What its stored blocks took, over all times that it ran."""
    pieces = found.archive.pieces.values()
    steps, seconds = sum(piece.block.lane_steps for piece in pieces), sum(piece.seconds for piece in pieces)
    pace = f", {steps / seconds:,.0f} a second and device" if seconds else ""
    return f"{steps:,} lane-steps in {len(pieces)} pieces, {seconds:.1f} s of devices{pace}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
