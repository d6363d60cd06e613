"""Losses of every so many steps: they are the rows of the whole curves, also across rounds, stores and members."""

import importlib

import numpy as np
import pytest
from helpers import sweeping

import jgd

EVERY = 5  # divides neither an evaluation, nor a round, nor the steps
WAYS = {
    "all": {},
    "halving": {"policy": jgd.SuccessiveHalving(2, min_steps=3)},
    "population": {"policy": jgd.PopulationBasedTraining(every=4)},
}


def sweep(**options) -> jgd.Sweep:
    space = {"learning_rate": jgd.spaces.log_uniform(0.01, 1)}
    return sweeping.sweep("sgd", space, **{"on": sweeping.by_loss(), "samples": 4, **options})


@pytest.mark.parametrize("way", WAYS)
def test_what_is_recorded_is_of_the_whole_curves(way, tmp_path):
    whole, found = sweep(**WAYS[way]), sweep(record_every=EVERY, store=tmp_path, **WAYS[way])
    assert list(found.recorded_steps) == [0, 5, 10]
    np.testing.assert_array_equal(found.loss, whole.loss[..., ::EVERY])
    np.testing.assert_array_equal(found.scores, whole.scores)
    assert found.dataset["step"].values.tolist() == [0, 5, 10]
    config = int(found.reached.argmax())
    np.testing.assert_array_equal(found.run_loss(config, 1), whole.run_loss(config, 1)[::EVERY])
    again = found.replay(config, 1)
    assert again.reproduced
    assert again.history["step"].tolist() == [0, 5, 10]
    np.testing.assert_array_equal(jgd.load_sweep(tmp_path).loss, found.loss)
    np.testing.assert_array_equal(jgd.plots.plot_loss_curves(found).get_lines()[0].get_xdata(), [0, 5, 10])


def test_a_longer_sweep_records_as_the_shorter_one(tmp_path):
    found = sweep(record_every=EVERY, store=tmp_path, steps=8, evaluate_every=4)
    longer = sweep(store=tmp_path, steps=12, evaluate_every=4, resume=True)
    np.testing.assert_array_equal(longer.loss, sweep(evaluate_every=4).loss[..., ::EVERY])
    np.testing.assert_array_equal(found.extend(steps=12).loss, longer.loss)
    with pytest.raises(jgd.JgdError, match="record_every 5 there, 2 here"):
        sweep(store=tmp_path, steps=12, evaluate_every=4, record_every=2)


def test_by_default_there_is_a_most(monkeypatch):
    assert list(sweep().recorded_steps) == [*range(12)]
    monkeypatch.setattr(importlib.import_module("jgd.sweeps.sweep"), "LIMIT", 10)
    found = sweep()
    assert list(found.recorded_steps) == [*range(0, 12, 2)]
    found.loss  # noqa: B018  # put together when it is asked for
    assert all(np.shares_memory(result.losses, found.loss) for result in found.store.kept.values())  # held once


def test_a_run_that_diverges_between_two_records_is_told_so():
    found = sweeping.sweep(space=sweeping.WILD, on=sweeping.fragile(), record_every=12)
    np.testing.assert_array_equal(found.diverged_at, sweeping.wild().diverged_at)
    np.testing.assert_array_equal(found.loss, sweeping.wild().loss[..., ::12])
