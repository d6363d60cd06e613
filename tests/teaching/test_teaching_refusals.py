"""Bad input to anything that takes a loss: an error of jgd's that names the argument, the rule and what it got."""

import jax.numpy as jnp
import pytest

import jgd
from jgd import teaching

w = jnp.ones(3)
good = lambda w, batch: jnp.sum(w**2)
alone = lambda w: jnp.sum(w**2)
branch = lambda w, batch=None: w[0] if w[0] > 0 else -w[0]
vector = lambda w, batch=None: w
ONE, FUNCTION = "must return one real floating number, got", "loss must be a function"

BAD = {
    "curve vector": (lambda: teaching.error_curve(vector, w, exact=1.0), ONE),
    "curve number": (lambda: teaching.error_curve(3, w, exact=1.0), FUNCTION),
    "curve direction": (lambda: teaching.error_curve(alone, w, exact=1.0, direction=jnp.ones(4)), r"direction.*\(3,\)"),
    "curve tree": (
        lambda: teaching.error_curve(alone, w, exact=1.0, direction={"a": 1.0}),
        "direction misses the leaf",
    ),
    "curve exact": (lambda: teaching.error_curve(alone, w, exact="x"), "exact must be a number"),
    "curve steps": (lambda: teaching.error_curve(alone, w, exact=1.0, steps="x"), "steps"),
    "two vector": (lambda: teaching.two_checks(vector, w, None, 0.1), ONE),
    "two none": (lambda: teaching.two_checks(None, w, None, 0.1), FUNCTION),
    "two branch": (lambda: teaching.two_checks(branch, w, None, 0.1), "jnp.where"),
    "two string batch": (lambda: teaching.two_checks(good, w, "abc", 0.1), "batch"),
    "after": (lambda: teaching.method_one({"a": w}, {"b": w}, 0.1), r"after misses the leaf \['a'\], which before has"),
    "cost none": (lambda: teaching.cost(None, w, None), FUNCTION),
    "cost vector": (lambda: teaching.cost(vector, w, None), ONE),
    "cost problem": (lambda: teaching.cost_table((4,), problem=3), "problem must be a function"),
    "cost arity": (
        lambda: teaching.cost_table((4,), problem=lambda: 0),
        r"problem must be callable as problem\(size\)",
    ),
    "two arity": (lambda: teaching.two_checks(alone, w, None, 0.1), r"loss must be callable as loss\(params, batch\)"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    call, words = BAD[case]
    with pytest.raises(jgd.JgdError, match=words):
        call()
