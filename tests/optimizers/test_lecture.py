"""What the lectures say about each optimizer: O8 to O15, A7 to A9 with the transform of Nesterov's two forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import problem
from rules import PLAIN

import jgd
from jgd import optimizers

BALL = {"learning_rate": 0.01, "momentum": 0.9}


def walk(optimizer, loss, start, steps):
    """(positions after each step, state at the end) for a loss without data."""

    def one(progress, _):
        progress, _ = jgd.step(loss, optimizer, progress, None)
        return progress, progress.params

    end, path = jax.jit(lambda p: jax.lax.scan(one, p, length=steps))(jgd.start(optimizer, start))
    return np.asarray(path), end.opt_state


def slope(w, _batch):
    """The loss whose gradient is 1 everywhere."""
    return jnp.sum(w)


def test_o8_terminal_velocity(x64):
    path, _ = walk(optimizers.momentum(**BALL), slope, jnp.zeros(()), 200)
    np.testing.assert_allclose(path[-2] - path[-1], 0.01 / (1 - 0.9), rtol=1e-8)
    assert path[-2] - path[-1] < 0.1


def test_o9_nesterov_is_more_prudent(x64):
    careless, _ = walk(optimizers.momentum(**BALL), problem.hours_points, jnp.float64(1), 100)
    prudent, _ = walk(optimizers.nesterov(**BALL), problem.hours_points, jnp.float64(1), 100)
    assert (careless.argmax(), prudent.argmax()) == (9, 9)
    np.testing.assert_allclose([careless.max(), prudent.max()], [2.5898312662, 2.3557724978], atol=1e-10)


def test_o9_momentum_is_faster_on_an_elongated_bowl(x64):
    curvature = jnp.array([1.0, 100.0])
    bowl = lambda w, _: jnp.sum(curvature * w**2) / 2
    best_ball = {"learning_rate": (2 / (1 + 10)) ** 2, "momentum": ((10 - 1) / (10 + 1)) ** 2}
    steps_to = lambda path: int(np.argmax(np.linalg.norm(path, axis=1) < 1e-6))
    plain = steps_to(walk(optimizers.gd(2 / (1 + 100)), bowl, jnp.ones(2), 800)[0])
    fast = steps_to(walk(optimizers.momentum(**best_ball), bowl, jnp.ones(2), 800)[0])
    assert 0 < 5 * fast < plain


def test_o10_adagrads_rate_vanishes(x64):
    path, _ = walk(optimizers.adagrad(0.1), slope, jnp.zeros(()), 10_000)
    moved = -np.diff(path, prepend=0)
    np.testing.assert_allclose(moved[[0, 99, 9999]], [0.1, 0.01, 0.001], rtol=1e-6)
    np.testing.assert_allclose(-path[-1], 19.85, atol=0.005)


@pytest.mark.slow
@pytest.mark.parametrize("row", PLAIN)
def test_o11_a_coordinate_knows_no_other(row, x64):
    if not row.entrywise:
        pytest.skip("its coordinates do know each other")
    order = np.array([2, 0, 1])
    start, pull = jnp.array([1.0, -0.7, 0.2]), jnp.array([0.1, 0.5, -0.3])
    loss = lambda pull: lambda w, _: jnp.sum(w**4 / 4 + pull * w)
    path, _ = walk(row.build(), loss(pull), start, 10)
    permuted, _ = walk(row.build(), loss(pull[order]), start[order], 10)
    np.testing.assert_allclose(permuted, path[:, order], rtol=1e-13)


@pytest.mark.parametrize("row", PLAIN)
def test_o12_a_zero_gradient_makes_a_zero_step(row):
    """At eps = 0 too, where 0/0 must not be NaN: the same program, as eps is a leaf."""
    if not row.still:
        pytest.skip("it moves by other forces than the gradient")
    flat = lambda w, _: jnp.sum(0 * w)
    exact = {"eps": 0.0} if "eps" in row.hypers and row.allows(eps=0.0) else {}
    path, state = walk(row.build(**exact), flat, jnp.array([0.5, -2.0]), 3)
    np.testing.assert_array_equal(path, np.tile(np.float32([0.5, -2.0]), (3, 1)))
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(state))


def test_o12_adamw_only_decays(x64):
    path, _ = walk(optimizers.adamw(0.1, eps=0.0, weight_decay=0.5), lambda w, _: jnp.sum(0 * w), jnp.ones(()), 2)
    np.testing.assert_allclose(path, [0.95, 0.95**2], rtol=1e-15)


def test_o13_adadelta_has_the_units_of_the_weights(x64):
    tiny = optimizers.adadelta(eps=1e-12)
    path, _ = walk(tiny, problem.hours_points, jnp.float64(1), 50)
    louder, _ = walk(tiny, lambda w, _: 1000 * problem.hours_points(w), jnp.float64(1), 50)
    np.testing.assert_allclose(louder, path, rtol=1e-8)
    # weights in other units, c w: the steps are c times as long (eps, in the units of D, scales by c²)
    c = 10.0
    other = optimizers.adadelta(eps=c**2 * 1e-12)
    scaled, _ = walk(other, lambda w, _: problem.hours_points(w / c), jnp.float64(c), 50)
    np.testing.assert_allclose(scaled, c * path, rtol=1e-6)


@pytest.mark.slow
def test_o14_adagrad_is_less_sensitive_to_the_learning_rate(x64):
    def spread(build):
        ends = [walk(build(rate), problem.hours_points, jnp.float64(1), 20)[0][-1] for rate in (0.01, 0.03, 0.1, 0.3)]
        return np.ptp([float(problem.hours_points(end)) for end in ends])

    assert spread(optimizers.adagrad) < 5 < 1e8 < spread(optimizers.gd)


def test_o15_a_rare_weight_takes_longer_steps(x64):
    seen = lambda w, rare: w[0] + rare * w[1]  # the second feature is there every tenth step
    batches = jnp.where(jnp.arange(100) % 10 == 9, 1.0, 0.0)
    before, _ = jgd.rollout(seen, optimizers.adagrad(0.1), jnp.zeros(2), batches[:99])
    after, _ = jgd.rollout(seen, optimizers.adagrad(0.1), jnp.zeros(2), batches)
    often, rare = before.params - after.params
    np.testing.assert_allclose(rare / often, np.sqrt(100 / 10), rtol=1e-6)


def test_a7_adadeltas_epsilon_matters(x64):
    ends = [
        walk(optimizers.adadelta(eps=eps), problem.hours_points, jnp.float64(1), 100)[0][-1] for eps in (1e-6, 1e-8)
    ]
    np.testing.assert_allclose(ends, [1.348832, 1.040003], atol=1e-6)


def test_a8_the_rate_stands_outside_the_velocity(x64):
    rates = 0.01 * 0.5 ** np.arange(5)
    path, _ = walk(optimizers.momentum(jgd.schedules.ExponentialDecay(0.01, 1, 0.5)), slope, jnp.zeros(()), 5)
    velocity = np.cumsum(0.9 ** np.arange(5))  # of a constant gradient 1
    np.testing.assert_allclose(path, -np.cumsum(rates * velocity), rtol=1e-13)
    falling = jgd.schedules.ExponentialDecay(0.01, 1, 0.5)
    path, _ = walk(optimizers.momentum(falling, 0.9, rate_in_velocity=True), slope, jnp.zeros(()), 5)
    velocity = [sum(0.9 ** (t - i) * rates[i] for i in range(t + 1)) for t in range(5)]  # v ← γ v + η g
    np.testing.assert_allclose(path, -np.cumsum(velocity), rtol=1e-13)


def test_a9_the_shifted_form_runs_at_the_look_ahead_points(x64):
    gamma = 0.9
    theta, _ = walk(optimizers.nesterov(**BALL), problem.hours_points, jnp.float64(1), 50)
    phi, _ = walk(optimizers.nesterov_shifted(**BALL), problem.hours_points, jnp.float64(1), 50)
    velocity = -np.diff(theta, prepend=1.0)  # v_t, because θ_t = θ_{t−1} − v_t
    np.testing.assert_allclose(phi, theta - gamma * velocity, rtol=1e-13)
    np.testing.assert_allclose([theta[0], phi[0]], [1.0933333333, 1.1773333333], atol=1e-10)
