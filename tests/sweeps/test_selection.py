"""Choosing: by validation only (E7), with its uncertainty (I6), and a lane that diverged never wins."""

import jax
import numpy as np
import pytest
from helpers import sweeping
from helpers.sweeping import by_hand, fragile, sweep, usual, wild

import jgd
from jgd.core.statistics import estimate
from jgd.lane import NOT_DIVERGED
from jgd.sweeps import pick


def test_a_diverged_lane_is_flagged_and_frozen():
    found = wild()
    assert (found.diverged_at[[0, 2]] == NOT_DIVERGED).all()
    at = found.diverged_at[1]
    assert (at >= 0).all()
    for place, step in enumerate(at):
        assert np.isfinite(found.loss[1, place, :step]).all()
        assert np.isnan(found.loss[1, place, step + 1 :]).all()
        assert all(np.isfinite(leaf[1, place]).all() for leaf in jax.tree.leaves(found.final))
    assert np.isnan(found.validation["loss"][1, :, -1]).all()
    assert np.isfinite(found.loss[[0, 2]]).all()


def test_a_diverged_lane_is_never_picked():
    (chosen,) = wild().picks
    assert chosen.config in (0, 2)
    assert (chosen.diverged, chosen.runs) == (2, 6)


def test_all_diverged_is_a_result_too():
    found = sweep(space={"learning_rate": [1e9, 1e10, 1e11]}, on=fragile())  # three, as above: the same programs
    (chosen,) = found.picks
    assert (chosen.config, chosen.hyperparameters, chosen.diverged) == (None, {}, 6)
    assert np.isnan(chosen.validation.mean)
    assert chosen.validation.n == 0
    assert found.best.config is None
    assert "every run diverged" in repr(found)
    with pytest.raises(jgd.JgdError, match="nothing to confirm: every run diverged"):
        found.confirm()
    assert found.dataset["picked"].values.tolist() == [-1]


def test_the_picks_statistics_by_hand():
    found = usual()
    for place, chosen in enumerate(found.picks):
        final = found.validation["accuracy"][7 * place : 7 * place + 7, :, -1]
        assert chosen.config == 7 * place + np.argmax(final.mean(axis=1))
        assert chosen.hyperparameters == found.configs[chosen.config][1]
        by_hand(chosen.validation, np.asarray(final[chosen.config - 7 * place], np.float64))


@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.99])
def test_an_estimate_is_students(confidence):
    values = np.random.default_rng(0).normal(size=6)
    by_hand(estimate(values, confidence), values, confidence)


def test_a_share_stays_in_its_range_and_keeps_the_coverage():
    """Wilson's interval solves |mean - p| = t √(p (1 - p) / m), where Student's would leave 0 … 1."""
    values = np.array([0.9333, 0.9667, 1.0])
    found, students = estimate(values, share=True), estimate(values)
    assert 0 < found.low < found.mean < found.high < 1 < students.high
    t = students.half_width / students.standard_error
    size = found.mean * (1 - found.mean) / found.standard_error**2
    for end in (found.low, found.high):
        np.testing.assert_allclose(abs(found.mean - end), t * np.sqrt(end * (1 - end) / size), rtol=1e-9)
    assert estimate(0.5 * values, share=True) == estimate(0.5 * values)
    assert estimate(100 * values, share=True) == estimate(100 * values)  # percents are no shares
    drawn = np.random.default_rng(0).binomial(30, 0.95, (400, 5)) / 30
    inside = [each.low <= 0.95 <= each.high for each in (estimate(row, share=True) for row in drawn)]
    assert 0.93 < np.mean(inside) < 0.995


@pytest.mark.parametrize(
    ("values", "mean", "n"),
    [([2.0], 2.0, 1), ([2.0, np.nan], 2.0, 1), ([np.nan], np.nan, 0), ([], np.nan, 0)],
)
def test_too_few_values_have_no_interval(values, mean, n):
    found = estimate(np.array(values))
    np.testing.assert_equal((found.mean, found.n), (mean, n))
    assert np.isnan([found.standard_error, found.low, found.high]).all()


N = np.nan
PICKS = {
    "largest mean": ([[0.9, 0.7], [0.7, 0.8]], True, 0),
    "smallest mean": ([[0.9, 0.7], [0.7, 0.8]], False, 1),
    "a failed seed disqualifies": ([[0.9, N], [0.1, 0.2]], True, 1),
    "the fewest failures, where all have some": ([[N, N, 0.9], [0.5, N, 0.4], [0.4, 0.3, N]], True, 1),
    "all failed": ([[N, N], [N, N]], True, None),
    "the first of equals": ([[0.5, 0.5], [0.5, 0.5]], True, 0),
}


@pytest.mark.parametrize(("scores", "larger_is_better", "want"), PICKS.values(), ids=PICKS)
def test_pick(scores, larger_is_better, want):
    assert pick(np.array(scores), larger_is_better) == want


@pytest.mark.slow
def test_regressions_are_chosen_by_the_smallest_loss():
    found = sweep(on=sweeping.jgd.tasks.get("linear_regression"), space={"learning_rate": [1e-4, 0.1]})
    (chosen,) = found.picks
    assert (chosen.metric, chosen.config) == ("loss", 1)
    assert found.dataset.attrs["selected_by"] == "validation_loss"
