"""A sweep's report as plain text: the best configs and their ties, what speaks against them, what mattered, the cost."""

from pathlib import Path

import numpy as np

from jgd.analysis import (
    FinalScores,
    Ranking,
    best_of,
    cost_of,
    final_scores,
    findings,
    importance_of,
    neighbors,
    rank,
    sensitivity_of,
    unit_cube,
)
from jgd.analysis.importance import UNGROWN
from jgd.core import atomic_files, checks
from jgd.core.format import format_estimate, format_value
from jgd.core.statistics import SHARES, estimate
from jgd.core.strict_json import is_word
from jgd.core.text import align_columns
from jgd.reports.members import member_lines
from jgd.reports.table import padding
from jgd.sweeps import Sweep

MOST = 100_000  # configs whose hyperparameters are compared


def report(sweep: Sweep, top: int = 5, confidence: float = 0.95, directory: Path | None = None) -> str:
    """What a sweep says, section by section; only validation numbers, so that reading it chooses nothing by the test.

    A `=` marks those of the best configs that can't be told apart from the first (`jgd.analysis.rank`). A section that
    has nothing to say, or too little to measure, says so in one line or is left out.

    Args:
        sweep: The result of `jgd.sweep`.
        top: How many configs are listed.
        confidence: Of the intervals, Student's t over seeds (and splits), in (0, 1).
        directory: Where `save_sweep` has written a report of it. Shares that a forest measures are taken from there, so
            that scikit-learn isn't imported; where there are none, the report says so.

    Returns:
        The text.

    Raises:
        JgdValueError: For a top below 1 and a confidence outside (0, 1).

    Example:
        >>> import jgd
        >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 0.1, 9.0]}, seeds=2, steps=30)
        >>> [line for line in report(found).splitlines() if line and not line.startswith(" ")][1:5]
        ['Best configs', 'Neighbors of the best', 'Findings', 'Learning-rate sensitivity']
    """
    checks.instance("sweep", sweep, Sweep, "jgd.sweep(…) returns")
    top = checks.count("top", top, 1)
    confidence = checks.number("confidence", confidence, "(0, 1)")
    size = f"{len(sweep.configs)} configs × {sweep.facts.seed_words} × {sweep.facts.step_words}"
    heading = f"{sweep.task}: {size}, by validation {sweep.metric} ({_direction(sweep)} is better)"
    measured = None if directory is None else _stored_importance(directory, heading)
    sections = {
        **(
            {"Best members": member_lines(sweep)}
            if sweep.is_population
            else _of_configs(sweep, top, confidence, measured)
        ),
        "Cost": cost_lines(sweep),
    }
    parts = ["\n".join([title, *(f"  {line}" for line in lines)]) for title, lines in sections.items() if lines]
    return "\n\n".join([heading, *parts])


def _of_configs(sweep: Sweep, top: int, confidence: float, measured: list[str] | None) -> dict[str, list[str]]:
    """What compares configs: not for a population, whose members are others at each seed and change on the way."""
    ends = final_scores(sweep)
    ranking = rank(ends.scores, ends.larger_is_better, confidence, ends.stopped, overlap=ends.overlap)
    if len(sweep.configs) > MOST:
        left = f"of more than {MOST:,} configs the best alone are told: for neighbors, findings and importance sweep around those"
        return {"Best configs": [*_best(sweep, ends, ranking, top, confidence), left]}
    return {
        "Best configs": _best(sweep, ends, ranking, top, confidence),
        "Neighbors of the best": _neighbors(sweep, ends, ranking, confidence),
        "Findings": [finding.message for finding in findings(sweep, confidence)] or ["none"],
        "Learning-rate sensitivity": _sensitivity(sweep, confidence),
        "Importance": _importance(sweep, measured),
        "Best of k": _best_of(ends),
    }


def _best(sweep: Sweep, ends: FinalScores, ranking: Ranking, top: int, confidence: float) -> list[str]:
    if ranking.best is None:
        return [f"none: {sweep.why_no_pick}"]
    rows = [
        [
            "=" if i in ranking.tied else " ",
            *_named(sweep, int(i)),
            _score(ends, i, confidence),
        ]
        for i in ranking.order[:top]
    ]
    count = len(ranking.tied)
    ties = (
        "the best is told apart from all others"
        if count == 1
        else f"can't tell {count} of {len(ranking.order)} apart: with {confidence:.0%} confidence the best is among them"
    )
    stopped = (
        [f"{int(ends.stopped.sum())} configs were stopped early"] if ends.stopped.any() and not sweep.runs_left else []
    )
    return [*align_columns(rows), ties, *stopped]


def _score(ends: FinalScores, config: int, confidence: float) -> str:
    scores = ends.scores[config]
    found = estimate(scores, confidence, overlap=ends.overlap, share=ends.metric in SHARES)
    return format_estimate(found, len(scores))


def _neighbors(sweep: Sweep, ends: FinalScores, ranking: Ranking, confidence: float) -> list[str]:
    where = unit_cube(sweep.configs, sweep.space_of())
    if ranking.best is None or not where.names:
        return []
    rows = []
    for i in neighbors(where, ranking.best):
        score = "stopped early" if ends.stopped[i] else _score(ends, i, confidence)
        rows.append([*_named(sweep, i), score])
    return align_columns(rows) or ["none of its structure"]


def _sensitivity(sweep: Sweep, confidence: float) -> list[str]:
    lines = []
    for recipe in dict.fromkeys(name for name, _ in sweep.configs):
        ends = final_scores(sweep, recipe)
        if ends.diverged.all() or (sweep.runs_left and np.isnan(ends.scores).all()):
            continue
        rates = {c["learning_rate"] for name, c in sweep.configs if name == recipe and "learning_rate" in c}
        if len(rates) < 2:
            continue
        try:
            found = sensitivity_of(sweep, recipe, confidence)
        except checks.JgdError as error:
            lines.append(f"{recipe}: not measured: {error}")
            continue
        lines.append(
            f"{recipe}: {format_estimate(found)} in loss, over {len(rates)} rates from {min(rates):.3g} to {max(rates):.3g}"
        )
    return lines


def _stored_importance(directory: Path, heading: str) -> list[str]:
    """The lines on importance of a report.txt on the same runs; none where there is no such file."""
    try:
        sections = atomic_files.read(directory / "report.txt").decode().split("\n\n")
    except (OSError, ValueError):
        return []
    found = next((each.splitlines()[1:] for each in sections if each.startswith("Importance\n")), [])
    return [line[2:] for line in found] if sections[0] == heading and all(map(is_word, found)) else []


def _importance(sweep: Sweep, measured: list[str] | None) -> list[str]:
    """measured: what a report in its directory says, for the forest that is not grown then."""
    try:
        found = importance_of(sweep, forest=measured is None)
        if measured and any(each.method == UNGROWN for each in found):
            return measured
    except checks.JgdError as error:  # too few configs, or nothing to explain: its message says which
        return [f"not measured: {error}"]
    except ImportError as missing:
        return [f"not measured: {missing}"]
    rows = []
    for each in found:
        if np.isnan(each.share):
            rows.append([each.name, "–", f"{each.method} ({each.configs})"])
            continue
        fit = f", R² {each.fit:.2f} on unseen configs" if each.method == "forest" else ""
        weak = ": too low to trust the share" if each.fit < 0.5 else ""
        rows.append([each.name, f"{each.share:.0%}", f"{each.method} of {each.configs} configs{fit}{weak}"])
    return ["share of the variance of ranks that a name explains by itself", *align_columns(rows)]


def _best_of(ends: FinalScores) -> list[str]:
    scores = ends.scores[~ends.stopped]
    if len(scores) < 2 or not np.isfinite(scores).all(axis=1).any() or ends.stopped.any():
        return []
    budgets = sorted({*(2**i for i in range(len(scores).bit_length())), len(scores)})
    curve = best_of(scores, ends.larger_is_better, budgets)
    shown = ", ".join(f"{best + 0.0:.4g} of {k}" for k, best in zip(budgets, curve.expected, strict=True))
    return [f"expected best of so many of these configs, drawn at random: {shown}"]


def cost_lines(sweep: Sweep) -> list[str]:
    """What it took, and where the steps went."""
    cost, spent = sweep.cost, cost_of(sweep)
    wasted = f"wasted: {spent.diverged_share:.0%} of the steps after divergence"
    if cost["steps"]:
        part = cost["steps"] < spent.steps  # of a directory that was gone on with
        lines = [
            f"{'the last call: ' if part else ''}compile {cost['compile_seconds']:.1f} s, run {cost['run_seconds']:.1f} s, "
            f"{cost['steps_per_second']:,.0f} steps/s, {cost['steps']:,} steps"
            + (f" of {spent.steps:,} in all" if part else ""),
            f"{wasted}, {padding(sweep)}",
        ]
    else:  # read from its directory: only what its blocks took is known
        seconds = sweep.device_seconds
        lines = [f"{seconds:.1f} s of devices, {spent.steps:,} steps", wasted]
    if "hosts" in cost:
        lines.append(f"run by {', '.join(cost['hosts'])}")
    if spent.saved_share > 0 and not sweep.runs_left:
        lines.append(f"saved by stopping early: {spent.saved_share:.0%} of {spent.full_steps:,} steps")
    if "peak_bytes" in cost and "planned_bytes" in cost:
        peak, plan = cost["peak_bytes"] / 2**20, cost["planned_bytes"] / 2**20
        lines.append(f"memory: peak {peak:,.0f} MiB, planned {plan:,.0f} MiB")
    return lines


def _named(sweep: Sweep, config: int) -> list[str]:
    recipe, values = sweep.configs[config]
    words = ", ".join(f"{name} {format_value(value)}" for name, value in values.items())
    return [f"{config}", recipe, words]


def _direction(sweep: Sweep) -> str:
    return "larger" if sweep.larger_is_better else "smaller"
