"""Every optimizer's hyperparameters, differentiated forwards through training: finite, and what differences say.

Backwards, as `jgd.rollout` is, they are in test_tracing.py; that both modes agree, in test_hypergradients.py.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import problem
from rules import PLAIN

import jgd

STEPS = 5


def noisy(params, batch):
    """The table's loss on the mean of a batch of noises; "dead" never sees a gradient."""
    lively = {name: params[name] for name in batch}
    return problem.loss(lively, jax.tree.map(lambda noise: jnp.mean(noise, axis=0), batch))


def task() -> jgd.Task:
    noise = problem.noise(15)
    last = jax.tree.map(lambda rows: rows[-4:], noise)
    return jgd.Task("table", lambda key: {**problem.params(), "dead": jnp.zeros(3)}, noisy, noise, last, last)


@pytest.mark.slow
@pytest.mark.sampled
@pytest.mark.parametrize("row", PLAIN)
def test_derivatives_are_finite_and_agree_with_differences(row, x64):
    mine = task()
    recipe = lambda **hypers: row.build(**hypers)
    at = {name: float(value) for name, value in row.hypers.items()}
    run = lambda **other: jgd.hypergradient(mine, recipe, {**at, **other}, steps=STEPS, batch_size=5, mode="forward")
    found = run()
    assert found.status == "max_steps", found
    for name, value in at.items():
        assert np.isfinite(found.gradient[name]), name
        if name in row.rough:
            continue
        reach = 1e-5 * value
        up, down = (run(**{name: value + sign * reach}).value for sign in (1, -1))
        slope = (up - down) / (2 * reach)
        np.testing.assert_allclose(found.gradient[name], slope, rtol=1e-5, atol=1e-8, err_msg=name)
