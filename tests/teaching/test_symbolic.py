"""Sympy's gradients, lowered to JAX, equal the automatic ones; what has no closed form is refused by name."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jgd
from jgd.teaching import symbolic

sympy = pytest.importorskip("sympy")


@pytest.fixture(autouse=True)
def double(x64):
    return None


@pytest.mark.parametrize(
    ("expression", "function"),
    [
        ("(y - (w*x + b))**2", lambda w, b, x, y: (y - (w * x + b)) ** 2),
        ("(y - 1/(1 + exp(-(w*x + b))))**2", lambda w, b, x, y: (y - jax.nn.sigmoid(w * x + b)) ** 2),
        ("log(1 + exp(w*x + b)) - y*(w*x + b)", lambda w, b, x, y: jax.nn.softplus(w * x + b) - y * (w * x + b)),
        ("sin(w*x)*cos(b) + y", lambda w, b, x, y: jnp.sin(w * x) * jnp.cos(b) + y),
        ("Abs(w*x - y) + b", lambda w, b, x, y: jnp.abs(w * x - y) + b),
        ("Piecewise((w*x, w*x > 0), (0, True)) + b*y", lambda w, b, x, y: jax.nn.relu(w * x) + b * y),
    ],
)
def test_symbolic_equals_automatic(expression, function):
    rng = np.random.default_rng(0)
    values = {name: jnp.asarray(rng.standard_normal(11)) for name in ("w", "b", "x", "y")}
    form = symbolic.differentiate(expression, by=["w", "b"])
    np.testing.assert_allclose(form.value(**values), function(**values), rtol=1e-12)
    want = jax.vmap(jax.grad(function, argnums=(0, 1)))(*values.values())
    got = form.derivatives(**values)
    for name, expected in zip(("w", "b"), want, strict=True):
        np.testing.assert_allclose(got[name], expected, rtol=1e-10, atol=1e-14)


def test_the_sigmoids_derivative_is_an_identity():
    u = sympy.Symbol("u")
    p = 1 / (1 + sympy.exp(-u))
    form = symbolic.differentiate(p, by="u")
    q = form.expression
    assert sympy.simplify(form.gradient["u"] - q * (1 - q)) == 0


def test_what_is_lowered_is_jax():
    form = symbolic.differentiate("(y - w*x)**2", by="w")
    assert isinstance(form.derivatives(w=1, x=3, y=6)["w"], jax.Array)  # whole numbers are numbers
    slope = jax.jit(lambda w: form.derivatives(w=w, x=3.0, y=6.0)["w"])(jnp.float64(1.0))
    assert float(slope) == -18.0
    assert float(jax.grad(lambda w: form.value(w=w, x=3.0, y=6.0))(1.0)) == -18.0
    mean = symbolic.differentiate("(y - w*x)**2", by="w").derivatives(
        w=1.0, x=np.arange(1.0, 4), y=2 * np.arange(1.0, 4)
    )
    assert float(mean["w"].mean()) == pytest.approx(-28 / 3)
    assert form.derivatives(w=np.float32(1), x=np.float32(3), y=np.float32(6))["w"].dtype == np.float32
    assert symbolic.differentiate("3*w + x", by="w").derivatives(w=1.0, x=np.zeros(4))["w"].shape == (4,)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: symbolic.differentiate("f(w)*w", by="w"), ValueError, r"no closed form: it contains .*f\(w\)"),
        (lambda: symbolic.differentiate("Integral(exp(sin(w*t)), (t, 0, 1))", by="w"), ValueError, "Integral"),
        (lambda: symbolic.differentiate("sign(w)*w", by="w"), ValueError, "DiracDelta"),
        (lambda: symbolic.differentiate(lambda w: w, by="w"), TypeError, "jax.grad takes it"),
        (lambda: symbolic.differentiate("w +* 2", by="w"), ValueError, "one that sympy reads"),
        (lambda: symbolic.differentiate("w**2", by="v"), ValueError, "unknown variable 'v'"),
        (lambda: symbolic.differentiate("w**2", by=[]), ValueError, "at least one variable"),
        (lambda: symbolic.differentiate("w**2", by="w").value(w=1.0, z=2.0), ValueError, "unknown variable 'z'"),
        (lambda: symbolic.differentiate("w*x", by="w").value(w=1.0), ValueError, "a value for x"),
        (lambda: symbolic.differentiate("w", by="w").value(w=1j), TypeError, "w must be real"),
    ],
)
def test_what_it_cannot_do_is_said(make, error, words):
    with pytest.raises(error, match=words) as raised:
        make()
    assert isinstance(raised.value, jgd.JgdError)


def test_a_swelling_expression_is_stopped():
    product = "*".join(f"sin(w*{k} + cos(w*{k}))" for k in range(1, 40))
    with pytest.raises(jgd.JgdError, match=r"derivative by w has \d+ operations, above limit=1000"):
        symbolic.differentiate(product, by="w", limit=1000)
