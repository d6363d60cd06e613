"""Intervals and comparisons: formulas by hand, coverage by simulation, diverged seeds never lost."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import jgd
from jgd.analysis import interquartile_mean, paired, probability_of_improvement
from jgd.analysis.comparison import seeds_to_decide
from jgd.core.statistics import estimate

N = np.nan


def coverage(trials, interval, truth, draw):
    """The share of `trials` intervals, each of a fresh draw, that hold the truth."""
    found = [interval(*draw()) for _ in range(trials)]
    return np.mean([e.low <= truth <= e.high for e in found])


@pytest.mark.parametrize("n", [2, 5, 30])
def test_t_intervals_of_normal_values_cover(n):
    rng = np.random.default_rng(0)
    assert 0.93 <= coverage(2000, estimate, 3.0, lambda: (rng.normal(3, 2, n),)) <= 0.97


@pytest.mark.slow
def test_bootstrap_intervals_of_skewed_values_cover_where_n_is_large():
    rng = np.random.default_rng(0)
    bca = lambda values: estimate(values, method="bootstrap")
    assert 0.93 <= coverage(400, bca, 1.0, lambda: (rng.exponential(size=150),)) <= 0.97
    assert coverage(400, bca, 1.0, lambda: (rng.exponential(size=5),)) < 0.9  # as its docstring warns


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_intervals_of_the_probability_of_improvement_cover(shift):
    rng, n = np.random.default_rng(0), 6
    truth = stats.norm.cdf(shift / math.sqrt(2))
    interval = lambda a, b: probability_of_improvement(a, b, True, pairs=False)
    assert 0.93 <= coverage(1000, interval, truth, lambda: (rng.normal(shift, 1, n), rng.normal(size=n))) <= 0.97


def test_the_paired_probability_covers_on_average_exactly():
    n, truths = 12, np.linspace(0.05, 0.95, 91)
    other = np.full(n, 0.5)
    found = [probability_of_improvement(np.arange(n) < k, other, True, pairs=True) for k in range(n + 1)]
    holds = np.array([(e.low <= truths) & (truths <= e.high) for e in found])
    exact = (holds * stats.binom.pmf(np.arange(n + 1)[:, None], n, truths)).sum(axis=0)
    assert 0.93 <= exact.mean() <= 0.97
    assert exact.min() > 0.85  # a share of few pairs is discrete: no interval covers every truth alike


@pytest.mark.slow
def test_paired_intervals_cover_and_are_narrower_on_common_seeds():
    rng = np.random.default_rng(0)

    def draw():
        common = rng.normal(0, 5, 6)  # what a seed does to both
        return common + rng.normal(0.3, 1, 6), common + rng.normal(0, 1, 6)

    difference = lambda a, b: paired(a, b, larger_is_better=True).difference
    assert 0.93 <= coverage(1500, difference, 0.3, draw) <= 0.97
    a, b = draw()
    assert difference(a, b).half_width < estimate(a).half_width / 2


def test_the_bootstrap_is_seeded_and_says_where_it_has_no_acceleration():
    values = np.random.default_rng(0).exponential(size=20)
    one, again, other = (estimate(values, method="bootstrap", seed=seed) for seed in (1, 1, 2))
    assert one == again
    assert (one.low, one.high) != (other.low, other.high)
    assert one.note == ""  # of 20 values
    equal = estimate(np.full(5, 0.1), method="bootstrap")
    assert (equal.low, equal.mean, equal.high, equal.note) == (0.1, 0.1, 0.1, "all values are equal")


def test_nothing_diverged_is_dropped_silently():
    e = estimate(np.array([1.0, N, np.inf, 3.0]))
    assert (e.mean, e.n, e.diverged) == (2.0, 2, 2)
    p = paired(np.array([1.0, N, 3.0, 5.0]), np.array([0.9, 1.0, N, 4.0]), larger_is_better=True)
    assert (p.difference.n, p.diverged) == (2, (1, 1))
    assert "2 pairs; diverged: a in 1, b in 1 seeds" in p.words


def test_a_config_that_diverges_more_often_is_never_called_better():
    a, b = np.array([9.0, 9.1, 9.2, N]), np.array([1.0, 1.1, 1.3, 1.2])
    p = paired(a, b, larger_is_better=True)
    assert p.difference.low > 0
    assert (p.tell_apart, p.better) == (False, None)
    assert "a is better where both survive, but diverges more often" in p.words
    assert paired(a, b, larger_is_better=False).better == "b"  # it wins on both counts


@pytest.mark.parametrize("values", [[1.0], [1.0, N]])
def test_one_pair_decides_nothing(values):
    p = paired(np.array(values), np.zeros(len(values)), larger_is_better=True)
    assert not p.tell_apart
    assert p.words.startswith("can't tell them apart: 1 common seed")


def test_seeds_to_decide_is_the_least_that_would():
    differences = np.array([0.2, -0.1, 0.4, 0.1])
    n = seeds_to_decide(differences)
    reach = lambda n: stats.t.ppf(0.975, n - 1) * differences.std(ddof=1) / math.sqrt(n)
    assert reach(n) < differences.mean() <= reach(n - 1)
    assert seeds_to_decide(np.array([1.0, -1.0])) is None
    assert seeds_to_decide(np.array([1.0, -1.0001])) is None  # more than any sweep has


def test_probability_of_improvement_by_hand():
    a, b = np.array([3.0, 2.0, N]), np.array([1.0, 2.0, N])
    # of 9: 3>1, 3>2, 3>N, 2>1, 2=2, 2>N, N<1, N<2, N=N
    e = probability_of_improvement(a, b, larger_is_better=True, pairs=False)
    assert (e.mean, e.n, e.diverged) == pytest.approx((6 / 9, 3, 2))
    assert probability_of_improvement(a, b, larger_is_better=True).mean == pytest.approx((1 + 0.5 + 0.5) / 3)
    tasks = probability_of_improvement(np.stack([a, a]), np.stack([b, b[::-1]]), larger_is_better=True, pairs=False)
    assert tasks.mean == pytest.approx(6 / 9)


def test_always_winning_is_not_certainty():
    e = probability_of_improvement(np.arange(4) + 10.0, np.arange(4.0), larger_is_better=True, pairs=False)
    assert e.mean == e.high == 1.0
    assert 0.5 < e.low < 0.9


def test_newcombes_interval_solves_its_equation():
    e = probability_of_improvement(np.array([1.0, 2, 3, 4, 5, 9]), np.array([0.0, 2.5, 3.5, 6]), larger_is_better=True)
    half = (6 + 4) / 2 - 1
    for end in (e.low, e.high):
        variance = end * (1 - end) * (1 + half * ((1 - end) / (2 - end) + end / (1 + end))) / 24
        assert abs(end - e.mean) == pytest.approx(stats.norm.ppf(0.975) * math.sqrt(variance), rel=1e-8)


scores = st.lists(st.floats(-5, 5) | st.just(N), min_size=1, max_size=8)


@given(scores, scores, st.booleans())
def test_probabilities_of_both_sides_sum_to_one(a, b, larger):
    one = probability_of_improvement(np.array(a), np.array(b), larger, pairs=False)
    other = probability_of_improvement(np.array(b), np.array(a), larger, pairs=False)
    np.testing.assert_allclose([one.mean + other.mean, one.low + other.high, one.high + other.low], 1, atol=1e-6)
    assert one.low <= one.mean <= one.high


def test_the_interquartile_mean_is_scipys_trimmed_mean():
    values = np.random.default_rng(0).normal(size=(3, 7))
    e = interquartile_mean(values, larger_is_better=True)
    assert e.mean == pytest.approx(stats.trim_mean(values.ravel(), 0.25))
    assert e.low < e.mean < e.high
    assert (e.n, e.diverged) == (21, 0)


def test_a_quarter_of_diverged_seeds_is_cut_like_bad_scores_and_more_is_said():
    few = interquartile_mean(np.array([1.0, 2.0, 3.0, N]), larger_is_better=True)
    assert (few.mean, few.diverged) == (1.5, 1)  # the best and the diverged one are cut
    many = interquartile_mean(np.array([1.0, N, N, 3.0]), larger_is_better=False)
    assert (many.mean, many.note) == (np.inf, "more than a quarter diverged")
    many = interquartile_mean(np.array([1.0, N, N, 3.0]), larger_is_better=False, method="bootstrap")
    assert many.high == np.inf
    assert "bootstrap of 4 values is too narrow" in many.note
    assert "too narrow" in estimate(np.arange(19.0), method="bootstrap").note


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [3, 5, 10, 30])
def test_statistics_cover_as_their_pages_say(seeds):
    rng, trials = np.random.default_rng(seeds), 500
    middle = lambda values: interquartile_mean(values, True)
    for tasks in (1, 10):
        assert 0.91 <= coverage(trials, middle, 0.0, lambda tasks=tasks: (rng.normal(size=(tasks, seeds)),)) <= 0.98

    def shared():  # configs of one sweep: what a seed does is most of it
        common = 5 * rng.normal(size=seeds)
        return common + rng.normal(0.5, 1, seeds), common + rng.normal(size=seeds)

    truth = stats.norm.cdf(0.5 / math.sqrt(2))
    held = coverage(trials, lambda a, b: probability_of_improvement(a, b, True), truth, shared)
    assert (0.83 if seeds == 3 else 0.90) <= held <= 1


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: estimate(np.ones(3), method="bootstap"), "did you mean 'bootstrap'"),
        (lambda: estimate(np.ones(3), confidence=1.0), "confidence must be a finite number in"),
        (lambda: paired(np.ones(3), np.ones(2), True), r"b must have the shape of a, \(3,\), got \(2,\)"),
        (lambda: paired(np.ones((3, 1)), np.ones((3, 1)), True), r"a must have shape \(seeds,\), got \(3, 1\)"),
        (lambda: paired(np.ones(3), np.ones(3), "yes"), "larger_is_better must be True or False"),
        (lambda: probability_of_improvement(np.ones(3), np.ones(2), True, pairs=True), "b must have the shape of a"),
        (lambda: probability_of_improvement(np.ones((2, 3)), np.ones((1, 3)), True), "the same tasks, got 2 and 1"),
        (lambda: interquartile_mean(np.ones((2, 2, 2)), True), r"\(seeds,\) or \(tasks, seeds\), got \(2, 2, 2\)"),
        (lambda: interquartile_mean([], True), "values must have shape"),
    ],
)
def test_refusals(call, said):
    with pytest.raises(jgd.JgdError, match=said):
        call()
