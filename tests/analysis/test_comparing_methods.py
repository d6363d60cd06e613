"""Methods over tasks: ranks, tests, aggregates and profiles against numbers by hand, scipy and simulation."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.sweeping import usual
from scipy import stats

import jgd
from jgd.analysis import MethodComparison, compare_sweeps, friedman, performance_profile, task_aggregates, wilcoxon_holm
from jgd.core.checks import JgdTypeError as T
from jgd.core.checks import JgdValueError as V
from jgd.reports import budget_rows, comparison_rows, comparison_text, save_comparison

N = np.nan


def by_hand(scores, larger=(True, False), **changes):
    """Two methods on two tasks; a score halfway is half the last one."""
    scores = np.array(scores, float)
    found = MethodComparison(
        methods=("a", "b"),
        tasks=("up", "down"),
        metrics=("accuracy", "loss"),
        larger_is_better=larger,
        scores=scores,
        curves=tuple(
            np.stack([scores[:, at] * (0.5 if up else 2), scores[:, at]], axis=2) for at, up in enumerate(larger)
        ),
        evaluation_steps=((10, 20), (30, 60)),
        overlap=(0.0, 0.5),
        fresh=True,
    )
    return replace(found, **changes)


FOUND = by_hand([[[0.8, 0.9], [1.0, 3.0]], [[0.6, N], [1.0, 1.0]]])


def test_a_diverged_run_counts_as_the_worst_of_its_task():
    np.testing.assert_allclose(FOUND.oriented, [[[0.8, 0.9], [-1, -3]], [[0.6, 0.6], [-1, -1]]])
    np.testing.assert_allclose(FOUND.normalized, [[[0.8, 1.2], [1, -1]], [[0, 0], [1, 1]]], atol=1e-12)
    equal = by_hand(np.ones((2, 2, 3)))
    assert (equal.normalized == 1).all()
    nothing = by_hand(np.full((2, 2, 3), N))
    assert (nothing.normalized == 1).all()
    assert nothing.steps_to_target().tolist() == [[np.inf] * 2] * 2


def test_what_a_comparison_says():
    assert FOUND.ranks().ranks.tolist() == [1.5, 1.5]
    assert FOUND.aggregates()["b"].mean.mean == pytest.approx(0.5)
    assert FOUND.improvement("a", "b").mean == pytest.approx((1 + 1 + 0.5 + 0) / 4)
    assert FOUND.difference("up", "a", "b").diverged == (0, 1)
    wide, plain = (
        by_hand([[[0.8, 0.9], [1, 3]], [[0.6, 0.7], [1, 1]]], overlap=(0, o)).difference("down", "a", "b")
        for o in (0.5, 0)
    )
    assert wide.difference.half_width == pytest.approx(plain.difference.half_width * np.sqrt(2))  # 1 + 2 seeds · 0.5
    assert FOUND.steps_to_target({"up": 0.4, "down": 1.0}).tolist() == [[10, 60], [20, 60]]
    assert FOUND.steps_to_target().tolist() == [[20, 60], [np.inf, 60]]  # to 0.725 and 1.5
    assert FOUND.profile().scores(3.0).tolist() == [1.0, 0.5]
    assert FOUND.best_of_budget() == {}


def test_algoperf_scores_are_areas_under_the_profile():
    profile = performance_profile([[10, 40, 30, 7], [20, 20, np.inf, 7], [11, 90, 31, 9]])
    at = np.linspace(1, 4, 30_001)
    heights = (profile.ratios[:, :, None] <= at).mean(axis=1)
    np.testing.assert_allclose(profile.scores(), heights.mean(axis=1), atol=1e-4)


def test_friedman_and_wilcoxon_by_their_formulas():
    draws = np.random.default_rng(0)
    scores = draws.normal(size=(4, 12)) + np.array([2, 0.1, 0, 0])[:, None]
    ranks = stats.rankdata(-scores, axis=0).mean(axis=1)
    chi = 12 * 12 / (4 * 5) * ((ranks**2).sum() - 4 * 25 / 4)
    assert friedman(scores)[0] == pytest.approx(11 * chi / (12 * 3 - chi))
    assert friedman(np.ones((3, 5))) == (0.0, 1.0)
    assert friedman([[3, 3], [2, 2], [1, 1]]) == (np.inf, 0.0)
    pairs = wilcoxon_holm(-scores, list("abcd"), larger_is_better=False)
    assert [pair.first for pair in pairs[:3]] == ["a"] * 3
    assert all(pair.adjusted < 0.05 for pair in pairs[:3])
    p = sorted(stats.wilcoxon(scores[i] - scores[j]).pvalue for i in range(4) for j in range(i))
    assert [pair.p for pair in pairs] == pytest.approx(p)
    holm = np.maximum.accumulate(np.minimum(1, np.array(p) * [6, 5, 4, 3, 2, 1]))
    assert [pair.adjusted for pair in pairs] == pytest.approx(holm.tolist())
    (tie,) = wilcoxon_holm(np.ones((2, 7)), ["a", "b"], larger_is_better=True)
    assert (tie.p, tie.adjusted, tie.wins) == (1.0, 1.0, 3.5)


def test_sweeps_are_compared_by_their_picks(tmp_path):
    found = compare_sweeps({"one": usual(), "two": usual()})
    assert (found.methods, found.tasks, found.fresh, found.scores.shape) == (
        ("sgd", "adam"),
        ("one", "two"),
        False,
        (2, 2, 2),
    )
    for at, pick in enumerate(usual().picks):
        np.testing.assert_array_equal(found.scores[at, 0], usual().scores[pick.config])
    text = comparison_text(found)
    assert "2 methods on 2 tasks, 2 seeds each: validation scores by which the configs were chosen: flattered" in text
    assert "sgd, adam: " in text or "adam, sgd: " in text
    assert budget_rows(found, [1, 5])[0] == ["task", "method", "1", "5"]
    csv = save_comparison(found, tmp_path / "a.csv").read_text().splitlines()
    assert len(csv) == 3
    assert r"\toprule" in save_comparison(found, tmp_path / "a.tex").read_text()
    assert comparison_rows(FOUND)[0][-1].startswith("2.0000")  # of a loss, not oriented


BAD = {
    "no tasks": (lambda: jgd.compare("sgd", "iris", steps=1), T, 'tasks must be several, such as \\["iris"'),
    "a task twice": (lambda: jgd.compare("sgd", ["iris", "iris"], steps=1), V, "tasks must have names of their own"),
    "one fresh seed": (lambda: jgd.compare("sgd", ["iris"], fresh=1, steps=1), V, "fresh must be a whole number >= 2"),
    "no sweeps": (lambda: compare_sweeps([3]), T, "sweep must be what jgd.sweep"),
    "sweeps of one task": (lambda: compare_sweeps([usual(), usual()]), V, "sweeps must be of different tasks"),
    "no sweep": (lambda: compare_sweeps({}), V, "sweeps must have the same recipes, two or more"),
    "no such method": (lambda: FOUND.improvement("a", "c"), V, "method"),
    "no such task": (lambda: FOUND.steps_to_target({"sideways": 1}), V, "sideways"),
    "two methods": (lambda: FOUND.friedman(), V, "3 methods and 2 tasks or more, got shape"),
    "a name too few": (lambda: wilcoxon_holm(np.eye(2), ["a"], larger_is_better=True), V, "methods must have a name"),
    "not finite": (lambda: task_aggregates([[N, 1]]), V, "scores must be finite"),
    "a ratio of 1": (lambda: FOUND.profile().scores(1.0), V, "most must be"),
    "another file": (lambda: save_comparison(FOUND, "a.xls"), V, "ending of path"),
    "no comparison": (lambda: comparison_text(3), T, "comparison must be"),
}


@pytest.mark.parametrize(("call", "kind", "words"), BAD.values(), ids=BAD)
def test_bad_input_is_named(call, kind, words):
    with pytest.raises(kind, match=words):
        call()


@pytest.mark.slow
def test_intervals_of_aggregates_cover_many_tasks():
    """Simulated: 20 normal tasks, 10 seeds; the truth of mean, median and gap is known."""
    draws, held = np.random.default_rng(0), np.zeros(3)
    means = np.linspace(0, 1, 20)
    for _ in range(60):
        found = task_aggregates(draws.normal(means[:, None], 0.1, (20, 10)), gamma=10.0)
        parts = (found.mean, 0.5), (found.median, 0.5), (found.optimality_gap, 9.5)
        held += [part.low <= truth <= part.high for part, truth in parts]
    assert (held / 60 > 0.85).all(), held
