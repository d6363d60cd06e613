"""What the lectures say of gradients, statement by statement."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers.quadratics import bowl, hours, quadratic

import jgd
from jgd.models import Linear


@pytest.fixture(autouse=True)
def double(x64):
    return None


def test_weights_gradient_is_inputs_transposed_times_the_outputs_gradient():
    rng = np.random.default_rng(0)
    x, y = jnp.asarray(rng.standard_normal((6, 3))), jnp.asarray(rng.standard_normal((6, 2)))
    w = jnp.asarray(rng.standard_normal((3, 2)))
    of_outputs = lambda z: jnp.mean(jnp.tanh(z) * y)
    by_weights = lambda x: jax.grad(lambda w: of_outputs(x @ w))(w)
    np.testing.assert_allclose(by_weights(x), x.T @ jax.grad(of_outputs)(x @ w), rtol=1e-12)  # D11
    linear = lambda x: jax.grad(lambda w: jnp.mean((x @ w) * y))(w)
    np.testing.assert_allclose(linear(100 * x), 100 * linear(x), rtol=1e-12)  # so features are normalized


@pytest.mark.slow
def test_all_gradients_are_taken_before_any_parameter_moves():
    model = Linear(1)
    loss = jgd.SupervisedLoss(model, "squared_error")
    hours_points = jax.tree.map(jnp.asarray, jgd.datasets.hours_points().rows)
    params = {"weights": jnp.ones(1), "bias": jnp.zeros(())}
    optimizer = jgd.optimizers.sgd(0.01)
    with jax.numpy_dtype_promotion("standard"):
        moved = jgd.step(loss, optimizer, jgd.start(optimizer, params), hours_points)[0].params
    assert float(moved["weights"][0]) == pytest.approx(1.0933333333, rel=1e-9)
    assert float(moved["bias"]) == pytest.approx(0.04, rel=1e-12)
    in_place = {**params, "weights": moved["weights"]}  # the mistake: b's gradient at the new w
    assert -0.01 * float(jax.grad(loss)(in_place, hours_points)["bias"]) == pytest.approx(0.0362667, rel=1e-5)


def test_the_mean_of_gradients_is_the_gradient_of_the_mean():
    loss, params, (x, y) = hours()
    each = jax.vmap(lambda x, y: jax.grad(loss)(params, (x[None], y[None])))(x, y)
    np.testing.assert_allclose(each["weights"].mean(axis=0), jax.grad(loss)(params, (x, y))["weights"], rtol=1e-14)


def test_the_sign_says_where_to_go():
    loss, _, batch = hours()
    slope = lambda w: float(jax.grad(loss)({"weights": jnp.array([w])}, batch)["weights"][0])
    assert slope(1.0) < 0 < slope(3.0)
    assert slope(2.0) == 0


def test_the_negative_gradient_is_steepest_and_crosses_contours_at_right_angles():
    params, batch, _ = bowl(np.linspace(0.1, 5, 6))
    grads = jax.grad(quadratic)(params, batch)
    g = np.concatenate([np.ravel(grads["a"]), grads["b"]])
    directions = np.random.default_rng(0).standard_normal((1000, 6))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    unflat = lambda v: {"a": jnp.asarray(v[:4].reshape(2, 2)), "b": jnp.asarray(v[4:])}
    slope = jax.jit(lambda v: jax.jvp(lambda p: quadratic(p, batch), (params,), (v,))[1])
    slopes = np.array([slope(unflat(v)) for v in directions])
    assert slopes.min() >= -np.linalg.norm(g)  # none falls faster than −g/‖g‖
    across = directions - np.outer(directions @ g, g) / (g @ g)
    assert max(abs(float(slope(unflat(v)))) for v in across[:50]) < 1e-12 * np.linalg.norm(g) + 1e-13
