"""The report says what the statistics say, for every kind of sweep."""

import functools
from dataclasses import replace

import numpy as np
import pytest
from helpers import sweeping

import jgd
from jgd import reports
from jgd.analysis import final_scores, rank
from jgd.analysis.cost import cost_of
from jgd.core.statistics import estimate

N = np.nan


@functools.cache
def grid():
    """Two recipes on one grid of seven rates."""
    return sweeping.sweep(["sgd", "adam"], evaluate_every=2)


def section(text, title):
    (found,) = [part for part in text.split("\n\n") if part.startswith(title)]
    return found.splitlines()[1:]


def test_the_report_lists_the_best_with_their_ties_and_intervals():
    found, text = grid(), reports.report(grid(), top=3)
    assert text.startswith("iris: 14 configs × 2 seeds × 12 steps, by validation accuracy (larger is better)")
    ends = final_scores(found)
    ranking = rank(ends.scores, larger_is_better=True)
    lines = section(text, "Best configs")
    first = estimate(ends.scores[ranking.best], share=True)
    assert lines[0].split()[:3] == ["=", str(ranking.best), found.configs[ranking.best][0]]
    assert lines[0].endswith(f"{first.mean:.4f} [{first.low:.4f}, {first.high:.4f}]")  # Student's would leave 0 … 1
    assert len(lines) == 4
    assert f"can't tell {len(ranking.tied)} of 14 apart" in lines[3]
    assert len(section(text, "Neighbors of the best")) == 4
    assert [line.split(":")[0].strip() for line in section(text, "Learning-rate sensitivity")] == ["sgd", "adam"]
    assert "learning_rate" in section(text, "Importance")[1]
    assert "steps/s" in section(text, "Cost")[0]


def test_a_sweep_without_a_survivor_has_a_report():
    gone = sweeping.sweep(space={"learning_rate": [1e30, 1e31]}, on=jgd.tasks.get("linear_regression"))
    text = reports.report(gone)
    assert section(text, "Best configs") == ["  none: every run diverged"]
    assert "all runs diverged" in section(text, "Findings")[0]
    assert "not measured" in section(text, "Importance")[0]
    assert "Learning-rate sensitivity" not in text
    assert float(section(text, "Cost")[1].split("%")[0].split()[-1]) > 50


def kinded(learning_rate, kind=None):
    return jgd.optimizers.sgd(learning_rate)


@functools.cache
def worded():
    """A word among the hyperparameters of one recipe, and two of its configs stopped at half of the steps."""
    kinds = {"learning_rate": sweeping.RATES, "kind": jgd.spaces.static(["a", None])}
    spaces = {"sgd": kinds, "adam": {"learning_rate": sweeping.RATES}}
    found = sweeping.sweep({"sgd": kinded, "adam": jgd.optimizers.adam}, spaces, evaluate_every=2)
    values = {name: np.array(array) for name, array in found.validation.items()}
    for array in values.values():
        array[:2, :, 3:] = N
    return replace(found, validation=values, given=np.where(np.arange(21) < 2, 6, 12)[:, None].repeat(2, axis=1))


def test_a_table_takes_words_and_absent_names():
    found = worded()
    assert {row[2] for row in reports.table_rows(found)} <= {"a", "None", "–"}
    assert {row[2] for row in reports.table_rows(found) if row[0] == "adam"} == {"–"}


def test_one_config_and_words_and_early_stops_are_reported():
    alone = sweeping.sweep(space={"learning_rate": [0.1]}, seeds=1)
    assert "told apart from all others" in reports.report(alone)
    text = reports.report(worded())
    assert "kind a" in text
    assert "2 configs were stopped early" in text
    assert "saved by stopping early" in text
    assert cost_of(worded()).saved_share == pytest.approx(2 * 6 / (21 * 12))


def test_a_top_below_one_is_refused():
    with pytest.raises(jgd.JgdError, match="top must be a whole number >= 1, got 0"):
        reports.report(grid(), top=0)
