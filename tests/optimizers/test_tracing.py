"""Hyperparameters are data: differentiated and scheduled exactly, and reported. What every method passes: test_every_optimizer.py."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import problem
from rules import PLAIN

import jgd


def end_of(row, hypers, steps=5, loss=problem.loss, params=None):
    params = problem.params() if params is None else params
    return jgd.rollout(loss, row.build(**hypers), params, problem.noise(steps))[0].params


@pytest.mark.slow
@pytest.mark.sampled(8)
@pytest.mark.parametrize("row", PLAIN)
def test_hypergradients_match_finite_differences(row, x64):
    def final(hypers):
        """The loss after training; "dead" never sees a gradient, which must not poison any derivative."""
        params = {**problem.params(), "dead": jnp.zeros(3)}
        lively = lambda p, noise: problem.loss({k: p[k] for k in noise}, noise)
        end = end_of(row, hypers, 6, lively, params)
        return lively(end, jax.tree.map(lambda n: n[-1], problem.noise()))

    final = jax.jit(final)
    slopes = jax.jit(jax.grad(final))(row.hypers)
    for name, value in row.hypers.items():
        assert np.isfinite(slopes[name]), name
        if name in row.rough:
            continue
        reach = 1e-5 * value
        up, down = (float(final({**row.hypers, name: value + sign * reach})) for sign in (1, -1))
        np.testing.assert_allclose(slopes[name], (up - down) / (2 * reach), rtol=3e-6, atol=1e-9, err_msg=name)
        assert slopes[name] != 0, name


def test_a_scheduled_b1_is_corrected_exactly(x64):
    """A constant gradient's mean is that constant at any step, whatever b1 does; 1 − b1ᵗ would overshoot."""
    b1 = lambda step: jnp.minimum(0.5 + 0.1 * step.astype(jnp.float64), 0.99)
    optimizer, params = jgd.optimizers.adam(0.1, b1=b1, eps=0.0), jnp.zeros(())
    state = optimizer.init(params)
    for _ in range(8):
        updates, state = optimizer.update(jnp.float64(3.0), state, params)
        np.testing.assert_allclose(updates, -0.1, rtol=1e-12)


def test_the_rate_in_use_is_reported():
    optimizer = jgd.optimizers.adam(jgd.schedules.StepDecay(0.5, step_size=2, decay_rate=0.5))
    _, report = jgd.rollout(problem.loss, optimizer, problem.params(), problem.noise(5))
    np.testing.assert_allclose(report.learning_rate, [0.5, 0.5, 0.25, 0.25, 0.125])
