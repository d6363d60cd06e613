"""What a run promises besides its numbers: segments, seeds, one program, arrays left alone, validation."""

import importlib

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import hours

import jgd

MODEL = jgd.models.Linear(3)
DATA = jgd.datasets.linear_regression(rows=20, noise=0.5)
ROWS = tuple(column.astype(np.float32) for column in DATA.rows)
HELD_OUT = tuple(column.astype(np.float32) for column in jgd.datasets.linear_regression(rows=7, seed=1).rows)


def counting():
    """A loss, and the list that grows by one at each of its traces."""
    traces, inner = [], jgd.SupervisedLoss(MODEL, "squared_error")

    def loss(params, batch):
        traces.append(batch[0].shape)
        return inner(params, batch)

    return loss, traces


def train(loss=None, optimizer=None, params=None, data=ROWS, **options):
    params = MODEL.init(jax.random.key(0)) if params is None else params
    loss = jgd.SupervisedLoss(MODEL, "squared_error") if loss is None else loss
    return jgd.train(
        loss,
        optimizer or jgd.optimizers.adam(0.05),
        params,
        data,
        **{"steps": 30, "batch_size": 5, **options},
    )


def same_bits(a, b):
    kept = lambda run: (run.params, run.train_state, run.history)
    chex.assert_trees_all_equal(kept(a), kept(b))


@pytest.mark.slow
@pytest.mark.parametrize("every", [1, 7, 1000])
def test_bits_dont_depend_on_where_segments_are_cut(every):
    short_last_batch = {"batch_size": 8}
    same_bits(train(validation=HELD_OUT, evaluate_every=every, **short_last_batch), train(**short_last_batch))


@pytest.mark.slow
def test_bits_dont_depend_on_the_longest_segment(monkeypatch):
    whole = train(steps=29)
    monkeypatch.setattr(importlib.import_module("jgd.training.plan"), "SEGMENT_STEPS", 5)
    same_bits(train(steps=29), whole)


def test_a_longer_run_starts_as_the_shorter_one():
    short, long = train(steps=10), train(steps=30)
    np.testing.assert_array_equal(long.history["loss"][:10], short.history["loss"])


def test_i5_a_seed_is_a_run():
    same_bits(train(seed=3), train(seed=3))
    assert (train(seed=3).history["loss"] != train(seed=4).history["loss"]).any()


CHANGES = {
    "nothing": {},
    "hyperparameters": {"optimizer": jgd.optimizers.adam(0.01, b2=0.9)},
    "seed": {"seed": 7},
    "more steps": {"steps": 50},
    "fewer steps": {"steps": 3},
    "evaluate_every": {"evaluate_every": 3},
    "diverged_above": {"diverged_above": 10.0},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("held_out", [None, pytest.param(HELD_OUT, marks=pytest.mark.slow)], ids=["", "validated"])
def test_another_number_traces_nothing(change, held_out):
    loss, traces = counting()
    train(loss, validation=held_out)
    traces.clear()
    train(loss, validation=held_out, **change)
    assert traces == []


def test_the_callers_arrays_stay_usable():
    params = MODEL.init(jax.random.key(0))
    start, rows = jax.tree.map(np.array, params), jax.tree.map(jnp.asarray, ROWS)
    train(params=params, data=rows)
    chex.assert_trees_all_equal(params, start)
    chex.assert_trees_all_equal(rows, ROWS)


@pytest.mark.slow
def test_no_steps_is_the_start():
    params = MODEL.init(jax.random.key(0))
    run = train(params=params, steps=0, validation=HELD_OUT, observe=lambda p: p)
    chex.assert_trees_all_equal(run.params, params)
    assert (run.status, run.end.step, int(run.train_state.opt_state.step)) == ("max_steps", 0, 0)
    assert {name: len(column) for name, column in run.history.items()} == dict.fromkeys(run.history, 0)
    assert run.evaluations["step"].tolist() == [0]


@pytest.mark.slow
def test_the_validation_history():
    squared = jgd.SupervisedLoss(MODEL, "squared_error")
    size = lambda params, rows: jnp.sum(jnp.square(params["weights"]))
    run = train(validation=HELD_OUT, metrics={"size": size}, evaluate_every=8, observe=lambda p: p)
    assert run.evaluations["step"].tolist() == [0, 8, 16, 24, 30]
    assert set(run.evaluations) == {"step", "loss", "size"}
    for place, step in enumerate(run.evaluations["step"]):
        params = (
            MODEL.init(jax.random.key(0)) if step == 0 else jax.tree.map(lambda a, at=step: a[at - 1], run.observations)
        )
        np.testing.assert_allclose(run.evaluations["loss"][place], squared(params, HELD_OUT), rtol=1e-5)
        np.testing.assert_allclose(run.evaluations["size"][place], size(params, HELD_OUT), rtol=1e-6)


@pytest.mark.slow
def test_by_default_each_epoch_is_evaluated_segment():
    assert train(validation=HELD_OUT, steps=9).evaluations["step"].tolist() == [
        0,
        4,
        8,
        9,
    ]  # 20 rows in batches of 5


def test_epochs_are_passes():
    run = train(epochs=4, steps=None)
    assert run.history["step"].tolist() == list(range(16))


@pytest.mark.slow
def test_observations_are_of_the_parameters_after_each_step():
    run = train(observe=lambda p: p)
    jax.tree.map(lambda seen, end: np.testing.assert_array_equal(seen[-1], end), run.observations, run.params)
    assert run.observations["weights"].shape == (30, 3)
    assert train().observations is None


@pytest.mark.slow
def test_the_rates_of_a_schedule_are_in_the_history():
    run = train(optimizer=jgd.optimizers.sgd(jgd.schedules.StepDecay(0.1, step_size=10, decay_rate=0.5)))
    np.testing.assert_allclose(run.history["learning_rate"], np.repeat([0.1, 0.05, 0.025], 10), rtol=1e-6)


def halving(step):
    """A schedule of one's own: any function of the step is one."""
    return 0.1 * 0.5 ** (step // 10).astype(jnp.float32)


@pytest.mark.slow
def test_a_plain_function_is_a_schedule_too():
    run = train(optimizer=jgd.optimizers.sgd(halving))
    np.testing.assert_allclose(run.history["learning_rate"], np.repeat([0.1, 0.05, 0.025], 10), rtol=1e-6)


def test_a_cast_to_float32_is_noted(x32):
    notes = train(data=DATA.rows).notes
    assert len(notes) == 2
    assert "data[0]: float64 held as float32" in notes[0]
    assert train().notes == ()


@pytest.mark.slow
def test_float64_stays_float64_where_it_exists(x64):
    params = MODEL.init(jax.random.key(0), "float64")
    run = train(params=params, data=DATA.rows)
    assert run.notes == ()
    assert {leaf.dtype for leaf in jax.tree.leaves(run.params)} == {jnp.dtype("float64")}
    assert run.history["loss"].dtype == np.float64


def test_trees_without_a_weight_still_have_a_history():
    run = jgd.train(lambda p, rows: jnp.mean(rows), jgd.optimizers.adam(0.1), {}, np.ones(3, np.float32), steps=4)
    assert run.params == {}
    assert run.history["loss"].tolist() == [1, 1, 1, 1]
    assert run.status == "stationary"


def test_whole_numbers_are_learned_from_as_numbers():
    rows = tuple(column.astype(np.uint8) for column in jgd.datasets.hours_points().rows)
    run = jgd.train(hours.LOSS, jgd.optimizers.sgd(0.01), {"weights": jnp.ones(1, jnp.float32)}, rows, steps=100)
    np.testing.assert_allclose(run.params["weights"][0], hours.GOLDEN["gd"][-1, 1], rtol=1e-5)


def test_a_run_is_printed_as_one_line():
    run = train(validation=HELD_OUT)
    loss, best = run.history["loss"][-1], run.best
    said = f"Run(max_steps at step 30; last loss {loss:.6g} at step 29; best validation {best.value:.6g} at step"
    assert repr(run) == f"{said} {best.step})"
    assert repr(train(steps=0)) == "Run(max_steps at step 0)"
