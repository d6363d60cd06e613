"""Sweeps: a lane is the run that it would be alone, one program serves all values, the result has labels."""

import jax
import numpy as np
import pytest
from helpers.sweeping import RATES, counting, sweep, task, usual

import jgd
from jgd.core.seeds import Stream, key
from jgd.schedules import ExponentialDecay


def decaying(init_value, decay_rate):
    """A recipe whose learning rate is a schedule with numbers to sweep."""
    return jgd.optimizers.sgd(ExponentialDecay(init_value, 10.0, decay_rate))


RECIPES = {
    "sgd": ({"learning_rate": [0.03, 0.3]}, jgd.optimizers.sgd),
    "momentum": ({"learning_rate": [0.03], "momentum": [0.5, 0.9]}, jgd.optimizers.momentum),
    "nesterov": ({"learning_rate": [0.03], "momentum": [0.5, 0.9]}, jgd.optimizers.nesterov),
    "adam": ({"learning_rate": [0.01, 0.1], "b1": [0.9], "eps": [1e-8]}, jgd.optimizers.adam),
    "decaying": ({"init_value": [0.1, 0.3], "decay_rate": [0.0, 0.5, 1.0]}, decaying),
}


SLOW = [pytest.param(*case, marks=pytest.mark.slow, id=name) for name, case in RECIPES.items() if name != "momentum"]


@pytest.mark.slow
@pytest.mark.parametrize(("space", "build"), [pytest.param(*RECIPES["momentum"], id="momentum"), *SLOW])
def test_a_row_is_the_same_run_alone(space, build):
    seeds = (0, 5)
    found = sweep(build, space, seeds=seeds, batch_size=20)  # 90 rows: the last batch of an epoch is short
    for config, (_, hypers) in enumerate(found.configs):
        for place, seed in enumerate(seeds):
            start = task().init(key(seed, Stream.INIT))
            run = jgd.train(task().loss, build(**hypers), start, task().train, steps=12, batch_size=20, seed=seed)
            np.testing.assert_allclose(found.loss[config, place], run.history["loss"], rtol=1e-5)
            close = lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
            jax.tree.map(close, found.params(config, seed), run.params)


@pytest.mark.slow
def test_one_trace_for_24_learning_rates():
    counts = {}
    for number in (1, 24):
        counted, traces = counting()
        sweep(on=counted, space={"learning_rate": jgd.spaces.log_grid(1e-3, 1, number)}, block=8)
        assert traces.count(15) == 2  # the training program and a look at its products, for all values, seeds, blocks
        counts[number] = len(traces)
    assert counts[1] == counts[24]


def test_the_same_sweep_again_traces_nothing():
    counted, traces = counting()
    sweep(on=counted)
    traces.clear()
    sweep(on=counted, space={"learning_rate": [0.5, 0.25]}, seeds=[8, 9])
    assert traces == []


def test_padding_is_no_result():
    found = sweep()
    assert found.loss.shape == (7, 2, 12)
    assert np.isfinite(found.loss).all()
    assert found.cost["padded_share"] == 1 / 8
    assert found.cost["steps"] == 7 * 2 * 12


@pytest.mark.slow
def test_the_planned_width_is_the_models_not_the_configs():
    widths = {sweep(space={"learning_rate": rates}, block=None).cost["block_width"] for rates in (RATES[:1], RATES)}
    assert len(widths) == 1


def test_all_configs_of_a_seed_start_and_shuffle_alike():
    first = usual().loss[:, :, 0]  # the loss before any update, on the first batch
    np.testing.assert_allclose(first, np.broadcast_to(first[:1], first.shape), rtol=1e-6)
    assert abs(first[0, 0] - first[0, 1]) < 1e-6  # softmax regression starts at zeros whatever the seed
    assert (abs(usual().loss[:, 0, 1:] - usual().loss[:, 1, 1:]) > 0).all()  # but their batches differ


def test_the_validation_is_of_the_parameters_then():
    found, (inputs, labels) = usual(), task().validation
    assert found.evaluation_steps == (6, 12)
    for config in (0, 9):
        params = found.params(config, 1)
        logits = inputs @ params["weights"] + params["bias"]
        np.testing.assert_allclose(
            found.validation["accuracy"][config, 1, -1], np.mean(logits.argmax(1) == labels), rtol=1e-6
        )
        np.testing.assert_allclose(
            found.validation["loss"][config, 1, -1], task().loss(params, task().validation), rtol=1e-5
        )
    early = sweep(["sgd", "adam"], steps=6)
    np.testing.assert_array_equal(found.validation["loss"][:, :, 0], early.validation["loss"][:, :, -1])


def test_the_dataset_has_labels():
    data = usual().dataset
    assert dict(data.sizes) == {"config": 14, "seed": 2, "step": 12, "evaluation": 2, "recipe": 2}
    assert data["loss"].dims == ("config", "seed", "step")
    assert data["validation_accuracy"].dims == data["validation_loss"].dims == ("config", "seed", "evaluation")
    assert data["recipe_of"].values.tolist() == ["sgd"] * 7 + ["adam"] * 7
    np.testing.assert_allclose(data["learning_rate"], RATES * 2)
    assert data["seed"].values.tolist() == [0, 1]
    assert data["evaluation"].values.tolist() == [6, 12]
    assert (data.attrs["task"], data.attrs["selected_by"]) == ("iris", "validation_accuracy")
    np.testing.assert_array_equal(data["loss"].sel(seed=1, config=3), usual().loss[3, 1])


def test_each_recipe_can_have_its_own_space():
    spaces = {"sgd": {"learning_rate": [0.1]}, "momentum": {"learning_rate": [0.1, 0.2], "momentum": [0.5]}}
    found = sweep(list(spaces), spaces)
    assert found.configs == (
        ("sgd", {"learning_rate": 0.1}),
        ("momentum", {"learning_rate": 0.1, "momentum": 0.5}),
        ("momentum", {"learning_rate": 0.2, "momentum": 0.5}),
    )
    np.testing.assert_array_equal(found.dataset["momentum"], [np.nan, 0.5, 0.5])
    assert [pick.recipe for pick in found.picks] == ["sgd", "momentum"]


def test_recipes_get_names_of_ones_own():
    found = sweep({"heavy": jgd.optimizers.momentum, "light": jgd.optimizers.sgd}, {"learning_rate": [0.1]})
    assert [name for name, _ in found.configs] == ["heavy", "light"]


def test_no_steps_is_the_start():
    found = sweep(steps=0)
    assert found.loss.shape == (7, 2, 0)
    assert found.evaluation_steps == (0,)
    assert not found.params(3, 1)["weights"].any()


def test_a_lane_is_asked_for_by_its_seed():
    found = sweep(seeds=[11, 4])
    np.testing.assert_array_equal(found.params(2, 4)["weights"], found.final["weights"][2, 1])
    for bad in ({"config": 7, "seed": 4}, {"config": 2, "seed": 0}):
        with pytest.raises(jgd.JgdError, match=r"config must be|seed must be"):
            found.params(**bad)


def test_ticks_add_up():
    reports = []
    sweep(callback=reports.append)
    run = [each for each in reports if each.stage == "run"]
    compiled = [each for each in reports if each.stage == "compile"]
    assert [each.done for each in run] == sorted(each.done for each in run)
    assert run[-1].done == run[-1].total == 7 * 2 * 12
    assert compiled[-1].done == compiled[-1].total


@pytest.mark.slow
def test_a_sweep_in_float64(x64):
    found = sweep(space={"learning_rate": [0.1, 0.3]}, block=2)
    run = jgd.train(
        task().loss,
        jgd.optimizers.sgd(0.3),
        task().init(key(0, Stream.INIT)),
        task().train,
        steps=12,
        batch_size=15,
    )
    np.testing.assert_allclose(found.loss[1, 0], run.history["loss"], rtol=1e-5)
