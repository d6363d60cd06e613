"""Confirmation (E7, I6): the test rows are read there and nowhere else, for fresh runs of what was chosen."""

from dataclasses import replace

import chex
import numpy as np
import pytest
from helpers.sweeping import by_hand, fragile, sweep, task, usual

import jgd
from jgd.core.seeds import Stream, key
from jgd.sweeps.confirm import _block
from jgd.sweeps.engine.programs import segment_program

FRESH = (5, 9, 4)


@pytest.mark.slow
def test_e7_poisoned_test_rows_change_nothing_before_they_are_confirmed():
    inputs, labels = task().test
    poisoned = replace(task(), test=(np.full_like(inputs, np.nan), np.full(labels.shape, np.nan, np.float32)))
    found = sweep(["sgd", "adam"], on=poisoned)
    for mine, clean in zip(found.picks, usual().picks, strict=True):
        assert (mine.config, mine.hyperparameters, mine.validation) == (
            clean.config,
            clean.hyperparameters,
            clean.validation,
        )
    np.testing.assert_array_equal(found.loss, usual().loss)
    chex.assert_trees_all_equal(found.final, usual().final)
    with pytest.raises(jgd.JgdError, match="integer class labels"):  # here, at last, they are read
        found.confirm(seeds=FRESH)
    with pytest.raises(jgd.JgdError, match=r"task.test\[1\] must hold labels 0 … 2, .* the label -1 at row 0"):
        sweep(["sgd", "adam"], on=replace(task(), test=(inputs, np.full_like(labels, -1)))).confirm(seeds=FRESH)
    wrong = replace(task(), test=(inputs, (labels + 1) % 3))
    sure, clean = sweep(["sgd", "adam"], on=wrong).confirm(seeds=FRESH), usual().confirm(seeds=FRESH)
    np.testing.assert_array_equal(sure.runs.loss, clean.runs.loss)
    assert [one.validation for one in sure.confirmed] == [one.validation for one in clean.confirmed]
    assert max(one.test.mean for one in sure.confirmed) < 0.5 < min(one.test.mean for one in clean.confirmed)


@pytest.mark.slow
def test_the_confirmed_numbers_by_hand():
    found, (inputs, labels) = sweep(["sgd", "adam"]), task().test
    compiled = segment_program()._cache_size()
    sure = found.confirm(seeds=FRESH)
    assert segment_program()._cache_size() == compiled  # by the sweep's own programs
    assert (sure.seeds, sure.metric, sure.reads) == (FRESH, "accuracy", 1)
    for chosen, one in zip(found.picks, sure.confirmed, strict=True):
        assert (one.recipe, one.config, one.hyperparameters) == (chosen.recipe, chosen.config, chosen.hyperparameters)
        on_test, on_validation = [], []
        for seed in FRESH:
            start = task().init(key(seed, Stream.INIT))
            build = getattr(jgd.optimizers, one.recipe)
            run = jgd.train(
                task().loss,
                build(**one.hyperparameters),
                start,
                task().train,
                steps=12,
                batch_size=15,
                seed=seed,
            )
            accuracy = lambda rows, params=run.params: float(task().metrics["accuracy"](params, rows))
            on_test.append(accuracy((inputs, labels)))
            on_validation.append(accuracy(task().validation))
        by_hand(one.test, np.array(on_test))
        by_hand(one.validation, np.array(on_validation))
        assert one.chosen_at == chosen.validation
        np.testing.assert_allclose(one.optimism, chosen.validation.mean - np.mean(on_validation), rtol=1e-5, atol=1e-7)


def test_reads_are_counted_and_seeds_used_once(tmp_path):
    found = sweep("sgd", store=tmp_path)
    assert (found.confirm(seeds=2).seeds, found.confirm(seeds=2).seeds) == ((2, 3), (4, 5))
    again = jgd.load_sweep(tmp_path)  # another session: the directory remembers
    with pytest.raises(jgd.JgdError, match=r"fresh .*used: \[3\]"):
        again.confirm(seeds=[3, 8])
    third = again.confirm(seeds=1, picks=again.best)
    assert (third.seeds, third.reads) == ((6,), 3)
    fourth = found.confirm(seeds=1)  # and the first session hears of what another one has read
    assert (fourth.seeds, fourth.reads) == ((7,), 4)


def test_a_long_confirmation_has_blocks_of_one_run():
    found = usual()
    assert _block(found, runs=6) == found.plan.block
    assert _block(found, runs=10**7) == 1


def test_some_of_the_picks_are_confirmed():
    found = usual()
    sgd, adam = found.picks
    one, both = found.confirm(seeds=[21], picks=adam), found.confirm(seeds=[22], picks=[adam, sgd])
    assert [each.recipe for each in one.confirmed] == ["adam"]
    assert [each.recipe for each in both.confirmed] == ["adam", "sgd"]
    assert (one.runs.recipes, one.runs.seeds) == (("adam",), (21,))
    assert isinstance(one.runs, jgd.Sweep)


def test_an_extended_sweep_has_read_the_same_test_rows():
    found = sweep("sgd")
    longer = found.extend(steps=18)
    assert found.confirm(seeds=1).seeds == (2,)
    sure = longer.confirm(seeds=1)
    assert (sure.seeds, sure.reads) == ((3,), 2)


@pytest.mark.slow
def test_a_seed_that_diverges_is_counted_and_not_averaged():
    found = sweep(space={"learning_rate": [0.1, 1e9]}, on=fragile())
    wild = replace(found.picks[0], config=1, hyperparameters={"learning_rate": 1e9})
    (one,) = found.confirm(seeds=2, picks=wild).confirmed
    assert (one.diverged, one.validation.n, one.test.n) == (2, 0, 0)
    assert np.isnan([one.test.mean, one.optimism]).all()
