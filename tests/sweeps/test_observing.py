"""`observe=` of a sweep: axes behind those of configs, seeds and steps; the parameters as they are, also where a block turns them."""

import jax
import numpy as np
import pytest
from helpers import sweeping

import jgd

SMALL = {"steps": 6, "evaluate_every": 3}


def look(params):
    return {"all": params, "positive": (params["weights"] > 0).sum()}


@pytest.mark.parametrize("block", [pytest.param(1, marks=pytest.mark.slow), 4])
def test_what_is_observed_is_of_the_parameters_after_each_step(block, tmp_path):
    found = sweeping.sweep(observe=look, block=block, store=tmp_path, record_every=2, seeds=1, **SMALL)
    bare = sweeping.sweep(block=block, seeds=1, steps=5, evaluate_every=3)
    assert sorted(found.recorded) == ["observed.all.bias", "observed.all.weights", "observed.positive"]
    for config in range(7):  # the last step recorded is number 4, the fifth
        weights = bare.params(config, 0)["weights"]
        np.testing.assert_allclose(found.recorded["observed.all.weights"][config, 0, -1], weights, rtol=1e-5, atol=1e-7)
    assert found.recorded["observed.all.weights"].shape == (7, 1, 3, 4, 3)
    np.testing.assert_array_equal(
        found.recorded["observed.positive"], (found.recorded["observed.all.weights"] > 0).sum((-2, -1))
    )
    again = found.replay(3, 0)
    assert again.reproduced
    np.testing.assert_array_equal(again.observations["observed.all.bias"], found.recorded["observed.all.bias"][3, 0])
    assert "observed.all.bias" not in again.history
    stored = jgd.load_sweep(tmp_path)
    for name, values in found.recorded.items():
        np.testing.assert_array_equal(stored.recorded[name], values)
    assert found.dataset["recorded_observed.all.weights"].dims[:3] == ("config", "seed", "step")
    with pytest.raises(jgd.JgdError, match="made with observe of your own"):
        stored.extend(steps=8)


def test_nothing_is_observed_of_a_run_from_its_divergence_on():
    found = sweeping.sweep(
        space=sweeping.WILD, on=sweeping.fragile(), observe=lambda params: params["bias"], seeds=1, **SMALL
    )
    stopped = int(found.diverged_at[1, 0])
    assert 0 <= stopped < 6
    gone = np.isnan(found.recorded["observed"]).all(-1)[:, 0]
    assert gone[1].tolist() == [step >= stopped for step in range(6)]
    assert not gone[[0, 2]].any()


@pytest.mark.parametrize(
    ("observe", "words"),
    [
        (3, "observe must be a function"),
        (lambda params: {}, "observe must return arrays with names"),
        (lambda params: {"a.b": params["bias"], "a": {"b": params["bias"]}}, "names of their own"),
        (lambda params: jax.lax.complex(params["bias"], params["bias"]), "must return real arrays"),
        (lambda params: params["biases"], "biases"),
    ],
)
def test_what_can_not_be_recorded_is_refused(observe, words):
    with pytest.raises(jgd.JgdError, match=words):
        sweeping.sweep(observe=observe, **SMALL)
