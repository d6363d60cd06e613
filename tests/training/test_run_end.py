"""Why a run ended: what happens to the numbers is a status with its step, never an exception."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import hours

import jgd
from jgd.optimizers import momentum, sgd


def rate(learning_rate, **options):
    return hours.train(sgd(learning_rate), dtype="float64", **options)


def test_e1_too_small_is_slow(x64):
    run = rate(0.001)
    np.testing.assert_allclose(run.params["weights"][0], 1.6084790, atol=5e-8)
    np.testing.assert_allclose(run.history["loss"][99], 0.72889, atol=5e-6)
    assert run.status == "max_steps"


def test_e2_at_the_edge_it_oscillates(x64):
    run = rate(3 / 14, steps=20)
    np.testing.assert_allclose(run.observations, [3.0, 1.0] * 10, rtol=1e-12)
    np.testing.assert_allclose(run.history["loss"], 14 / 3, rtol=1e-12)
    assert run.status == "max_steps"


@pytest.mark.parametrize(("learning_rate", "loss"), [(0.22, 1.37e5), (0.3, 1.6e51)])
def test_e2_beyond_the_edge_it_grows(learning_rate, loss, x64):
    run = rate(learning_rate, diverged_above=1e60)
    np.testing.assert_allclose(run.history["loss"][99], loss, rtol=0.03)
    assert run.status == "max_steps"


@pytest.mark.parametrize("learning_rate", [0.22, 0.3])
def test_e2_divergence_is_a_status_with_its_step(learning_rate, x64):
    run = rate(learning_rate)
    ratio = 1 - 28 / 3 * learning_rate  # w − 2 is multiplied by it at each step
    losses = 14 / 3 * ratio ** (2 * np.arange(100))
    step = int(np.argmax(losses > 14 / 3 * (1 + 1e4)))
    assert (run.status, run.end.step) == ("diverged", step)
    assert "learning_rate" in run.end.detail
    np.testing.assert_allclose(run.history["loss"], losses[: step + 1], rtol=1e-10)
    # the parameters are the ones that the refused step started from
    np.testing.assert_allclose(run.params["weights"][0], 2 - ratio**step, rtol=1e-10)
    np.testing.assert_allclose(run.observations[-1], run.params["weights"][0], rtol=0)


def test_divergence_stops_at_a_given_factor(x64):
    assert rate(0.3, diverged_above=10.0).end.step < rate(0.3).end.step < rate(0.3, diverged_above=1e9).end.step
    assert (
        rate(0.3, diverged_above=np.inf).end.step > rate(0.3, diverged_above=1e9).end.step
    )  # never, while it is finite


def test_e3_the_best_step_is_one(x64):
    np.testing.assert_allclose(rate(3 / 28, steps=1).params["weights"], 2.0, rtol=1e-15)


def test_g11_a_stationary_point_is_left_bitwise_alone():
    run = hours.train(momentum(0.1), start=2.0, steps=5)
    assert (run.status, run.end.step) == ("stationary", 5)
    assert np.asarray(run.observations).tobytes() == np.full(5, 2.0, np.float32).tobytes()


def test_one_flat_batch_is_not_yet_a_stationary_point():
    """The gradient must be 0 for a whole epoch: here the last row's is, and the first row's is not."""
    rows = (np.array([[1.0], [0.0]], np.float32), np.array([2.0, 0.0], np.float32))
    start = {"weights": jnp.ones(1, jnp.float32)}
    run = jgd.train(hours.LOSS, sgd(0.1), start, rows, steps=2, batch_size=1, order="sequential")
    assert run.history["gradient_norm"].tolist() == [2.0, 0.0]
    assert run.status == "max_steps"


def test_g12_out_of_budget_is_never_converged():
    assert hours.train(steps=1000).status == "max_steps"  # float32 stalls at 1.9999994 for ever


def broken(at, of_gradient):
    """A loss that breaks once weight 1 passes `at`: in one entry of its gradient, or in its value alone."""

    @jax.custom_jvp
    def loss(params, batch):
        passed = params["layer"]["weights"][1] < at
        return jnp.where(
            passed & jnp.asarray(not of_gradient),
            jnp.nan,
            jnp.sum(params["layer"]["weights"]) + 0 * jnp.sum(batch),
        )

    @loss.defjvp
    def slope(primals, tangents):
        weights, moved = primals[0]["layer"]["weights"], tangents[0]["layer"]["weights"]
        bad = (jnp.arange(3) == 2) & (weights[1] < at) & jnp.asarray(of_gradient)
        return loss(*primals), jnp.sum(jnp.where(bad, jnp.nan, 1.0).astype(moved.dtype) * moved)

    return loss


@pytest.mark.parametrize(
    ("of_gradient", "name", "words"),
    [
        (True, "nonfinite", ["['layer']['weights'][2]", "nan"]),
        (False, "nonfinite_loss", ["gradient is finite"]),
    ],
    ids=["gradient", "loss"],
)
def test_what_is_not_finite_is_named(of_gradient, name, words):
    start = {"layer": {"weights": jnp.zeros(3, jnp.float32)}, "other": jnp.ones(2, jnp.float32)}
    run = jgd.train(broken(-0.45, of_gradient), sgd(0.1), start, np.ones(4, np.float32), steps=50)
    assert (run.status, run.end.step) == (name, 5)
    assert all(word in run.end.detail for word in words)
    np.testing.assert_allclose(run.params["layer"]["weights"], -0.5, rtol=1e-6)  # the last finite ones
    assert len(run.history["loss"]) == 6


def test_an_update_that_overflows_is_named():
    start = jnp.full(1, -3e38, jnp.float32)
    run = jgd.train(lambda w, rows: jnp.sum(w) + 0 * jnp.sum(rows), sgd(1e38), start, np.ones(2, np.float32), steps=5)
    assert (run.status, run.end.step) == ("nonfinite", 0)
    assert "update overflows" in run.end.detail
    np.testing.assert_array_equal(run.params, start)


def test_rows_that_are_not_finite_pass_when_asked():
    rows = (np.array([[1.0], [np.nan]], np.float32), np.array([2.0, 4.0], np.float32))
    run = jgd.train(hours.LOSS, sgd(0.1), {"weights": jnp.ones(1, jnp.float32)}, rows, steps=5, check_finite=False)
    assert (run.status, run.end.step) == ("nonfinite", 0)
    assert run.params["weights"].tolist() == [1.0]


def test_divergence_names_the_stable_rate_and_where_it_began(x64):
    run = rate(0.22)
    assert "above 2/λ = 0.214" in run.end.detail
    assert "it grew from 4.66667 at step 0 on" in run.end.detail
    ball = hours.train(jgd.chain(momentum(0.6, 0.5)), dtype="float64")  # a chain in a chain
    assert "above 2 (1 + momentum)/λ = 0.321" in ball.end.detail


@pytest.mark.slow
def test_divergence_names_unscaled_features():
    data = jgd.datasets.get("age_income")
    rows = (data.inputs.astype(np.float32), data.targets.astype(np.float32))
    loss = jgd.SupervisedLoss(jgd.models.Linear(2), "squared_error")
    start = {"weights": jnp.zeros(2), "bias": jnp.zeros(())}
    detail = jgd.train(loss, sgd(1e-6), start, rows, steps=50).end.detail
    assert "features are unscaled: column 1 of batch[0] spans" in detail
    assert "jgd.Standard" in detail
    assert "learning_rate 1e-06 is above 2/λ" in detail
