"""How many lanes a block has: told from what the loss computes, and one lane computed as it is."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import sweeping

import jgd
from jgd.sweeps.engine.width import Work, width_for, work_of


def convolved(kernel, images):
    return jnp.sum(jax.lax.conv_general_dilated(images, kernel, (1, 1), "SAME"))


@pytest.mark.parametrize(
    ("loss", "params", "batch", "multiply_adds", "convolves"),
    [
        (lambda w, x: jnp.sum(x @ w), jnp.ones((3, 2)), jnp.ones((10, 3)), 60, False),
        (lambda w, x: jnp.sum(jnp.tanh(x @ w) @ w.T), jnp.ones((3, 2)), jnp.ones((10, 3)), 120, False),
        (lambda w, x: jnp.sum(x * w[None]), jnp.ones(3), jnp.ones((10, 3)), 0, False),
        (jax.jit(lambda w, x: jnp.sum(x @ w)), jnp.ones((3, 2)), jnp.ones((10, 3)), 60, False),  # inside a call
        (lambda w, x: jax.lax.scan(lambda h, _: (h @ w, None), x, None, 5)[0].sum(), jnp.ones((3, 3)), jnp.ones((10, 3)), 450,
         False),
        (convolved, jnp.ones((4, 1, 3, 3)), jnp.ones((10, 1, 8, 8)), 0, True),
        (lambda w, x: jax.lax.cond(w.sum() > 0, convolved, lambda *_: 0.0, w, x), jnp.ones((4, 1, 3, 3)),
         jnp.ones((10, 1, 8, 8)), 0, True),
    ],
)  # fmt: skip
def test_the_work_of_a_loss_is_counted(loss, params, batch, multiply_adds, convolves):
    assert work_of(loss, params, batch) == Work(params.size, multiply_adds, convolves)


def test_more_work_never_makes_a_wider_block():
    for platform in ("cpu", "gpu"):
        widths = [width_for(Work(10**n, 64 * 10**n, False), platform) for n in range(10)]
        assert widths == sorted(widths, reverse=True)
        assert widths[-1] < widths[0]


@pytest.mark.slow
def test_one_lane_computes_what_training_alone_does():
    found = sweeping.sweep(["sgd", "schedule_free_sgd"], block=1)
    task = sweeping.task()
    for config, (recipe, values) in enumerate(found.configs):
        run = jgd.train(
            task.loss, jgd.optimizers.get(recipe)(**values), task.init(jgd.init_key(found.seeds[1])), task.train,
            steps=found.steps, batch_size=15, seed=found.seeds[1],
        )  # fmt: skip
        np.testing.assert_allclose(found.loss[config, 1], run.history["loss"], rtol=1e-5)
        np.testing.assert_allclose(
            found.params(config, found.seeds[1])["weights"], run.params["weights"], rtol=1e-5, atol=1e-7
        )
    assert found.cost["padded_share"] == 0


@pytest.mark.slow
def test_a_convolution_has_a_block_of_its_own_in_which_replay_and_extension_keep_its_bits():
    images = np.random.default_rng(0).normal(size=(30, 64)).astype(np.float32)
    rows = images, images.mean(1)
    init = lambda key: jax.random.normal(key, (4, 1, 3, 3)) / 9
    loss = lambda kernel, batch: (convolved(kernel, batch[0].reshape(-1, 1, 8, 8)) / 1e3 - batch[1].mean()) ** 2
    task = jgd.Task("convolved", init, loss, rows, rows, rows)
    rates = {"learning_rate": [0.01, 0.02, 1e9]}
    found = jgd.sweep(task, "sgd", rates, seeds=2, steps=6, batch_size=8)
    assert (found.cost["block_width"], found.cost["padded_share"]) == (1, 0)
    assert found.replay(config=1, seed=1).reproduced
    longer = found.extend(seeds=3, steps=9)
    np.testing.assert_array_equal(longer.loss[:, :2, :6], found.loss)
