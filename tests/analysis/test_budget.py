"""Budgets, targets and profiles: against brute force and by hand."""

from itertools import combinations, product

import numpy as np
import pytest

import jgd
from jgd.analysis.budget import best_of
from jgd.analysis.profiles import performance_profile
from jgd.analysis.time_to_target import time_to_target

N, INF = np.nan, np.inf


@pytest.mark.parametrize("larger", [True, False])
@pytest.mark.parametrize("replacement", [True, False])
def test_best_of_k_is_the_mean_over_all_draws(larger, replacement):
    scores = np.array([0.3, 0.9, 0.1, 0.9, 0.5])
    curve = best_of(scores, larger, replacement=replacement)
    for k in range(1, 6):
        draws = product(scores, repeat=k) if replacement else combinations(scores, k)
        bests = [(max if larger else min)(draw) for draw in draws]
        assert (curve.budgets[k - 1], curve.expected[k - 1], curve.deviation[k - 1]) == pytest.approx(
            (k, np.mean(bests), np.std(bests)), abs=1e-12
        )


def test_best_of_all_is_the_best_and_thousands_stay_exact():
    scores = np.random.default_rng(0).normal(size=3000)
    curve = best_of(scores, larger_is_better=True)
    assert curve.expected[0] == pytest.approx(scores.mean())
    assert curve.expected[-1] == scores.max()
    assert (np.diff(curve.expected) > 0).all()
    few = best_of(scores, larger_is_better=True, budgets=[8, 1])
    np.testing.assert_array_equal(few.expected, curve.expected[[7, 0]])


def test_the_best_of_noisy_scores_is_what_it_is_on_another_seed():
    rng, means = np.random.default_rng(0), 0.1 * np.random.default_rng(2).normal(size=20)
    draws = means[:, None] + 0.2 * rng.normal(size=(300, 20, 3))
    split = np.mean([best_of(scores, True, [10]).expected[0] for scores in draws])
    plain = np.mean([best_of(scores.mean(axis=1), True, [10]).expected[0] for scores in draws])
    assert plain > 0.19
    assert 0.04 < split < 0.09  # on another seed the chosen have 0.08
    by_hand = best_of(np.array([[1.0, 5.0], [2.0, 3.0]]), True)
    # without seed 0 the first leads, with 1.0 there; without seed 1 the second, with 3.0 there
    assert by_hand.expected.tolist() == pytest.approx([2.75, 2.0])


def test_a_diverged_config_counts_as_the_worst_or_as_said():
    scores = np.array([0.2, N, 0.4])
    assert best_of(scores, larger_is_better=False).expected[0] == pytest.approx((0.2 + 0.4 + 0.4) / 3)
    assert best_of(scores, larger_is_better=False, diverged_as=9.6).expected[0] == pytest.approx(3.4)
    assert len(best_of(scores, True, 7, replacement=True).budgets) == 7


def test_time_to_target_keeps_never_as_never():
    values = np.array(
        [
            [[0.2, 0.8, 0.7], [0.9, N, N], [0.1, 0.2, 0.3]],  # reached at 20; at 10, then diverged; never
            [[0.1, N, N], [0.1, N, N], [0.9, 0.9, 0.9]],  # two diverged
        ]
    )
    time = time_to_target(values, (10, 20, 30), 0.8, larger_is_better=True, seconds_per_step=0.5)
    np.testing.assert_array_equal(time.steps, [[20, 10, INF], [INF, INF, 10]])
    assert time.known.all()
    np.testing.assert_allclose(time.share_reached, [2 / 3, 1 / 3])
    np.testing.assert_array_equal(time.median_steps, [20, INF])
    np.testing.assert_array_equal(time.seconds, [10, INF])


def test_a_lane_stopped_early_is_censored_not_a_never():
    # one config of four seeds, stopped at 20 of 30 steps: two are there, two could still have come
    values = np.array([[[0.9, 0.9, N], [0.1, 0.9, N], [0.1, 0.1, N], [0.1, 0.2, N]]])
    time = time_to_target(values, (10, 20, 30), 0.8, larger_is_better=True, reached=np.array([20]))
    assert time.known.tolist() == [[True, True, False, False]]
    assert time.median_steps[0] == 20
    first = time_to_target(values[:, :, :1], (10,), 0.8, larger_is_better=True, reached=np.array([10]))
    assert first.median_steps[0] == INF


def test_the_median_is_kaplan_and_meiers():
    # three configs' worth of times in one: events at 10, 20, 30; one censored at 20 leaves the risk set after it
    values = np.array([[[1.0, 1, 1], [0, 1, 1], [0, 0, N], [0, 0, 1]]])
    time = time_to_target(values, (10, 20, 30), 1.0, larger_is_better=True)
    # here NaN at the last look is a divergence: still at risk at 30, so S = 3/4, 2/4
    assert time.median_steps[0] == 20
    assert time.steps[0].tolist() == [10, 20, INF, 30]


def test_a_performance_profile_by_hand():
    profile = performance_profile([[1.0, 2.0, N], [2.0, 1.0, N], [INF, 4.0, N]], factors=[1, 2, 4])
    np.testing.assert_array_equal(profile.ratios, [[1, 2, INF], [2, 1, INF], [INF, 4, INF]])
    np.testing.assert_allclose(profile.shares, np.array([[1, 2, 2], [1, 2, 2], [0, 0, 1]]) / 3)
    np.testing.assert_allclose(profile.solved, [2 / 3, 2 / 3, 1 / 3])
    assert profile.methods == ("method 0", "method 1", "method 2")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: best_of(np.array([N, N]), True), "scores must have shape"),
        (lambda: best_of(np.ones(3), True, 4), "budgets must be a whole number from 1 to 3, got 4"),
        (lambda: best_of(np.ones(3), True, [1, 0]), r"budgets\[1\] must be a whole number from 1 to 3, got 0"),
        (lambda: time_to_target(np.ones((2, 3)), (10,), 1.0, True), "values must have shape"),
        (lambda: time_to_target(np.ones((1, 1, 1)), (10,), N, True), "target must be a finite number"),
        (lambda: time_to_target(np.ones((1, 1, 1)), (10,), 1.0, True, reached=np.ones(2)), "one number a config"),
        (lambda: performance_profile([[1.0, -2.0]]), r"costs\[0\]\[1\] must be > 0"),
        (lambda: performance_profile([1.0]), "costs must have shape"),
        (lambda: performance_profile([[1.0]], ["a", "b"]), "a name for each of 1 rows"),
        (lambda: performance_profile([[1.0]], factors=[0.5]), "factors must be numbers >= 1"),
    ],
)
def test_refusals(call, said):
    with pytest.raises(jgd.JgdError, match=said):
        call()
