"""Difference formulas: their orders, the lectures' numbers, float64 whatever the program, evaluations counted."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jgd.core.checks import JgdError
from jgd.gradients import (
    central_difference,
    complex_step,
    directional_derivative,
    evaluations,
    forward_difference,
    richardson,
)

HOURS = (np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0]))
METHODS = {
    "forward": forward_difference,
    "central": central_difference,
    "richardson": richardson,
    "complex": complex_step,
}


def mean_square(w, hours, points):
    return jnp.mean(jnp.square(points - w * hours))


def wave(x):
    return jnp.exp(x) * jnp.sin(x)


SLOPE = math.e * (math.sin(1) + math.cos(1))  # of the wave at 1


def tree_loss(params, batch):
    return jnp.sum(jnp.tanh(batch @ params["w"]) * params["v"]) * params["n"].astype(batch.dtype)


def tree_case():
    rng = np.random.default_rng(0)
    params = {
        "w": jnp.asarray(rng.normal(size=(3, 4)), jnp.float32),
        "v": jnp.asarray(rng.normal(size=(5, 4)), jnp.float32),
        "n": jnp.array(2),
        "nothing": None,
    }
    return params, jnp.asarray(rng.normal(size=(5, 3)), jnp.float32)


def test_the_lectures_method_2():
    got = central_difference(mean_square, 1.0, *HOURS, step=1e-5)
    assert got == pytest.approx(-9.333333333394478, abs=1e-9)
    assert abs(got + 28 / 3) < 1e-9


@pytest.mark.parametrize(("method", "order"), [("forward", 1), ("central", 2), ("richardson", 4)])
def test_the_error_has_its_order(method, order):
    errors = [abs(float(METHODS[method](wave, 1.0, step=h)) - SLOPE) for h in (4e-2, 2e-2)]
    assert math.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.15)


@pytest.mark.parametrize(
    ("method", "limit"), [("forward", 1e-7), ("central", 1e-9), ("richardson", 1e-11), ("complex", 1e-15)]
)
def test_the_automatic_step_is_near_the_best(method, limit):
    assert abs(float(METHODS[method](wave, jnp.float32(1.0))) / SLOPE - 1) < limit


@pytest.mark.parametrize("method", METHODS)
def test_a_whole_tree_of_a_float32_program(method):
    params, batch = tree_case()
    floating = {name: params[name] for name in ("w", "v")}
    with jax.enable_x64(True):
        wide = jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf), jnp.float64), floating)
        data = jnp.asarray(np.asarray(batch), jnp.float64)
        exact = jax.tree.map(np.asarray, jax.grad(lambda p: tree_loss({**p, "n": params["n"]}, data))(wide))
    got = METHODS[method](tree_loss, params, batch)
    assert got["n"] is None
    assert got["nothing"] is None
    for name in floating:
        assert got[name].dtype == np.float64
        assert got[name].shape == params[name].shape
        np.testing.assert_allclose(got[name], exact[name], rtol=0, atol=2e-7 if method == "forward" else 1e-8)


@pytest.mark.parametrize("method", METHODS)
def test_evaluations_are_what_is_said(method):
    calls = []

    def counted(x):
        jax.debug.callback(lambda _: calls.append(1), jnp.real(x[0]))
        return jnp.sum(x**3)

    x = np.arange(1.0, 8.0)
    METHODS[method](counted, x)
    jax.effects_barrier()
    assert len(calls) == evaluations(method, x) == {"forward": 8, "central": 14, "richardson": 28, "complex": 7}[method]


def test_many_entries_come_in_chunks():
    x = np.linspace(-1, 1, 700)
    np.testing.assert_allclose(central_difference(lambda x: jnp.sum(jnp.sin(x)), x), np.cos(x), rtol=0, atol=1e-8)


def test_a_large_parameter_gets_a_larger_step():
    assert central_difference(lambda x: x**2 / 1e6, 1e6) == pytest.approx(2.0, rel=1e-9)


def test_directions():
    params, batch = tree_case()
    along = jax.tree.map(jnp.ones_like, params)
    gradient = central_difference(tree_loss, params, batch)
    total = gradient["w"].sum() + gradient["v"].sum()
    for method in ("forward", "central", "richardson"):
        assert directional_derivative(tree_loss, params, along, batch, method=method) == pytest.approx(total, rel=1e-6)


def test_a_loss_that_forces_float32_gets_a_step_for_it():
    rounded = lambda x: jnp.sin(x.astype(jnp.float32))
    assert central_difference(rounded, 1.0) == pytest.approx(math.cos(1), abs=1e-4)


def test_a_loss_that_can_only_be_float32():
    def scanned(x):
        return jax.lax.scan(lambda c, _: ((c * x).astype(jnp.float32), None), jnp.float32(1), None, length=3)[0]

    assert central_difference(scanned, jnp.float32(1.5)) == pytest.approx(3 * 1.5**2, rel=1e-3)


def test_the_complex_step_is_silently_wrong_where_its_docstring_says():
    x = np.array([-2.0, 3.0])
    assert not np.allclose(complex_step(lambda x: jnp.sum(jnp.abs(x)), x), np.sign(x))
    assert not np.allclose(complex_step(lambda x: jnp.vdot(x, x), x), 2 * x)
    first = lambda x: jnp.logaddexp(x[0], x[1])
    assert np.allclose(central_difference(first, x), jax.nn.softmax(x), atol=1e-6)


@pytest.mark.parametrize("step", [0.0, -1e-3, float("nan"), "small"])
def test_bad_steps_are_refused(step):
    for method in METHODS.values():
        with pytest.raises(JgdError, match="step"):
            method(wave, 1.0, step=step)


def test_an_unknown_method_is_refused():
    with pytest.raises(JgdError, match="did you mean 'central'"):
        directional_derivative(wave, 1.0, 1.0, method="centrl")
