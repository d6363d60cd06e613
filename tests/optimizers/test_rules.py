"""Every optimizer is its paper's rule, and the lectures' numbers come out."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import problem
from rules import EACH, NAMED, PLAIN, ROWS

import jgd


def trajectory(optimizer, loss, params, batches):
    """Parameters after each step, stacked."""

    def one(progress, batch):
        progress, _ = jgd.step(loss, optimizer, progress, batch)
        return progress, progress.params

    return jax.jit(lambda start: jax.lax.scan(one, start, batches)[1])(jgd.start(optimizer, params))


def test_every_registered_name_has_a_row():
    assert set(NAMED) == set(jgd.optimizers.registry)


@pytest.mark.parametrize("row", EACH)
def test_thirty_noisy_steps_are_the_papers(row, x64):
    if row.rule is None:
        pytest.skip("draws random numbers: tested beside its family")
    path = trajectory(row.build(), problem.loss, problem.params(), problem.noise())
    for name, want in row.path().items():
        np.testing.assert_allclose(path[name][0], want[0], rtol=row.rtol)
        np.testing.assert_allclose(path[name], want, rtol=row.rtol, atol=1e-15)  # entries near 0 among those near 1


@pytest.mark.parametrize("row", [row for row in ROWS if row.golden], ids=str)
def test_the_lectures_numbers(row, x64):
    settings, golden = row.golden
    path = trajectory(row.build(**settings), problem.hours_points, jnp.float64(1), jnp.zeros(100))
    np.testing.assert_allclose(path[np.array([0, 1, 2, 9, 99])], golden, rtol=0, atol=1e-10)  # they print ten digits


@pytest.mark.slow
@pytest.mark.parametrize("row", PLAIN)
def test_the_ecosystems_loop_is_the_same_descent(row, x64):
    optimizer, params = row.build(), problem.params()
    state = optimizer.init(params)

    @partial(jax.jit, static_argnames="needs")
    def one(params, state, batch, needs=row.needs):
        on_batch = lambda p: problem.loss(p, batch)
        value, grads = jax.value_and_grad(on_batch)(params)
        extra = {"": {}, "value": {"value": value}, "loss": {"loss": on_batch, "value": value}}[needs]
        updates, state = optimizer.update(grads, state, params, **extra)
        return jgd.apply_updates(params, updates), state

    for t in range(3):
        params, state = one(params, state, jax.tree.map(lambda n, t=t: n[t], problem.noise()))
    if row.needs:  # and says so where it doesn't get it
        with pytest.raises(jgd.JgdError, match=row.needs):
            one(params, state, jax.tree.map(lambda n: n[0], problem.noise()), needs="")
    path = trajectory(optimizer, problem.loss, problem.params(), problem.noise(3))
    for name, leaf in params.items():
        np.testing.assert_allclose(leaf, path[name][-1], rtol=1e-13)
    assert int(state.step) == 3
