"""optax's optimizers in jgd and jgd's in optax, beside optax by hand."""

import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jgd
from jgd.interop.libraries import library
from jgd.interop.optax import to_optax, wrap

optax = pytest.importorskip("optax", reason="optax is not installed")

START = {"w": jnp.array([1.0, -2.0])}


def loss(params, batch):
    return jnp.sum(jnp.array([1.0, 5.0]) * (params["w"] - 0.5) ** 2)


def by_hand(transformation, steps=5):
    params, state, losses = START, transformation.init(START), []
    for _ in range(steps):
        value, grads = jax.value_and_grad(loss)(params, None)
        about = {"value": value, "grad": grads, "value_fn": lambda params: loss(params, None)}
        updates, state = optax.with_extra_args_support(transformation).update(grads, state, params, **about)
        params = optax.apply_updates(params, updates)
        losses.append(value)
    return losses


def losses_of(optimizer):
    run = jgd.train(loss, optimizer, START, steps=5)
    return run.history["loss"]


ROWS = {
    "a transformation": lambda: (wrap(optax.adam(0.1)), optax.adam(0.1)),
    "a builder": lambda: (wrap(optax.adamw)(0.1, b1=0.8, nesterov=True), optax.adamw(0.1, b1=0.8, nesterov=True)),
    "in a chain": lambda: (
        jgd.chain(jgd.transforms.ClipByGlobalNorm(1.0), wrap(optax.sgd)(0.1, momentum=0.9)),
        optax.chain(optax.clip_by_global_norm(1.0), optax.sgd(0.1, momentum=0.9)),
    ),
    "a schedule of jgd's": lambda: (
        wrap(optax.sgd)(jgd.schedules.CosineDecay(0.1, decay_steps=5)),
        optax.sgd(optax.cosine_decay_schedule(0.1, 5)),
    ),
    "a schedule of optax's": lambda: (
        wrap(optax.sgd)(optax.cosine_decay_schedule(0.1, 5)),
        optax.sgd(optax.cosine_decay_schedule(0.1, 5)),
    ),
    "the loss's value": lambda: (wrap(optax.polyak_sgd)(max_learning_rate=0.2), optax.polyak_sgd(0.2)),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_wrapped_optimizer_makes_the_steps_that_it_makes_by_hand(row):
    wrapped, own = row()
    np.testing.assert_allclose(losses_of(wrapped), by_hand(own), rtol=1e-5)


def test_the_numbers_of_a_builder_are_swept_in_one_program():
    traced = []

    def adam(learning_rate, b1=0.9):
        traced.append(learning_rate)
        return optax.adam(learning_rate, b1)

    task = jgd.Task("bowl", lambda key: START, loss, *[np.zeros((2, 1), np.float32)] * 3)
    swept = lambda rates: jgd.sweep(task, wrap(adam), {"learning_rate": rates, "b1": 0.8}, seeds=1, steps=5)
    found = swept([0.1, 0.2])
    assert found.recipes == ("test_the_numbers_of_a_builder_are_swept_in_one_program.<locals>.adam",)
    for row, rate in enumerate([0.1, 0.2]):
        np.testing.assert_allclose(found.loss[row, 0], by_hand(optax.adam(rate, 0.8)), rtol=1e-5)
    assert found.replay(0, 0).reproduced
    before = len(traced)
    swept([0.3, 0.4])
    assert len(traced) - before <= 4  # the dry run, and no compiled program


def test_a_builders_numbers_are_hyperparameters_and_the_rest_is_structure():
    optimizer = wrap(optax.adam)(0.1, b1=0)
    assert optimizer.hyperparameters == {"learning_rate": 0.1, "b1": 0, "b2": 0.999, "eps": 1e-8, "eps_root": 0.0}
    assert optimizer.with_hyperparameters(learning_rate=0.2) == wrap(optax.adam)(0.2, b1=0.0)
    assert "eps" not in wrap(optax.adam, static=("eps",))(0.1).hyperparameters
    assert wrap(optax.adam, static="eps") is wrap(optax.adam, static=("eps",))
    assert wrap(optax.adam) is wrap(optax.adam)
    assert "memory_size" not in wrap(optax.lbfgs)().hyperparameters


def test_noise_is_the_runs_own():
    noisy = wrap(optax.chain(optax.add_noise(0.1, 0.5, 3), optax.sgd(0.01)))
    run = lambda seed: jgd.train(loss, noisy, START, steps=3, seed=seed).params["w"].tolist()
    assert run(0) == run(0) != run(1)


def test_an_optimizer_of_jgds_runs_in_a_chain_of_optaxs():
    own, theirs = (
        optax.chain(optax.clip(1.0), to_optax(jgd.optimizers.adam(0.1))),
        optax.chain(optax.clip(1.0), optax.adam(0.1)),
    )
    np.testing.assert_allclose(by_hand(own), by_hand(theirs), rtol=1e-5)
    sam = jgd.optimizers.sam(jgd.optimizers.sgd(0.1))
    np.testing.assert_allclose(by_hand(to_optax(sam)), losses_of(sam), rtol=1e-5)
    with pytest.raises(jgd.JgdError, match="needs the parameters"):
        own.update(START, own.init(START))


def test_what_is_none_is_refused_and_what_is_missing_is_named(monkeypatch):
    with pytest.raises(jgd.JgdError, match=r"wrap takes an optax\.GradientTransformation"):
        wrap(3)
    with pytest.raises(jgd.JgdError, match="needs no wrap"):
        wrap(jgd.optimizers.adam(0.1))
    with pytest.raises(jgd.JgdError, match="missing a required argument: 'learning_rate'"):
        wrap(optax.adam)(learning_rat=0.1)
    with pytest.raises(jgd.JgdError, match="optimizer must be"):
        to_optax(optax.adam(0.1))
    for bad in ({"learning_rate": "0.1"}, {"learning_rate": 0.1, "b1": [0.9]}):
        with pytest.raises(jgd.JgdError, match="must be a number or a schedule, got"):
            wrap(optax.adam)(**bad)
    assert jgd.interop.optax.adam is wrap(optax.adam)  # a stored sweep's recipe is found by that address
    assert not hasattr(jgd.interop.optax, "no_builder")
    monkeypatch.setitem(sys.modules, "optax", None)
    with pytest.raises(ImportError, match=r"optax is not installed: pip install 'jgd\[interop\]'"):
        library("optax")
