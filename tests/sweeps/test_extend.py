"""A longer sweep of which a shorter one is a part (E9): nothing is repeated, and its bits are those of a whole one."""

from dataclasses import replace
from types import SimpleNamespace

import chex
import numpy as np
import pytest
from helpers import sweeping

import jgd


def sweep(**options) -> jgd.Sweep:
    options = {"samples": 3, "evaluate_every": 4, "steps": 8, **options}
    return sweeping.sweep("sgd", {"learning_rate": jgd.spaces.log_uniform(0.01, 1)}, **options)


def same(one: jgd.Sweep, other: jgd.Sweep) -> None:
    everything = lambda found: (found.loss, found.validation, found.diverged_at, found.final)
    chex.assert_trees_all_equal(everything(one), everything(other))


MORE = {
    "samples": ({"samples": 6}, 3 * 2 * 8),
    "seeds": ({"seeds": 3}, 3 * 1 * 8),
    "seeds in another order": ({"seeds": [7, 1, 0]}, 3 * 1 * 8),
    "steps": ({"steps": 14}, 3 * 2 * 6),  # not at a look of the longer one
    "all of them": ({"samples": 5, "seeds": 3, "steps": 12}, 5 * 3 * 12 - 3 * 2 * 8),
    "nothing": ({}, 0),
}


@pytest.mark.parametrize(("more", "lane_steps"), MORE.values(), ids=MORE)
@pytest.mark.parametrize("stored", [False, True], ids=["memory", "files"])
def test_what_is_done_is_not_repeated(more, lane_steps, stored, tmp_path):
    found = sweep(store=tmp_path if stored else None)
    longer = found.extend(**more)
    assert longer.cost["steps"] - found.cost["steps"] == lane_steps  # of both together
    same(longer, sweep(**more))
    assert found.loss.shape == (3, 2, 8)  # what it was made of is as it was
    if stored:
        same(jgd.load_sweep(tmp_path), longer)


LARGER = {  # what is added -> the steps of both sweeps together, beyond those of the larger one
    "race": (jgd.RacingSeeds(2), {"seeds": [5, 1, 0, 2, 3]}, 2 * 12),  # two runs at a seed by which others contend
    "halving": (jgd.SuccessiveHalving(2, min_steps=2), {"samples": 11, "seeds": 5}, 4 * 4),
    "hyperband": (jgd.Hyperband(2, min_steps=3), {"samples": 13}, 24),  # configs change their brackets
    "median": (jgd.MedianStopping(every=3), {"samples": 6, "steps": 20}, 0),
    "population": (jgd.PopulationBasedTraining(every=5), {"seeds": 5, "steps": 20}, 0),
}


FIRST = {"race", "hyperband"}  # the others are of the same kind, and slow tests


@pytest.mark.parametrize(
    ("policy", "more", "beyond"),
    [pytest.param(*row, id=name, marks=() if name in FIRST else pytest.mark.slow) for name, row in LARGER.items()],
)
def test_a_policy_decides_anew_and_takes_what_is_there(policy, more, beyond, tmp_path):
    options = {"space": {"learning_rate": jgd.spaces.log_uniform(0.01, 1)}, "on": sweeping.by_loss(), "policy": policy}
    sizes = {"samples": 5, "seeds": 4 if isinstance(policy, jgd.RacingSeeds) else 2}
    found = sweeping.sweep("adam", **options, **sizes, store=tmp_path)
    longer, anew = found.extend(**more), sweeping.sweep("adam", **options, **(sizes | more))
    for each in (longer, jgd.load_sweep(tmp_path)):
        sweeping.same(each, anew)
        np.testing.assert_array_equal(each.given, anew.given)
    run = tuple(np.argwhere(anew.given == anew.steps)[0])
    chex.assert_trees_all_equal(*(each.params(run[0], each.seeds[run[1]]) for each in (longer, anew)))
    assert longer.cost["steps"] - anew.cost["steps"] == beyond
    for config, place in np.argwhere(anew.given == 0):
        with pytest.raises(jgd.JgdError, match="has not run"):
            longer.params(config, longer.seeds[place])


def test_what_a_policy_cant_have_more_of_is_refused_with_its_reason(tmp_path):
    options = {"policy": jgd.Hyperband(2, min_steps=3), "seeds": 1, "store": tmp_path}
    found = sweeping.sweep("sgd", **options)
    by = lambda policy, what: replace(found.plan, policy=policy).check_extendable([what])
    past = (jgd.sweeps.ScheduleSegment(0, 0, 12, {"learning_rate": 0.1}),)
    asking = SimpleNamespace(ask=lambda count: pytest.fail("was asked"), tell=pytest.fail)
    for refused, why in {
        lambda: found.extend(steps=24): "by steps: its rungs are shares of all steps",
        lambda: sweeping.sweep("sgd", **options, steps=24, resume=True): "by steps: its rungs",
        lambda: by(jgd.PopulationBasedTraining(5), "configs"): "by configs: its runs went on from one another",
        lambda: by(jgd.PopulationReplay(past), "steps"): "by steps: its schedule ends",
        lambda: found.propose(asking, 1): "can't take proposals: .* Leave the policy out",
    }.items():
        with pytest.raises(jgd.JgdError, match=why):
            refused()


def test_rows_of_ones_own_are_added():
    longer = sweep().extend(configs=[{"learning_rate": 0.5}, {"learning_rate": 0.02}])
    assert [config["learning_rate"] for _, config in longer.configs[3:]] == [0.5, 0.02]
    table = sweeping.sweep("sgd", {"learning_rate": [0.5, 0.02]}, steps=8, evaluate_every=4)
    np.testing.assert_array_equal(longer.loss[3:], table.loss)


def test_an_extension_that_is_interrupted_is_gone_on_with(tmp_path):
    def callback(progress):
        if progress.stage == "run" and progress.done > 40:
            raise InterruptedError

    found = sweep(store=tmp_path)
    with pytest.raises(InterruptedError):
        found.extend(samples=9, steps=16, callback=callback)
    same(sweep(samples=9, steps=16, store=tmp_path), sweep(samples=9, steps=16))
