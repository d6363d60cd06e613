"""What a report says, section by section. Enters: a `Source`. Leaves: plain data for the page."""

from typing import Any

import numpy as np

from jgd.analysis import findings
from jgd.core import checks
from jgd.core.format import format_estimate, format_value
from jgd.core.version import __version__
from jgd.lane import NOT_DIVERGED
from jgd.reports.members import member_lines
from jgd.reports.page.asked import asked_rows
from jgd.reports.page.compare import confirmed_best
from jgd.reports.page.configs import config_table, ties
from jgd.reports.page.curves import loss_figure, validation_figure
from jgd.reports.page.figures import parallel_figure, score_figure
from jgd.reports.page.source import Source
from jgd.reports.report import cost_lines, report
from jgd.reports.table import table_columns, table_rows
from jgd.sweeps import Sweep
from jgd.sweeps.confirmation import confirmed_columns, confirmed_rows, reads_line

FIGURES = (
    ("Scores", score_figure, "A mark is one run: config and seed."),
    ("Hyperparameters together", parallel_figure, "A line is one config, the darker the better; grey lost a seed."),
    ("Validation over the steps", validation_figure, "A line is one run."),
    (
        "Training loss over the steps",
        loss_figure,
        "Of the picks, a line a seed; on the step's batch, before its update.",
    ),
)


def contents_of(source: Source) -> dict[str, Any]:
    """All that the page shows of one sweep."""
    sweep = source.sweep
    return {
        "name": source.name,
        "state": _state(source),
        "finished": source.finished,
        "asked": asked_rows(source),
        "winner": _winner(source),
        "pick_columns": table_columns(sweep),
        "picks": table_rows(sweep),
        "over": sweep.facts.splits.over,
        "confirmations": [
            {
                "title": f"Validation and test {each.metric} on the fresh seeds {', '.join(map(str, each.seeds))}",
                "columns": confirmed_columns(),
                "rows": confirmed_rows(each),
                "reads": reads_line(each),
            }
            for each in source.confirmations
        ],
        "unread": _unread(len(sweep.test_reads)),
        "findings": _findings(source),
        "members": member_lines(sweep) if sweep.is_population else [],
        "table": config_table(sweep),
        "figures": [
            {"title": title, "note": note, "figure": figure}
            for title, draw, note in (FIGURES if _has_ended(sweep) else ())
            if (figure := draw(sweep)) is not None
        ],
        "cost": cost_lines(sweep),
        "notes": sweep.notes,
        "versions": _versions(source),
        "command": source.reproduced_by,
        "text": report(sweep, directory=source.directory) if source.finished else "",
    }


def _unread(reads: int) -> str:
    """What stands where no confirmation is at hand."""
    times = "once" if reads == 1 else f"{reads} times"
    return (
        f"The test rows were read {times}; what was found isn't at hand."
        if reads
        else "The test rows have not been read."
    )


def _state(source: Source) -> str:
    left = source.sweep.runs_left
    if not left:
        return "finished"
    words = "running now" if source.running else "not running"
    until = max(each.until for each in source.sweep.rounds)
    return f"{left:,} runs are left on the way to step {until:,}; {words}"


def _winner(source: Source) -> dict[str, Any]:
    """The best pick in words: what it is, how sure, and what fresh seeds and test rows say of it."""
    sweep, best = source.sweep, source.sweep.best
    if best.config is None:
        return {"title": f"none: {sweep.why_no_pick}", "lines": []}
    values = ", ".join(f"{name} {format_value(value)}" for name, value in best.hyperparameters.items())
    score = format_estimate(best.validation, len(sweep.seeds))
    lines = [f"validation {best.metric} {score}: the 95% interval of the mean over {sweep.facts.splits.over}"]
    tied = len(ties(sweep))
    if tied > 1:
        lines.append(f"{tied} configs can't be told apart: with 95% confidence the best is among them")
    sure = confirmed_best(source)
    if sure is None:
        lines.append("not confirmed: the score that chose it is flattered by the choice (jgd confirm)")
    else:
        lines.append(
            f"on fresh seeds {format_estimate(sure.validation)}: the choice flattered it by {sure.optimism:+.4f}"
        )
        lines.append(f"on the test rows {format_estimate(sure.test)}")
    return {"title": f"{best.recipe}, config {best.config}: {values}", "lines": lines}


def _findings(source: Source) -> list[str]:
    if not source.finished:
        return ["too early to say: runs are left"]
    if source.sweep.is_population:
        return []
    try:
        return [finding.message for finding in findings(source.sweep)] or ["none"]
    except checks.JgdError as fault:
        return [f"not measured: {fault}"]


def _has_ended(sweep: Sweep) -> bool:
    """Whether a run has a score or has diverged, as none has in the first minutes that a page is watched: no empty axes."""
    return bool(np.isfinite(sweep.last_scores).any() or (sweep.diverged_at != NOT_DIVERGED).any())


def _versions(source: Source) -> list[tuple[str, str]]:
    """What ran it, and what wrote the report."""
    ran, setup = source.asked["machine"], source.asked["setup"]
    facts = {
        "jax": ran.get("jax", ""),
        "Python": setup.get("python", ""),
        "device": f"{setup.get('devices', '')} × {ran.get('device', '')}".strip(" ×"),
        "processor": f"{ran.get('processor', '')}, {ran.get('cores', '')} cores",
        "XLA flags": ran.get("xla_flags", ""),
        "report by": f"jgd {__version__}",
    }
    return [(name, str(value)) for name, value in facts.items() if value]
