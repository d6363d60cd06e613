"""A lane's bits: at one block width they depend on its own config and seed, and on nothing around it."""

import functools
import importlib
import json
import subprocess
import sys

import chex
import jax
import numpy as np
import pytest
from helpers import lane_bits, quick_compilation
from helpers.lane_bits import CHANGES, RATES, SEEDS, digests, lanes, sweep

plain = functools.cache(lambda model: digests(model, "as it is"))
MODELS = ["softmax", pytest.param("mlp", marks=pytest.mark.slow), pytest.param("cnn", marks=pytest.mark.slow)]


def differing(found: dict[str, str], model: str) -> list[str]:
    assert found
    return [lane for lane, digest in found.items() if digest != plain(model)[lane]]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("change", CHANGES)
def test_a_lanes_bits_are_its_own(model, change):
    assert differing(digests(model, change), model) == []


def test_the_neighbors_did_diverge():
    found = sweep("softmax", **CHANGES["diverging neighbors"])
    assert (found.diverged_at[1::2] >= 0).sum() > 40
    assert (found.diverged_at[::2] < 0).all()


@pytest.mark.slow
def test_other_numbers_of_devices_give_the_same_bits_also_in_the_programs_that_users_have():
    assert len(jax.devices()) == 2
    told = functools.partial(subprocess.run, check=True, capture_output=True, text=True)
    one, four = (
        json.loads(told([sys.executable, lane_bits.__file__, *words], env=quick_compilation.as_users_have_it()).stdout)
        for words in (["1", *CHANGES], ["4", "as it is", "shuffled"])
    )
    for model, by_change in one.items():
        assert len(by_change["as it is"]) == 64
        for change, found in [*by_change.items(), *four[model].items()]:
            assert found.items() <= by_change["as it is"].items(), (model, change)
    assert set(one) == set(four)


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_one_device_alone_gives_the_same_bits(model):
    assert differing(lanes(sweep(model, devices=jax.devices()[1:])), model) == []


@pytest.mark.parametrize("model", MODELS)
def test_other_looks_change_no_loss_and_no_parameter(model):
    found, other = sweep(model, RATES[:9]), sweep(model, RATES[:9], evaluate_every=3)
    for one, same in zip(found.validation.values(), other.validation.values(), strict=True):
        np.testing.assert_array_equal(one[..., -1], same[..., -1])
    chex.assert_trees_all_equal((found.loss, found.final), (other.loss, other.final))


@pytest.mark.parametrize("model", MODELS)
def test_an_extended_sweep_has_the_bits_of_a_whole_one(model, tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.import_module("jgd.sweeps.engine.run_block"), "SAVE_EVERY", 0.0)
    few = sweep(model, RATES[:9], steps=5, store=tmp_path)
    longer = few.extend(steps=10).extend(seeds=(0, *SEEDS))  # through files
    beside = {lane: digest for lane, digest in lanes(longer).items() if lane in plain(model)}
    assert len(beside) == 9
    assert differing(beside, model) == []


@pytest.mark.parametrize("model", MODELS)
def test_a_lane_replayed_alone_has_its_bits(model):
    found = sweep(model)
    for config in (0, 37, 63):
        run = found.replay(config, SEEDS[0])
        assert run.notes == ("bit for bit the stored run over its 10 steps",)
        chex.assert_trees_all_equal(run.params, found.params(config, SEEDS[0]))
        np.testing.assert_array_equal(run.evaluations["loss"], found.validation["loss"][config, 0])
