"""A longer sweep of which a shorter one is a part (E9): nothing is repeated, and its bits are those of a whole one."""

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
