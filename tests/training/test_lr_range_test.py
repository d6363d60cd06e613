"""The learning-rate range test, on a bowl whose largest stable rate is known."""

import jax.numpy as jnp
import numpy as np
import pytest

import jgd


@pytest.mark.slow
def test_it_breaks_at_the_stable_rate(x64):
    bowl = jgd.landscapes.quadratic([1.0, 10.0])  # gradient descent is stable below 2/10
    seen = jgd.lr_range_test(bowl, jgd.optimizers.sgd, bowl.start, low=1e-4, high=10.0, steps=400, smoothing=1.0)
    assert 0.2 < seen.rates[-1] < 1.0
    assert seen.steepest < seen.lowest < 1.0
    np.testing.assert_allclose(np.diff(np.log(seen.rates)), np.log(1e5) / 399, rtol=1e-6)
    np.testing.assert_allclose(seen.rates[0], 1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["hours_points", "linear_regression"])
def test_the_rates_to_choose_by_are_stable_on_all_rows(name):
    task = jgd.tasks.get(name)
    start = task.init(jgd.init_key(0))
    seen = jgd.lr_range_test(task.loss, jgd.optimizers.sgd, start, task.train, high=10.0)
    stable = jgd.gradients.max_stable_learning_rate(task.loss, start, task.train)  # 2/λ
    assert seen.lowest < 2 * stable
    assert seen.steepest <= stable
    run = jgd.train(task.loss, jgd.optimizers.sgd(seen.lowest / 10), start, task.train, steps=100)
    assert run.status == "max_steps"
    assert run.history["loss"][-1] < run.history["loss"][0]


def test_a_loss_that_never_falls_has_no_rate():
    seen = jgd.lr_range_test(lambda w, _: jnp.sum(0 * w) + 1, jgd.optimizers.sgd, jnp.ones(2), steps=20)
    assert np.isnan([seen.steepest, seen.lowest]).all()
    assert len(seen.rates) == 20


@pytest.mark.parametrize(
    "options",
    [{"low": 0.0}, {"low": 1.0, "high": 0.1}, {"steps": 3}, {"smoothing": 0.0}, {"build": jgd.optimizers.sgd(0.1)}],
)
def test_nonsense_is_refused_before_a_step(options):
    def loss(w, _):
        raise AssertionError("it was called")

    with pytest.raises(jgd.JgdError, match=next(iter(options))):
        jgd.lr_range_test(loss, **{"build": jgd.optimizers.sgd, "params": jnp.ones(2), **options})
