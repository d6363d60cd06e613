"""Training: the lectures' trajectories, number by number, and what the rows of a history mean."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import hours

import jgd
from jgd.core.seeds import Stream, key

PRECISION = [("float64", 1e-12), ("float32", 1e-5)]


@pytest.mark.parametrize(("dtype", "rtol"), PRECISION)
def test_g1_full_batches(dtype, rtol, x64):
    """A1: on a row, the loss and the gradient are from before the update, the weight from after it."""
    run, golden = hours.train(dtype=dtype), hours.GOLDEN["gd"]
    np.testing.assert_array_equal(run.history["step"], golden[:, 0])
    np.testing.assert_allclose(run.observations, golden[:, 1], rtol=rtol)
    np.testing.assert_allclose(run.history["loss"], golden[:, 2], rtol=rtol, atol=rtol)
    np.testing.assert_allclose(run.history["gradient_norm"], abs(golden[:, 3]), rtol=rtol, atol=rtol)
    np.testing.assert_allclose(run.history["learning_rate"], 0.01, rtol=1e-6)
    assert run.observations.dtype == dtype


@pytest.mark.parametrize(("dtype", "rtol"), PRECISION)
def test_g2_single_examples_in_order(dtype, rtol, x64):
    run = hours.train(dtype=dtype, steps=300, batch_size=1, order="sequential")
    _, x, y, gradient, after, _ = hours.GOLDEN["sgd_steps"].T
    np.testing.assert_allclose(run.observations, after, rtol=rtol)
    np.testing.assert_allclose(run.history["gradient_norm"], abs(gradient), rtol=rtol, atol=10 * rtol)
    np.testing.assert_allclose(run.observations[2::3], hours.GOLDEN["sgd"][:, 1], rtol=rtol)
    before = np.concatenate([[1.0], after[:-1]])
    np.testing.assert_allclose(run.history["loss"], (x * before - y) ** 2, rtol=rtol, atol=rtol)


def test_g3_closed_forms(x64):
    k = np.arange(1, 101)
    np.testing.assert_allclose(hours.train(dtype="float64").observations, 2 - (68 / 75) ** k, rtol=1e-14)
    epochs = hours.train(dtype="float64", epochs=100, steps=None, batch_size=1, order="sequential").observations[2::3]
    np.testing.assert_allclose(epochs, 2 - 0.739312**k, rtol=1e-14)


def test_g4_a_short_last_batch_is_meant_over_its_own_rows(x64):
    run = hours.train(dtype="float64", epochs=1, steps=None, batch_size=2, order="sequential")
    np.testing.assert_allclose(run.observations[-1], 1.221, rtol=1e-12)
    assert len(run.history["loss"]) == 2


@pytest.mark.parametrize("order", ["shuffled", "sequential"])
def test_g4_a_batch_of_all_rows_is_full_descent_bit_for_bit(order):
    np.testing.assert_array_equal(hours.train(batch_size=3, order=order).observations, hours.train().observations)


def test_d12_all_gradients_before_any_update(x64):
    loss = jgd.SupervisedLoss(jgd.models.Linear(1), "squared_error")
    params = {"weights": jnp.ones(1), "bias": jnp.zeros(())}
    run = jgd.train(loss, jgd.optimizers.sgd(0.01), params, jgd.datasets.hours_points().rows, steps=1)
    np.testing.assert_allclose(run.params["weights"][0], 1.0933333333333333, rtol=1e-14)
    np.testing.assert_allclose(run.params["bias"], 0.04, rtol=1e-14)


@pytest.mark.slow
def test_g9_full_descent_is_monotone_and_single_examples_are_not():
    data, model = jgd.datasets.linear_regression(rows=40, noise=1.0), jgd.models.Linear(3)
    loss, params = jgd.SupervisedLoss(model, "squared_error"), model.init(jax.random.key(0))
    losses = {}
    for size in (None, 1):
        watched = lambda p: loss(p, tuple(jnp.asarray(a, jnp.float32) for a in data.rows))
        run = jgd.train(loss, jgd.optimizers.sgd(0.03), params, data.rows, steps=200, batch_size=size, observe=watched)
        losses[size] = run.observations
    assert (np.diff(losses[None]) <= 1e-6).all()
    assert (np.diff(losses[1]) > 1e-3).any()


def python_loop(optimizer, steps, size, seed=0):
    """Training as one would write it by hand: jgd.step on the rows that the seed's order gives."""
    rows = tuple(jnp.asarray(column, jnp.float32) for column in jgd.datasets.hours_points().rows)
    batches, order = jgd.data.Batches(3, size), key(seed, Stream.ORDER)
    progress, losses = jgd.start(optimizer, {"weights": jnp.ones(1, jnp.float32)}), []
    for step in range(steps):
        progress, report = jgd.step(hours.LOSS, optimizer, progress, batches.at(rows, order, step))
        losses.append(float(report.loss))
    return progress, losses


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("name", ["adam", "nesterov"])
def test_a_run_is_a_plain_loop_of_steps(name, size):
    optimizer = jgd.optimizers.get(name)(0.02)
    run = hours.train(optimizer, steps=7, batch_size=size)
    progress, losses = python_loop(optimizer, 7, size)
    np.testing.assert_allclose(run.history["loss"], losses, rtol=1e-5)
    close = lambda mine, theirs: np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-7)
    jax.tree.map(close, (run.params, run.train_state.opt_state), (progress.params, progress.opt_state))


@pytest.mark.parametrize("name", ["adam", "nesterov"])
def test_a_rollout_is_the_same_run(name):
    optimizer = jgd.optimizers.get(name)(0.02)
    column = lambda a: jnp.broadcast_to(jnp.asarray(a, jnp.float32), (20, *a.shape))
    rows = tuple(column(a) for a in jgd.datasets.hours_points().rows)
    end, report = jgd.rollout(hours.LOSS, optimizer, {"weights": jnp.ones(1, jnp.float32)}, rows)
    run = hours.train(optimizer, steps=20)
    np.testing.assert_allclose(end.params["weights"], run.params["weights"], rtol=1e-6)
    np.testing.assert_allclose(report.loss, run.history["loss"], rtol=1e-5, atol=1e-7)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["sgd", "adam", "lion", "muon", "lbfgs", "sophia", "momo", "schedule_free_adamw", "soap"]
)
def test_each_kind_of_optimizer_trains(name):
    """What it needs (value, loss, eval_params) comes from train; the table of optimizers tests the descent of all."""
    run = hours.train(jgd.optimizers.get(name)(learning_rate=0.02), steps=200, seed=3)
    assert run.status in ("max_steps", "stationary")
    rows = tuple(jnp.asarray(column, jnp.float32) for column in jgd.datasets.hours_points().rows)
    start = hours.LOSS({"weights": jnp.ones(1, jnp.float32)}, rows)
    assert hours.LOSS(run.params, rows) < 0.9 * start
