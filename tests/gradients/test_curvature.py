"""Curvature on losses whose Hessian is known, the lectures' golden numbers."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers.quadratics import bowl, hours, quadratic
from hypothesis import given, settings
from hypothesis import strategies as st

import jgd
from jgd.gradients import curvature, fisher_diagonal, hessian, hessian_diagonal, hessian_products, hessian_trace, hvp
from jgd.gradients.custom_gradient import with_custom_gradient
from jgd.models import MLP, Linear
from jgd.teaching import closed_forms


@pytest.fixture(autouse=True)
def double(x64):
    return None


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(st.lists(st.floats(-10, 10), min_size=8, max_size=8), st.integers(0, 1000))
def test_quadratics_are_exact(eigenvalues, seed):
    params, batch, matrix = bowl(eigenvalues, seed)
    np.testing.assert_allclose(hessian(quadratic, params, batch), (matrix + matrix.T) / 2, atol=1e-12)
    found = curvature.sharpness(quadratic, params, batch, seed=seed)
    size = max(np.abs(eigenvalues).max(), 1e-3)
    assert found.value == pytest.approx(max(eigenvalues), abs=1e-9 * size)
    assert found.residual <= 1e-8 * size
    v = np.concatenate([np.ravel(found.vector["a"]), found.vector["b"]])
    assert np.linalg.norm(v) == pytest.approx(1, rel=1e-12)


@pytest.mark.slow
def test_a_product_is_the_matrix_times_the_vector():
    params, batch, matrix = bowl(np.arange(1.0, 10.0))
    rng = np.random.default_rng(1)
    v = jax.tree.map(lambda p: jnp.asarray(rng.standard_normal(p.shape)), params)
    got = hvp(quadratic, params, batch, v)
    flat = lambda t: np.concatenate([np.ravel(t["a"]), t["b"]])
    np.testing.assert_allclose(flat(got), matrix @ flat(v), rtol=1e-12)


@pytest.mark.slow
def test_an_mlps_sharpness_is_its_hessians():
    rng = np.random.default_rng(0)
    model = MLP((3, 5, 2), "tanh")
    loss = jgd.SupervisedLoss(model, "squared_error")
    batch = (jnp.asarray(rng.standard_normal((16, 3))), jnp.asarray(rng.standard_normal((16, 2))))
    params = model.init(jax.random.key(0), jnp.float64)
    want = np.linalg.eigvalsh(hessian(loss, params, batch))[-1]
    found = curvature.sharpness(loss, params, batch, iterations=25)
    assert found.value == pytest.approx(want, rel=1e-9)
    assert found.converged
    short = curvature.sharpness(loss, params, batch, iterations=2)
    assert short.value <= want  # a Rayleigh quotient is never above the largest eigenvalue
    assert not short.converged
    assert short.residual > found.residual


@pytest.mark.slow
def test_the_top_of_a_large_bowl_needs_few_products():
    scales = jnp.concatenate([jnp.linspace(0, 1, 9999), jnp.array([2.0])])
    found = curvature.sharpness(lambda w, s: jnp.sum(s * w**2) / 2, jnp.ones(10_000), scales, iterations=40)
    assert found.value == pytest.approx(2.0, rel=1e-6)
    assert found.converged


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_low_precision_parameters_have_curvature_too(dtype):
    scales = jnp.array([1.0, 2.0, 4.0], dtype)
    loss = lambda w, batch: jnp.sum(scales * w * w)
    found = curvature.sharpness(loss, jnp.ones(3, dtype), None)
    assert found.value == pytest.approx(8.0, rel=0.02)
    assert hvp(loss, jnp.ones(3, dtype), None, jnp.ones(3)).dtype == dtype


@pytest.mark.slow
def test_only_the_positive_end_counts():
    saddle = lambda w, batch: w[0] ** 2 - 50 * w[1] ** 2
    assert curvature.sharpness(saddle, jnp.ones(2), None).value == pytest.approx(2)
    hill = lambda w, batch: -jnp.sum(w**2)
    assert curvature.sharpness(hill, jnp.ones(3), None).value == pytest.approx(-2)  # found in one step, then exhausted
    assert curvature.sharpness(hill, jnp.ones(3), None).iterations == 1
    assert curvature.max_stable_learning_rate(hill, jnp.ones(3), None) == math.inf
    flat = lambda w, batch: jnp.sum(w)
    assert curvature.sharpness(flat, jnp.ones(3), None).value == 0
    assert math.isnan(curvature.max_stable_learning_rate(lambda w, b: jnp.sum(jnp.log(w)), jnp.zeros(2), None))


@pytest.mark.slow
@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_the_largest_stable_rate_is_where_descent_turns(momentum):
    loss, params, batch = hours()
    rate = curvature.max_stable_learning_rate(loss, params, batch, momentum)
    assert rate == pytest.approx((1 + momentum) * 3 / 14, rel=1e-12)  # λ = 28/3
    ends = {}
    for factor in (0.98, 1.02):
        optimizer = jgd.optimizers.momentum(factor * rate, momentum)
        with jax.numpy_dtype_promotion("standard"):
            run = jgd.train(loss, optimizer, params, batch, steps=600, diverged_above=1e12)
        ends[factor] = float(run.history["loss"][-1])
    assert ends[0.98] < 1e-6
    assert ends[1.02] > 100


@pytest.mark.slow
def test_age_and_income_raw_and_standardized():
    data = jgd.datasets.age_income()
    scaled = jgd.Standard().fit(data.inputs)(data.inputs)
    loss = jgd.SupervisedLoss(Linear(2), "squared_error")
    params = Linear(2).init(jax.random.key(0), jnp.float64)
    for inputs, condition, rate in ((data.inputs, 2.4e14, 3.0e-14), (scaled, 1.115, 0.948)):
        assert curvature.condition_number(inputs) == pytest.approx(condition, rel=0.02)
        batch = (jnp.asarray(inputs), jnp.asarray(data.targets))
        assert curvature.max_stable_learning_rate(loss, params, batch) == pytest.approx(rate, rel=0.02)
    matrix = np.asarray(hessian(loss, params, batch))  # of the scaled rows
    assert np.linalg.cond(matrix) == pytest.approx(curvature.condition_number(scaled), rel=1e-12)


@pytest.mark.slow
def test_squared_error_is_a_bowl_with_one_minimum():
    """L16: the Hessian of linear regression has no negative eigenvalue, and ten starts end at one point."""
    rng = np.random.default_rng(0)
    data = (jnp.asarray(rng.standard_normal((20, 3))), jnp.asarray(rng.standard_normal(20)))
    loss = jgd.SupervisedLoss(Linear(3), "squared_error")
    starts = jax.vmap(lambda key: {"weights": 5 * jax.random.normal(key, (3,)), "bias": jnp.zeros(())})(
        jax.random.split(jax.random.key(0), 10)
    )
    one = jax.tree.map(lambda leaf: leaf[0], starts)
    assert np.linalg.eigvalsh(hessian(loss, one, data)).min() > 0
    rate = curvature.max_stable_learning_rate(loss, one, data) / 2
    descend = lambda p: jax.tree.map(lambda x, g: x - rate * g, p, jax.grad(loss)(p, data))
    ends = jax.vmap(lambda p: jax.lax.fori_loop(0, 2000, lambda _, p: descend(p), p))(starts)
    for leaf in jax.tree.leaves(ends):
        np.testing.assert_allclose(leaf, np.broadcast_to(leaf[:1], leaf.shape), rtol=1e-9)


@pytest.mark.slow
def test_products_go_through_an_attached_gradient():
    loss, gradient = closed_forms.get("linear_mse", Linear(3))
    rng = np.random.default_rng(0)
    batch = (jnp.asarray(rng.standard_normal((9, 3))), jnp.asarray(rng.standard_normal(9)))
    params = Linear(3).init(jax.random.key(0), jnp.float64)
    attached = with_custom_gradient(loss, gradient)
    want = curvature.sharpness(loss, params, batch).value
    assert curvature.sharpness(attached, params, batch).value == pytest.approx(want, rel=1e-12)


def test_a_large_hessian_is_refused_with_its_size():
    with pytest.raises(jgd.JgdError, match=r"1,000,000 parameters takes 7\.28 TiB, .*hvp multiplies"):
        hessian(lambda w, batch: jnp.sum(w**2), jnp.ones(1_000_000), None)
    with pytest.raises(jgd.JgdError, match="memory_limit"):
        hessian(lambda w, batch: jnp.sum(w**2), jnp.ones(11), None, memory_limit=960)
    with pytest.raises(jgd.JgdError, match="vector misses the leaf"):
        hvp(lambda w, batch: jnp.sum(w["a"]), {"a": jnp.ones(2)}, None, {})
    with pytest.raises(jgd.JgdError, match="momentum"):
        curvature.max_stable_learning_rate(lambda w, batch: jnp.sum(w**2), jnp.ones(2), None, 1.0)
    with pytest.raises(jgd.JgdError, match="iterations"):
        curvature.sharpness(lambda w, batch: jnp.sum(w**2), jnp.ones(2), None, iterations=0)
    with pytest.raises(jgd.JgdError, match="no entries"):
        curvature.sharpness(lambda w, batch: jnp.zeros(()), {}, None)
    with pytest.raises(jgd.JgdError, match="inputs must have shape"):
        curvature.condition_number(np.ones(3))
    assert curvature.condition_number(np.ones((5, 2))) == math.inf


@pytest.mark.parametrize("size", [1e-30, 1e10, 3e20, 1e36])
def test_curvature_of_any_size_in_float32(size):
    steep = lambda w, b: jnp.sum(jnp.array([1.0, 5.0, 0.5, 2.0], jnp.float32) * b * w**2)
    at, batch = jnp.full(4, 1e-20, jnp.float32), jnp.asarray(size, jnp.float32)
    found = curvature.sharpness(steep, at, batch)
    assert found.value == pytest.approx(10 * size, rel=1e-5)
    assert found.converged
    assert curvature.max_stable_learning_rate(steep, at, batch) == pytest.approx(0.2 / size, rel=1e-4)


@pytest.mark.slow
def test_the_same_program_compiles_once_and_a_changed_one_anew(monkeypatch):
    again, known = [], hessian_products.cached

    def watched(key, digest, program):
        again.append(known(key, digest, program) is not program)
        return known(key, digest, program)

    monkeypatch.setattr(hessian_products, "cached", watched)
    scale = [jnp.arange(1.0, 4.0)]
    for _ in range(2):  # a fresh lambda each time
        assert curvature.sharpness(lambda w, b: jnp.sum(scale[0] * w**2), jnp.ones(3), None).value == pytest.approx(6)
    assert again == [False, True]
    scale[0] = 2 * scale[0]
    loss = lambda w, b: jnp.sum(scale[0] * w**2)
    assert curvature.sharpness(loss, jnp.ones(3), None).value == pytest.approx(12)
    scale[0] = 2 * scale[0]  # the same function, another program
    assert curvature.sharpness(loss, jnp.ones(3), None).value == pytest.approx(24)
    assert hessian(loss, jnp.ones(3), None)[2, 2] == pytest.approx(24)


def test_the_fisher_diagonal_is_the_mean_of_squared_gradients():
    rows = np.random.default_rng(0).normal(size=(5, 3))
    loss = lambda w, batch: jnp.mean((batch @ w["a"] - w["b"]) ** 2)
    w = {"a": np.array([0.3, -1.0, 2.0], np.float32), "b": np.float32(0.5)}
    found = fisher_diagonal(loss, w, jnp.asarray(rows, jnp.float32))
    slopes = 2 * (rows @ w["a"] - w["b"])
    np.testing.assert_allclose(found["a"], ((slopes[:, None] * rows) ** 2).mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(found["b"], (slopes**2).mean(), rtol=1e-5)
    with pytest.raises(jgd.JgdError, match="batch"):
        fisher_diagonal(loss, w, jnp.zeros(()))


def test_random_signs_estimate_the_trace_and_the_diagonal():
    """zᵀ H z spreads by √(2 Σ_{i≠j} H_ij²), and one sample is exact where nothing is off the diagonal."""
    A = np.random.default_rng(0).normal(size=(4, 4))
    H = A + A.T + 10 * np.eye(4)
    loss = lambda w, batch: jnp.concatenate([w["a"], w["b"]]) @ batch @ jnp.concatenate([w["a"], w["b"]]) / 2
    params = {"a": jnp.ones(1), "b": jnp.ones(3)}
    found = hessian_trace(loss, params, jnp.asarray(H), samples=400)
    spread = np.sqrt(2 * ((H - np.diag(np.diag(H))) ** 2).sum() / 400)
    assert abs(found.standard_error / spread - 1) < 0.2
    assert abs(found.value - np.trace(H)) < 4 * spread
    diagonal = hessian_diagonal(loss, params, jnp.asarray(H), samples=400)
    np.testing.assert_allclose(np.concatenate([diagonal["a"], diagonal["b"]]), np.diag(H), atol=1.0)
    program = jax.make_jaxpr(lambda at: hessian_diagonal(loss, at, jnp.asarray(H), samples=400))(params)
    assert "[400,3]" not in str(program)  # the samples are summed as they come
    once = hessian_diagonal(loss, params, jnp.diag(jnp.arange(4.0)), samples=1)
    np.testing.assert_array_equal(np.concatenate([once["a"], once["b"]]), np.arange(4.0))
    with pytest.raises(jgd.JgdError, match="samples"):
        hessian_trace(loss, params, jnp.asarray(H), samples=0)
