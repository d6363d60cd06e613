"""Configs in order and the set that can't be told apart from the best: it holds the true best as often as it says."""

import numpy as np
import pytest

import jgd
from jgd.analysis import rank

N = np.nan


def test_a_clear_winner_is_alone_and_close_ones_are_tied():
    common = np.array([0.1, -0.2, 0.3, 0.0, 0.15])  # what each seed does to all
    noise = np.array([1.0, -1.0, 0.5, -0.5, 0.0]) / 1000
    scores = np.stack([0.5 + common, 0.9 + common + noise, 0.9005 + common - noise, 0.7 + common - noise])
    assert rank(scores, larger_is_better=True).order == (2, 1, 3, 0)
    assert rank(scores, larger_is_better=True).tied == (2, 1)
    assert rank(scores, larger_is_better=False).tied == (0,)
    assert rank(scores, larger_is_better=False).order == (0, 3, 1, 2)


@pytest.mark.parametrize("configs", [2, 20])
def test_the_true_best_is_tied_as_often_as_promised(configs):
    rng, trials = np.random.default_rng(0), 1500
    means = np.zeros((configs, 1))
    means[0] = 0.01  # hardly better than its equals: the hardest case
    kept = [0 in rank(means + rng.normal(size=(configs, 4)) + rng.normal(size=4), True).tied for _ in range(trials)]
    assert np.mean(kept) >= 0.94


def test_diverged_seeds_put_a_config_behind_and_stopped_ones_out():
    scores = np.array([[0.9, N], [0.5, 0.6], [0.4, 0.7], [N, N], [0.99, 0.99]])
    found = rank(scores, larger_is_better=True, stopped=np.arange(5) == 4)
    assert found.order[2:] == (0, 3)
    assert set(found.tied) == {1, 2}
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
