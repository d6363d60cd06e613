"""Every optimizer is its paper's rule, and the lectures' numbers come out."""

import jax
import jax.numpy as jnp
import numpy as np
import problem
import pytest
from rules import NAMED, PLAIN, ROWS

import jgd


def trajectory(optimizer, loss, params, batches):
    """Parameters after each step, stacked."""

    def one(progress, batch):
        progress, _ = jgd.step(loss, optimizer, progress, batch)
        return progress, progress.params

    return jax.jit(lambda start: jax.lax.scan(one, start, batches)[1])(jgd.start(optimizer, params))


def test_every_registered_name_has_a_row():
    assert set(NAMED) == set(jgd.optimizers.registry)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_thirty_noisy_steps_are_the_papers(row, x64):
    path = trajectory(row.build(), problem.loss, problem.params(), problem.noise())
    for name, leaf in problem.START.items():
        want = row.path(leaf, problem.gradient_of(name), problem.STEPS)
        np.testing.assert_allclose(path[name][0], want[0], rtol=1e-12)
        np.testing.assert_allclose(path[name], want, rtol=1e-12)


@pytest.mark.parametrize("row", [row for row in ROWS if row.golden], ids=str)
def test_the_lectures_numbers(row, x64):
    settings, golden = row.golden
    path = trajectory(row.build(**settings), problem.hours_points, jnp.float64(1), jnp.zeros(100))
    np.testing.assert_allclose(path[np.array([0, 1, 2, 9, 99])], golden, rtol=0, atol=1e-10)  # they print ten digits


@pytest.mark.slow
@pytest.mark.parametrize("row", PLAIN, ids=str)
def test_the_ecosystems_loop_is_the_same_descent(row, x64):
    optimizer, params = row.build(), problem.params()
    state = optimizer.init(params)
    needs_loss = row.name == "nesterov"
    for t in range(3):
        on_batch = lambda p, t=t: problem.loss(p, jax.tree.map(lambda n: n[t], problem.noise()))
        extra = {"loss": on_batch} if needs_loss else {}
        updates, state = optimizer.update(jax.grad(on_batch)(params), state, params, **extra)
        params = jgd.apply_updates(params, updates)
    path = trajectory(optimizer, problem.loss, problem.params(), problem.noise(3))
    for name, leaf in params.items():
        np.testing.assert_allclose(leaf, path[name][-1], rtol=1e-13)
    assert int(state.step) == 3
