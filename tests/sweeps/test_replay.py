"""One lane of a sweep again: the bits that are stored, and what can be done with the run."""

import chex
import jax
import numpy as np
import pytest
from helpers.sweeping import RATES, sweep, task, usual, wild

import jgd


def test_a_replayed_lane_is_the_stored_one():
    for config, seed in ((0, 1), (9, 0)):
        run = usual().replay(config, seed)
        assert run.notes == ("bit for bit the stored run over its 12 steps",)
        assert run.reproduced is True
        np.testing.assert_array_equal(run.history["loss"], usual().loss[config, seed])
        chex.assert_trees_all_equal(run.params, usual().params(config, seed))
        assert run.evaluations["step"].tolist() == [6, 12]
        np.testing.assert_array_equal(run.evaluations["accuracy"], usual().validation["accuracy"][config, seed])


def test_fewer_and_more_steps():
    short, long = usual().replay(3, 1, steps=5), usual().replay(3, 1, steps=20)
    assert short.notes == ("bit for bit the stored run over its 5 steps",)
    assert long.notes == ("bit for bit the stored run over its 12 steps",)
    np.testing.assert_array_equal(long.history["loss"], sweep(space={"learning_rate": RATES[3:4]}, steps=20).loss[0, 1])


@pytest.mark.slow
def test_its_progress_goes_on_in_a_loop_of_ones_own():
    run, batch = usual().replay(3, 0), jax.tree.map(lambda leaf: leaf[:15], task().train)
    progress, report = jgd.step(task().loss, jgd.optimizers.sgd(RATES[3]), run.train_state, batch)
    assert int(progress.opt_state.step) == 13
    np.testing.assert_allclose(report.loss, task().loss(run.params, batch), rtol=1e-6)


def test_a_diverged_lane_is_replayed_too():
    run, at = wild().replay(1, 0), wild().diverged_at[1, 0]
    assert (run.status, run.end.step) == ("diverged", at)
    assert run.notes[0].startswith("bit for bit")
    assert len(run.history["loss"]) == at + 1


def test_a_lane_that_is_not_the_stored_one_is_said_to_be_another():
    other = sweep()
    other.loss[2, 0, 7] += 1e-6
    run = other.replay(2, 0)
    assert run.reproduced is False
    note = run.notes[0]
    assert note.startswith("not the stored run: another loss at step 7")


def test_a_stored_sweep_is_replayed_in_another_session(tmp_path):
    sweep(store=tmp_path)
    assert jgd.load_sweep(tmp_path).replay(5, 1).notes == ("bit for bit the stored run over its 12 steps",)
