"""The report says what the statistics say, for every kind of sweep; the pictures are drawn."""

import functools
from dataclasses import replace

import numpy as np
import pytest
from helpers import sweeping

import jgd
from jgd import results
from jgd.analysis import finals, performance_profile, rank
from jgd.analysis.cost import spending
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
    found, text = grid(), results.report(grid(), top=3)
    assert text.startswith("iris: 14 configs × 2 seeds × 12 steps, by validation accuracy (larger is better)")
    ends = finals(found)
    ranking = rank(ends.scores, larger_is_better=True)
    lines = section(text, "EarlyStoppingState configs")
    first = estimate(ends.scores[ranking.best])
    assert lines[0].split()[:3] == ["=", str(ranking.best), found.configs[ranking.best][0]]
    assert lines[0].endswith(f"{first.mean:.4f} ± {first.half_width:.4f}")
    assert len(lines) == 4
    assert f"can't tell {len(ranking.tied)} of 14 apart" in lines[3]
    assert len(section(text, "Neighbours of the best")) == 4
    assert [line.split(":")[0].strip() for line in section(text, "Learning-rate sensitivity")] == ["sgd", "adam"]
    assert "learning_rate" in section(text, "Importance")[1]
    assert "steps/s" in section(text, "Cost")[0]


def test_a_sweep_without_a_survivor_has_a_report_and_no_pictures_of_curves(tmp_path):
    gone = sweeping.sweep(space={"learning_rate": [1e30, 1e31]}, on=jgd.tasks.get("linear_regression"))
    text = results.report(gone)
    assert section(text, "EarlyStoppingState configs") == ["  none: every run diverged"]
    assert "all lanes diverged" in section(text, "Findings")[0]
    assert "not measured" in section(text, "Importance")[0]
    assert "Learning-rate sensitivity" not in text
    assert float(section(text, "Cost")[1].split("%")[0].split()[-1]) > 50
    results.best_of_curves(gone, tmp_path / "none.png")


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
    return replace(found, validation=values, reached=np.where(np.arange(21) < 2, 6, 12))


def test_a_table_and_curves_take_words_and_absent_names(tmp_path):
    found = worded()
    assert {row[2] for row in results.rows(found)} <= {"a", "None", "–"}
    assert {row[2] for row in results.rows(found) if row[0] == "adam"} == {"–"}
    results.loss_curves(found, tmp_path / "loss.png")
    results.sensitivity(found, tmp_path / "rates.png")
    assert len(list(tmp_path.iterdir())) == 2
    with pytest.raises(jgd.JgdError, match="unknown swept parameter 'kind'; choose from: learning_rate"):
        results.sensitivity(found, tmp_path / "kinds.png", "kind")


def test_one_config_and_words_and_early_stops_are_reported():
    alone = sweeping.sweep(space={"learning_rate": [0.1]}, seeds=1)
    assert "told apart from all others" in results.report(alone)
    text = results.report(worded())
    assert "kind a" in text
    assert "2 configs were stopped early" in text
    assert "saved by stopping early" in text
    assert spending(worded()).saved_share == pytest.approx(2 * 6 / (21 * 12))


@pytest.mark.parametrize(
    "draw",
    [
        lambda path: results.best_of_curves(grid(), path),
        lambda path: results.importance_bars(grid(), path),
        lambda path: results.responses(worded(), path, recipe="adam"),
        lambda path: results.profile_curves(performance_profile([[1.0, 2.0], [3.0, N]], ["sgd", "adam"]), path),
    ],
    ids=["budget", "importance", "responses", "profile"],
)
def test_the_pictures_are_drawn(draw, tmp_path):
    draw(tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "picture.png").stat().st_size > 10_000  # not an empty frame


def test_refusals(tmp_path):
    with pytest.raises(jgd.JgdError, match="recipe must be one of sgd, adam, got None"):
        results.responses(grid(), tmp_path / "no.png")
    with pytest.raises(jgd.JgdError, match="did you mean 'learning_rate'"):
        results.responses(grid(), tmp_path / "no.png", ["learning_rat"], "sgd")
    with pytest.raises(jgd.JgdError, match="top must be a whole number >= 1, got 0"):
        results.report(grid(), top=0)
    assert not list(tmp_path.iterdir())
