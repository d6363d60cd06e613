"""Bad input to anything that takes a loss: an error of jgd's that names the argument, the rule and what it got."""

from functools import partial

import jax
import jax.numpy as jnp
import pytest

import jgd
from jgd import gradients as g

w = jnp.ones(3)
good = lambda w, batch: jnp.sum(w**2)
alone = lambda w: jnp.sum(w**2)
branch = lambda w, batch=None: w[0] if w[0] > 0 else -w[0]
vector = lambda w, batch=None: w
ONE, FUNCTION = "must return one real floating number, got", "loss must be a function"

BAD = {
    "central vector": (lambda: g.central_difference(vector, w), f"{ONE} shape \\(3,\\)"),
    "central branch": (lambda: g.central_difference(branch, w), "jnp.where"),
    "central none": (lambda: g.central_difference(None, w), FUNCTION),
    "central string batch": (lambda: g.central_difference(good, w, {"x": "abc"}), r"batch\['x'\] must be an array"),
    "central string params": (lambda: g.central_difference(good, {"a": "abc"}, None), r"params\['a'\]"),
    "complex vector": (lambda: g.complex_step(vector, w), ONE),
    "direction string": (lambda: g.directional_derivative(alone, w, "abc"), "direction.* must be an array"),
    "direction shape": (lambda: g.directional_derivative(alone, w, jnp.ones(4)), r"direction.*\(3,\), got \(4,\)"),
    "hvp vector loss": (lambda: g.hvp(vector, w, None, w), ONE),
    "hvp number": (lambda: g.hvp(3, w, None, w), FUNCTION),
    "hvp shape": (lambda: g.hvp(good, w, None, jnp.ones(4)), r"vector.*\(3,\), got \(4,\)"),
    "hessian vector": (lambda: g.hessian(vector, w, None), ONE),
    "hessian string": (lambda: g.hessian("x", w, None), FUNCTION),
    "sharpness float": (lambda: g.sharpness(lambda w, b: 3.0, w, None), f"{ONE} float"),
    "sharpness branch": (lambda: g.sharpness(branch, w, None), "jnp.where"),
    "sharpness string batch": (lambda: g.sharpness(good, w, "abc"), "batch"),
    "check string batch": (lambda: g.check_gradients(good, w, ("abc",)), r"batch\[0\]"),
    "check string params": (lambda: g.check_gradients(good, {"a": "abc"}, None), r"params\['a'\]"),
    "check tuple": (
        lambda: g.check_gradients(lambda w, b: (jnp.sum(w), 1), w, None),
        "must return one real floating number here, got a tuple",
    ),
    "arity of a loss": (
        lambda: g.check_gradients(alone, w, None),
        r"loss must be callable as loss\(params, batch\), got <lambda>\(w\): too many positional arguments",
    ),
    "arity without a batch": (
        lambda: g.central_difference(lambda w, batch: jnp.sum(w), w),
        r"loss must be callable as loss\(params\), got .*\(w, batch\): missing a required argument: 'batch'",
    ),
    "arity of hvp's loss": (lambda: g.hvp(alone, w, None, w), r"loss must be callable as loss\(params, batch\)"),
    "arity of a gradient": (
        lambda: g.check_gradients(good, w, None, gradient=alone),
        r"gradient must be callable as gradient\(params, batch\), got <lambda>\(w\)",
    ),
    "arity of a custom gradient": (
        lambda: g.with_custom_gradient(good, alone),
        r"gradient must be callable as gradient\(params, batch\)",
    ),
}


@pytest.mark.parametrize(
    "loss", [partial(lambda w, batch: jnp.sum(w**2)), jax.jit(good), g.with_custom_gradient(good, jax.grad(good))]
)
def test_what_can_be_called_with_two_arguments_is_a_loss(loss):
    assert g.check_gradients(loss, w, None, seed=0).ok


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    call, words = BAD[case]
    with pytest.raises(jgd.JgdError, match=words):
        call()
