"""What a recipe may return (run specs, tasks) and what of it is structure: groups, conditions, penalties as leaves."""

import functools
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers.sweeping import counting, sweep, task

import jgd
from jgd.core.seeds import Stream, key
from jgd.models import MLP, Normal


@jgd.record
class Penalized:
    """The task's loss with a ridge penalty on the weights and smoothed labels."""

    penalty: jax.Array | float
    smoothing: jax.Array | float

    def __call__(self, params, batch):
        inputs, labels = batch
        logits = task().loss.model.predict(params, inputs)
        target = (1 - self.smoothing) * jax.nn.one_hot(labels, 3) + self.smoothing / 3
        errors = -(target * jax.nn.log_softmax(logits)).sum(axis=1)
        return errors.mean() + self.penalty * (params["weights"] ** 2).sum()


def penalized(learning_rate, penalty, smoothing):
    return jgd.RunSpec(jgd.optimizers.sgd(learning_rate), loss=Penalized(penalty, smoothing))


SPACE = {"learning_rate": [0.1, 0.5], "penalty": [0.0, 0.03], "smoothing": [0.0, 0.2]}


@functools.cache
def swept():
    return sweep(penalized, SPACE, seeds=[3])


def alone(loss, optimizer, start, seed=3):
    return jgd.train(loss, optimizer, start, task().train, steps=12, batch_size=15, seed=seed)


@pytest.mark.slow
def test_penalty_and_smoothing_are_swept_as_separate_runs_are_trained():
    assert swept().cost["block_width"] == 4
    for config, (_, h) in enumerate(swept().configs):
        loss = Penalized(h["penalty"], h["smoothing"])
        run = alone(loss, jgd.optimizers.sgd(h["learning_rate"]), task().init(key(3, Stream.INIT)))
        np.testing.assert_allclose(swept().loss[config, 0], run.history["loss"], rtol=1e-5)
        close = lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
        jax.tree.map(close, swept().params(config, 3), run.params)


@pytest.mark.slow
def test_a_penalty_is_not_in_the_measure():
    for config in range(8):
        params = swept().params(config, 3)
        np.testing.assert_allclose(
            swept().validation["loss"][config, 0, -1], task().loss(params, task().validation), rtol=1e-5
        )


def scaled(learning_rate, scale, hidden):
    model = MLP((4, hidden, 3), initializer=Normal(std=scale))
    loss = jgd.SupervisedLoss(model, "softmax_cross_entropy")
    metrics = {"accuracy": jgd.tasks.Accuracy(model)}
    return jgd.RunSpec(jgd.optimizers.sgd(learning_rate), init=model, loss=loss, metrics=metrics)


@pytest.mark.slow
def test_initial_scale_is_a_leaf_and_width_a_program():
    space = {"learning_rate": [0.1], "scale": [0.1, 0.5, 1.0], "hidden": jgd.spaces.static([2, 5])}
    found = sweep(scaled, space, seeds=[3])
    assert len(found.plan.groups) == 2
    for config, (_, h) in enumerate(found.configs):
        model = MLP((4, h["hidden"], 3), initializer=Normal(std=h["scale"]))
        loss = jgd.SupervisedLoss(model, "softmax_cross_entropy")
        run = alone(loss, jgd.optimizers.sgd(0.1), model.init(key(3, Stream.INIT)))
        np.testing.assert_allclose(found.loss[config, 0], run.history["loss"], rtol=1e-5)
        measured = loss(found.params(config, 3), task().validation)
        np.testing.assert_allclose(found.validation["loss"][config, 0, -1], measured, rtol=1e-5)
    with pytest.raises(jgd.JgdError, match="different shapes"):
        _ = found.final


def of_a_task(learning_rate, hidden):
    data = jgd.data.datasets.get("iris")
    return jgd.tasks.supervised(data, MLP((4, hidden, 3)), "softmax_cross_entropy"), jgd.optimizers.sgd(learning_rate)


@pytest.mark.slow
def test_a_recipe_may_make_its_task_afresh():
    found = sweep(
        of_a_task, {"learning_rate": [0.1, 0.2], "hidden": jgd.spaces.static([2, 4])}, steps=2, evaluate_every=2
    )
    assert [found.params(config, 1)[0]["weights"].shape[1] for config in range(4)] == [
        h["hidden"] for _, h in found.configs
    ]


def chosen(learning_rate, optimizer, b2=0.999, momentum=0.0):
    if optimizer == "adam":
        return jgd.optimizers.adam(learning_rate, b2=b2)
    return jgd.optimizers.momentum(learning_rate, momentum)


@pytest.mark.slow
def test_conditions_and_structure_group_themselves():
    space = jgd.space(
        learning_rate=[0.05, 0.1],
        optimizer=jgd.spaces.static(["adam", "momentum"]),
        b2=jgd.spaces.when([0.9, 0.99, 0.999], optimizer="adam"),
        momentum=jgd.spaces.when([0.5], optimizer="momentum"),
        batch_size=jgd.spaces.static([15, 18]),
    )
    counted, traces = counting()
    found = sweep(chosen, space, on=counted, batch_size=None)
    assert len(found.configs) == (3 + 1) * 2 * 2
    assert sorted(len(group.configs) for group in found.plan.groups) == [2, 2, 6, 6]
    assert (traces.count(15), traces.count(18)) == (
        4,
        4,
    )  # a program a structure and a look at its products, for all values
    plain = sweep("adam", {"learning_rate": [0.1], "b2": [0.99]}, batch_size=18)
    same = {"learning_rate": 0.1, "optimizer": "adam", "b2": 0.99, "batch_size": 18}
    place = next(place for place, (_, h) in enumerate(found.configs) if h == same)
    np.testing.assert_array_equal(found.loss[place], plain.loss[0])


def test_seven_points_in_blocks_of_four_are_seven_results():
    found = sweep("sgd", {"learning_rate": np.linspace(0.1, 0.7, 7)})
    assert found.loss.shape[0] == len(found.configs) == 7
    assert [h["learning_rate"] for _, h in found.configs] == np.linspace(0.1, 0.7, 7).tolist()


def only_trained(params, rows):
    return jnp.sum(params["weights"] ** 2)


def with_its_own_measure(learning_rate):
    return jgd.RunSpec(jgd.optimizers.sgd(learning_rate), measure=jax.tree_util.Partial(only_trained))


@pytest.mark.slow
def test_a_measure_of_its_own():
    found = sweep(with_its_own_measure, {"learning_rate": [0.1, 0.3]})
    want = only_trained(found.params(1, 1), task().validation)
    np.testing.assert_allclose(found.validation["loss"][1, 1, -1], want, rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_a_nan_region_is_never_chosen_and_touches_no_other():
    """Half of the rates are beyond what descent survives; the rest has the bits it has alone."""
    loss = jax.tree_util.Partial(nan_above)
    own = replace(task(), loss=loss, metric="loss", larger_is_better=False)
    wild = sweep("sgd", {"learning_rate": [0.1, 500.0, 0.2, 900.0, 0.3]}, on=own)
    calm = sweep("sgd", {"learning_rate": [0.1, 0.2, 0.3]}, on=own)
    np.testing.assert_array_equal(wild.diverged_at >= 0, np.array([[0], [1], [0], [1], [0]]) * np.ones((1, 2)))
    np.testing.assert_array_equal(wild.loss[::2], calm.loss)
    (best,) = wild.picks
    assert (best.diverged, best.runs, best.hyperparameters) == (4, 10, calm.best.hyperparameters)
    assert np.isfinite(best.validation.mean)


def nan_above(params, rows):
    size = sum(jnp.sum(jnp.abs(leaf)) for leaf in jax.tree.leaves(params))
    return task().loss(params, rows) + jnp.where(size > 50.0, jnp.nan, 0.0)
