"""Several sweeps beside each other. Enters: `Source`s. Leaves: a table, what differs between them, and a picture."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np

from jgd.analysis import paired
from jgd.core.format import format_estimate, format_value
from jgd.reports.page.asked import asked_rows
from jgd.reports.page.figures import COLORS, SYMBOLS, Figure, escaped, layout_of, run_text, short
from jgd.reports.page.source import Source
from jgd.sweeps import Confirmed

HEADINGS = ("sweep", "task", "runs", "best", "validation", "fresh seeds", "test", "diverged")
MOST_DIFFERENCES = 60
LONGEST = 60  # characters of a cell
FINGERPRINTS = ("task.", "recipes[", "observe")  # of the identity in sweep.json


def comparison_rows(sources: Sequence[Source]) -> list[list[str]]:
    """One row a sweep under `HEADINGS`: its best pick, and that on fresh seeds and on the test rows where it was confirmed."""
    rows = []
    for source in sources:
        sweep, best, sure = source.sweep, source.sweep.best, confirmed_best(source)
        words = ", ".join(f"{name} {format_value(value)}" for name, value in best.hyperparameters.items())
        rows.append(
            [
                source.name,
                sweep.task,
                f"{len(sweep.configs)} × {len(sweep.seeds)}, {sweep.facts.step_words}",
                f"{best.recipe} {best.config}: {words}" if best.config is not None else sweep.why_no_pick,
                f"{sweep.metric} {format_estimate(best.validation, len(sweep.seeds))}",
                "–" if sure is None else format_estimate(sure.validation),
                "–" if sure is None else format_estimate(sure.test),
                f"{int((sweep.diverged_at >= 0).sum())} of {sweep.diverged_at.size}",
            ]
        )
    return rows


def confirmed_best(source: Source) -> Confirmed | None:
    """The best pick as the last confirmation that had it found it."""
    best = source.sweep.best
    found = [
        each
        for confirmation in source.confirmations
        for each in confirmation.confirmed
        if (each.recipe, each.config) == (best.recipe, best.config)
    ]
    return found[-1] if found else None


def paired_lines(sources: Sequence[Source]) -> list[str]:
    """Of each two sweeps of one task and metric: which best config is better on the seeds that both have."""
    lines = []
    for a, b in combinations(sources, 2):
        left, right = a.sweep, b.sweep
        alike = (left.task, left.metric, left.facts.splits) == (right.task, right.metric, right.facts.splits)
        common = [seed for seed in left.seeds if seed in right.seeds]
        if (
            not alike
            or len(common) < 2
            or any(each.best.config is None or each.is_population for each in (left, right))
        ):
            continue
        ours, theirs = (
            sweep.last_scores[sweep.best.config, [sweep.seeds.index(seed) for seed in common]]
            for sweep in (left, right)
        )
        found = paired(ours, theirs, left.larger_is_better, overlap=left.facts.splits.overlap)
        difference = found.difference
        winner = {"a": a.name, "b": b.name}.get(found.better or "")
        verdict = f"{winner} is better" if winner else "can't be told apart"
        interval = f", 95% interval {difference.low:+.4f} to {difference.high:+.4f}" if difference.n > 1 else ""
        lines.append(
            f"{a.name} − {b.name}: {difference.mean:+.4f} validation {left.metric}{interval}, on {difference.n} common "
            f"seeds: {verdict}"
        )
    return lines


def different_rows(sources: Sequence[Source]) -> tuple[list[list[str]], int]:
    """What the sweeps were asked for differently, a cell each: -> (rows, how many more there are)."""
    told = [_identity(source) for source in sources]
    names = dict.fromkeys(name for each in told for name in each)
    rows = [
        [name, *(_short(each.get(name, "–")) for each in told)]
        for name in names
        if len({each.get(name) for each in told}) > 1
    ]
    return rows[:MOST_DIFFERENCES], max(0, len(rows) - MOST_DIFFERENCES)


def comparison_figure(sources: Sequence[Source]) -> Figure | None:
    """Each recipe's pick of each sweep with its interval, where all sweeps are chosen by one metric of one task."""
    if len({(source.sweep.task, source.sweep.metric) for source in sources}) > 1:
        return None
    data: list[dict[str, Any]] = []
    for place, source in enumerate(sources):
        picks = [pick for pick in source.sweep.picks if pick.config is not None]
        found = [pick.validation for pick in picks]
        reach = {  # of an interval that isn't symmetric, too
            "array": [float(np.nan_to_num(each.high - each.mean)) for each in found],
            "arrayminus": [float(np.nan_to_num(each.mean - each.low)) for each in found],
        }
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": short(source.name),
                "x": [float(each.mean) for each in found],
                "y": [escaped(pick.recipe) for pick in picks],
                "error_x": {"type": "data", "symmetric": False, **reach, "thickness": 1.5},
                "text": [
                    f"{escaped(source.name)}: {run_text(source.sweep, int(pick.config or 0))}<br>"
                    f"{escaped(pick.metric)} {format_estimate(pick.validation, len(source.sweep.seeds))}"
                    for pick in picks
                ],
                "hoverinfo": "text",
                "marker": {"color": COLORS[place % 6], "symbol": SYMBOLS[place % 6], "size": 9},
            }
        )
    recipes = dict.fromkeys(pick.recipe for source in sources for pick in source.sweep.picks if pick.config is not None)
    words = {"tickvals": [escaped(recipe) for recipe in recipes], "ticktext": [short(recipe) for recipe in recipes]}
    label = {"title": {"text": f"validation {escaped(sources[0].sweep.metric)}"}}
    layout = layout_of(label, {"type": "category", "autorange": "reversed", **words})
    return {"data": data, "layout": {**layout, "scattermode": "group"}, "height": 180 + 40 * len(recipes)}


def _identity(source: Source) -> dict[str, str]:
    """What a sweep's numbers depend on: what was asked for in words, then code and data by fingerprints, then the machine."""
    code = {str(name): str(value) for name, value in source.asked["identity"].items() if name.startswith(FINGERPRINTS)}
    machine = {f"machine: {name}": value for name, value in source.asked["machine"].items()}
    return {**dict(asked_rows(source)), **code, **machine}


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
