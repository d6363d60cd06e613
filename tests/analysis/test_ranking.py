"""Configs in order and the set that can't be told apart from the best: it holds the true best as often as it says."""

import numpy as np
import pytest
from scipy import stats

import jgd
from jgd.analysis import rank
from jgd.core.ties import critical_value

N = np.nan


def test_a_clear_winner_is_alone_and_close_ones_are_tied():
    common = np.array([0.1, -0.2, 0.3, 0.0, 0.15])  # what each seed does to all
    noise = np.array([1.0, -1.0, 0.5, -0.5, 0.0]) / 1000
    scores = np.stack([0.5 + common, 0.9 + common + noise, 0.9005 + common - noise, 0.7 + common - noise])
    assert rank(scores, larger_is_better=True).order == (2, 1, 3, 0)
    assert rank(scores, larger_is_better=True).tied == (2, 1)
    assert rank(scores, larger_is_better=False).tied == (0,)
    assert rank(scores, larger_is_better=False).order == (0, 3, 1, 2)


@pytest.mark.slow
@pytest.mark.parametrize(("seeds", "most"), [(3, 26), (5, 20), (10, 14), (30, 9)])
def test_the_true_best_is_tied_as_often_as_promised_and_not_many_others(seeds, most):
    rng = np.random.default_rng(seeds)
    draw = lambda means, deviations: (
        means + deviations * rng.normal(size=(len(means), seeds)) + 3 * rng.normal(size=seeds)
    )
    equal = [7 in rank(draw(np.zeros((20, 1)), 1), True).tied for _ in range(300)]  # the hardest case
    assert 0.92 <= np.mean(equal) <= 0.98
    unequal = [
        7 in rank(draw(np.zeros((20, 1)), np.exp(np.linspace(1, -1, 20))[:, None]), True).tied for _ in range(150)
    ]
    assert np.mean(unequal) >= 0.86
    spread = [rank(draw(np.linspace(0, 6, 64)[:, None], 1), True).tied for _ in range(30)]
    assert np.mean([63 in tied for tied in spread]) >= 0.95
    assert np.mean([len(tied) for tied in spread]) <= most


def test_two_configs_are_students_paired_test():
    draw = np.random.default_rng(0).normal(size=(200, 2, 4)) + np.array([[0.0], [1.2]])
    single = [len(rank(pair, True).tied) == 1 for pair in draw]
    t = stats.ttest_rel(draw[:, 0], draw[:, 1], axis=1).statistic
    assert single == (np.abs(t) > stats.t.ppf(0.95, 3)).tolist()
    assert 20 < sum(single) < 180


def test_critical_values_are_dunnetts():
    assert critical_value(4, 10.0, 0.95) == pytest.approx(2.34, abs=0.005)  # Dunnett 1955, table 1a: p = 3
    assert critical_value(10, 20.0, 0.95) == pytest.approx(2.60, abs=0.01)  # p = 9


def test_a_seed_lost_by_chance_puts_no_config_out():
    scores = np.random.default_rng(0).normal(size=(20, 30))
    scores[np.arange(19), np.arange(19)] = N
    assert len(rank(scores, True).tied) >= 18
    scores[0, :15] = N  # of 30, where another lost none
    assert 0 not in rank(scores, True).tied
    wild = np.concatenate([scores[10:], -1e9 * np.random.default_rng(1).random((5, 30))])  # tell nothing of the others
    assert max(rank(wild, True).tied) < 10


def test_diverged_seeds_put_a_config_behind_and_stopped_ones_out():
    scores = np.array([[0.9, N], [0.5, 0.6], [0.4, 0.7], [N, N], [0.99, 0.99]])
    found = rank(scores, larger_is_better=True, stopped=np.arange(5) == 4)
    assert found.order[2:] == (0, 3)
    assert set(found.tied) == {0, 1, 2}  # one seed of two may be lost by chance; one that lost all has no score
    assert found.diverged.tolist() == [1, 0, 0, 2, 0]
    np.testing.assert_allclose(found.means[:4], [0.9, 0.55, 0.55, N])


def test_all_diverged_has_no_best():
    found = rank(np.full((3, 2), N), larger_is_better=False)
    assert (found.best, found.tied, found.order) == (None, (), (0, 1, 2))


def test_one_seed_ties_all_and_equal_configs_are_tied():
    assert rank(np.array([[1.0], [2.0], [3.0]]), larger_is_better=True).tied == (2, 1, 0)
    assert rank(np.ones((3, 4)), larger_is_better=True).tied == (0, 1, 2)


def test_refusals():
    with pytest.raises(jgd.JgdError, match=r"scores must have shape \(configs, seeds\), got \(3,\)"):
        rank(np.ones(3), larger_is_better=True)
    with pytest.raises(jgd.JgdError, match="stopped must be 3 booleans"):
        rank(np.ones((3, 2)), larger_is_better=True, stopped=np.zeros(2, bool))
