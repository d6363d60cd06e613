"""A loss with a key, a state and aux in sweeps: a run's bits alone, in a block, replayed, extended and read back."""

from dataclasses import replace

import jax
import numpy as np
import pytest
from helpers import stateful
from helpers.stateful import ROWS, TASK

import jgd

SPACE = {"learning_rate": [0.05, 0.1, 1e9]}
RUN = {"steps": 8, "batch_size": 10, "block": 3}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("swept")


@pytest.fixture(scope="module")
def found(folder):
    return jgd.sweep(TASK, "momentum", SPACE, seeds=2, store=folder, **RUN)


@pytest.mark.slow
def test_a_run_alone_and_replayed_has_its_bits_and_train_its_numbers(found):
    alone = jgd.sweep(TASK, "momentum", {"learning_rate": [0.1]}, seeds=[1], **RUN)
    replayed = found.replay(1, seed=1)
    trained = jgd.train(TASK, jgd.optimizers.momentum(0.1), steps=8, batch_size=10, seed=1)
    assert replayed.reproduced
    assert alone.loss[0, 0].tobytes() == found.loss[1, 1].tobytes()
    for name, want in found.model_state(1, seed=1).items():
        assert np.array_equal(want, alone.model_state(0, seed=1)[name])
        assert np.array_equal(want, replayed.model_state[name])
        np.testing.assert_allclose(want, trained.model_state[name], rtol=1e-5)
    assert found.recorded["weight"][1, 1].tobytes() == replayed.history["weight"].tobytes()
    np.testing.assert_allclose(found.recorded["weight"][1, 1], trained.history["weight"], rtol=1e-5)
    assert np.isclose(found.scores[1, 1], TASK.evaluation_loss(found.params(1, 1), ROWS, found.model_state(1, 1)))
    assert found.dataset["recorded_weight"].dims == ("config", "seed", "step")


def test_a_run_that_diverges_keeps_its_last_finite_state(found):
    at = int(found.diverged_at[2, 0])
    assert 0 < at < 8
    assert int(found.model_state(2, 0)["seen"]) == at
    assert np.isnan(found.recorded["weight"][2, 0, at + 1 :]).all()
    assert np.isfinite(found.params(2, 0)["w"]).all()


def test_a_colleague_reads_the_state_and_the_owner_goes_on_with_it(found, folder):
    read = jgd.load_sweep(folder)
    assert np.array_equal(read.model_state(0, 1)["mean"], found.model_state(0, 1)["mean"])
    assert np.array_equal(read.recorded["weight"], found.recorded["weight"], equal_nan=True)
    longer = jgd.load_sweep(folder, TASK).extend(steps=12)
    straight = jgd.sweep(TASK, "momentum", SPACE, seeds=2, **{**RUN, "steps": 12}, evaluate_every=1)
    assert np.array_equal(longer.loss, straight.loss, equal_nan=True)
    assert np.array_equal(longer.model_state(0, 0)["mean"], straight.model_state(0, 0)["mean"])
    assert np.isfinite(longer.confirm(seeds=1).confirmed[0].test.mean)


def test_other_numbers_compile_nothing():
    traced = []

    def counted(params, batch, key, state):
        traced.append(key)
        return stateful.loss(params, batch, key, state)

    task = replace(TASK, loss=counted)
    jgd.sweep(task, "momentum", {"learning_rate": [0.1, 0.2]}, seeds=1, **RUN)
    before = len(traced)
    jgd.sweep(task, "momentum", {"learning_rate": [0.3, 0.4]}, seeds=1, **RUN)
    assert len(traced) - before <= 1  # the dry run's look at the loss, no program
    assert None not in traced  # the task has a loss of its own for evaluation


def test_a_start_of_its_own_needs_a_state_of_its_own():
    made = jgd.RunSpec(jgd.optimizers.sgd(0.1), init=stateful.start, loss=stateful.loss)
    with pytest.raises(jgd.JgdError, match="there is no model state: give model_state="):
        jgd.sweep(TASK, {"own": lambda: made}, seeds=1, **RUN)


@pytest.mark.slow
def test_a_hypergradient_goes_through_the_state():
    found = jgd.hypergradient(TASK, "sgd", {"learning_rate": 0.05}, steps=3, batch_size=10)
    run = jgd.train(TASK, jgd.optimizers.sgd(0.05), steps=3, batch_size=10)
    assert np.isclose(found.value, run.evaluations["loss"][-1])
    assert np.isfinite(found.gradient["learning_rate"])
    assert jax.tree.structure(run.model_state) == jax.tree.structure(stateful.start_state(None))


@pytest.mark.slow
def test_norms_and_rates_are_recorded_on_request(tmp_path):
    schedule = jgd.schedules.Linear(0.1, 0.0, 8)
    recipe = lambda momentum: jgd.optimizers.momentum(schedule, momentum=momentum)
    record = ("learning_rate", "gradient_norm", "weight_norm", "update_norm")
    found = jgd.sweep(
        TASK, {"own": recipe}, {"momentum": [0.5]}, seeds=1, record=record, store=tmp_path, **{**RUN, "block": 1}
    )
    run = jgd.train(TASK, recipe(0.5), steps=8, batch_size=10)
    for name in ("learning_rate", "gradient_norm", "update_norm", "weight"):
        np.testing.assert_allclose(found.recorded[name][0, 0], run.history[name], rtol=1e-4)
    np.testing.assert_allclose(found.recorded["weight_norm"] ** 2, found.recorded["weight"], rtol=1e-5)
    again = jgd.load_sweep(tmp_path, TASK, {"own": recipe})
    assert again.plan.record == ("gradient_norm", "update_norm", "weight_norm", "learning_rate")
    assert np.array_equal(again.dataset["recorded_gradient_norm"], found.recorded["gradient_norm"])
    with pytest.raises(jgd.JgdError, match="did you mean 'gradient_norm'"):
        jgd.sweep(TASK, recipe, {"momentum": [0.5]}, record="gradient_norms", steps=1)
