"""A name `steps` of the space: each run is the one that it is in a sweep of its length, whoever else is there."""

import numpy as np
import pytest
from helpers.sweeping import sweep, task

import jgd
from jgd.core.checks import JgdError

LENGTHS = {"steps": [4, 12], "learning_rate": [0.05, 0.3, 1.0]}


def faded(learning_rate):
    return jgd.optimizers.sgd(jgd.schedules.CosineDecay(learning_rate, decay_steps=jgd.schedules.share(1)))


@pytest.mark.slow
def test_each_run_is_that_of_a_sweep_of_its_length(tmp_path):
    found = sweep(faded, LENGTHS, steps=None, store=tmp_path / "run")
    assert (found.steps, found.evaluation_steps, found.reached.tolist()) == (12, (4, 6, 12), [4] * 3 + [12] * 3)
    assert set(found.facts.groups) == {0, 1}  # a program for each length, by shares of which the rate falls
    for length, rows in ((4, slice(3)), (12, slice(3, 6))):
        alone = sweep(faded, {"learning_rate": LENGTHS["learning_rate"]}, steps=length)
        np.testing.assert_array_equal(found.loss[rows, :, :length], alone.loss)
        np.testing.assert_array_equal(found.scores[rows], alone.scores)
        assert np.isnan(found.loss[rows, :, length:]).all()
    assert not found.stopped.any()
    assert found.runs_left == 0
    assert found.cost["saved_share"] == 0
    assert found.replay(1, seed=1).reproduced
    assert found.replay(4, seed=0).reproduced
    longer = found.replay(1, seed=1, steps=6)
    np.testing.assert_array_equal(longer.history["loss"][:4], found.loss[1, 1, :4])
    seen = jgd.load_sweep(tmp_path / "run")
    assert seen.picks == found.picks
    assert seen.runs_left == 0
    assert not seen.stopped.any()
    np.testing.assert_array_equal(seen.validation["loss"], found.validation["loss"])
    more = jgd.load_sweep(tmp_path / "run", recipes={"faded": faded}).extend(seeds=3)
    assert more.cost["steps"] == 3 * 4 + 3 * 12
    assert np.array_equal(more.loss[:, :2], found.loss, equal_nan=True)
    assert "4 to 12 steps" in repr(found)
    assert "best steps" in jgd.reports.table_columns(found)
    sure = found.confirm(seeds=2, picks=found.best)
    assert sure.runs.steps >= found.best.reached == sure.runs.reached[0]


@pytest.mark.slow
def test_lengths_share_a_program_and_go_by_constraints_conditions_and_policies():
    space = jgd.space(
        "momentum * 10 <= steps",
        steps=jgd.spaces.integers(3, 11),
        learning_rate=jgd.spaces.log_uniform(0.01, 1),
        momentum=jgd.spaces.uniform(0, 0.9),
    )
    few = sweep("sgd", space, samples=6, steps=None)
    assert few.steps == 11
    assert set(few.facts.groups) == {0}
    assert all(config["momentum"] * 10 <= config["steps"] for _, config in few.configs)
    assert few.reached.tolist() == [config["steps"] for _, config in few.configs]
    more = few.extend(samples=9)
    np.testing.assert_array_equal(more.loss[:6], few.loss)
    np.testing.assert_array_equal(more.scores[:6], few.scores)
    assert more.cost["steps"] == 2 * more.reached.sum()
    assert few.early_stops(patience=2).steps.max() <= 11
    assert (few.early_stops(target=2.0).steps == few.given).all()
    halved = sweep("sgd", space, samples=6, steps=None, policy=jgd.SuccessiveHalving(2, min_steps=4))
    whole = ~halved.stopped
    assert 0 < halved.stopped.sum() < 6
    assert np.array_equal(halved.scores[whole], few.scores[whole])
    assert (halved.reached <= few.reached).all()
    assert not halved.stopped[halved.best.config]
    raced = sweep("sgd", space, samples=6, steps=None, seeds=4, policy=jgd.RacingSeeds(first=2))
    assert np.array_equal(raced.scores[:, :2], few.scores)
    assert raced.best.seeds == 4
    some = {**LENGTHS, "steps": [jgd.spaces.when([4], learning_rate=jgd.spaces.between(0.1, 2))]}
    assert sweep("sgd", some, steps=6).reached.tolist() == [6, 4, 4]  # who has none has the sweep's


def own(learning_rate, steps):
    return jgd.optimizers.sgd(learning_rate / steps)


def test_a_recipe_with_steps_of_its_own_keeps_them():
    found = sweep(own, {"steps": [2, 20], "learning_rate": [0.1]}, steps=6)
    assert found.reached.tolist() == [6, 6]
    assert (found.loss[0, 0, 1:] != found.loss[1, 0, 1:]).all()


BAD = {
    "nobody says": ({"learning_rate": [0.1]}, {}, "steps must be given, as the space has no name 'steps'"),
    "too many": (LENGTHS, {"steps": 8}, r"config 3 \(steps=12, .*steps must be a whole number from 1 to 8, got 12"),
    "a part": ({"steps": [2.5, 8], "learning_rate": [0.1]}, {}, "steps must be a whole number"),
    "a word": ({"steps": jgd.spaces.choice(["long"]), "learning_rate": [0.1]}, {}, "steps"),
    "derived": (
        jgd.space(_n=[1, 2], steps=jgd.spaces.derived("2 * _n"), learning_rate=[0.1]),
        {},
        "the space derives its 'steps', whose most isn't known",
    ),
    "a population": (LENGTHS, {"policy": jgd.PopulationBasedTraining(every=2)}, "must all have 12 steps"),
}


@pytest.mark.parametrize(("space", "options", "words"), BAD.values(), ids=BAD)
def test_bad_lengths_are_refused(space, options, words):
    with pytest.raises(JgdError, match=words):
        sweep("sgd", space, **{"steps": None, **options})


def test_a_proposer_and_a_comparison_have_them():
    found = sweep("sgd", LENGTHS, steps=None)
    with pytest.raises(JgdError, match="steps can't be extended: the space says them"):
        found.extend(steps=20)
    both = {name: sweep(["sgd", "momentum"], LENGTHS, steps=None) for name in ("a", "b")}
    made = jgd.analysis.compare_sweeps(both, fresh=2)
    assert made.scores.shape == (2, 2, 2)
    assert np.isfinite(made.scores).all()
    assert all(part.shape[-1] == len(at) for part, at in zip(made.curves, made.evaluation_steps, strict=True))
    assert task().name == found.task
