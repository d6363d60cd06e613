"""Verdicts that a review found wrong: each of these once blamed a right gradient, or named the wrong fault."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jgd.core.checks import JgdTypeError, JgdValueError
from jgd.gradients import central_difference, check_gradients, directional_derivative
from jgd.gradients.float64_loss import build_float64_loss


@pytest.mark.slow
def test_a_loss_that_bends_within_a_tiny_step_raises_no_alarm():
    rng = np.random.default_rng(0)
    X = jnp.asarray(1e6 * rng.normal(size=(20, 4)), jnp.float32)
    y = jnp.asarray(np.sign(rng.normal(size=20)), jnp.float32)
    logistic = lambda w, b: jnp.mean(jax.nn.softplus(-b[1] * (b[0] @ w)))
    narrow = lambda w, b: jnp.sum(jnp.exp(-jnp.square((b - w) / 1e-5)))
    for seed in range(10):
        w = jnp.asarray(1e-6 * np.random.default_rng(seed).normal(size=4), jnp.float32)
        assert check_gradients(logistic, w, (X, y), seed=seed).ok
        w = jnp.linspace(-1.0, 1.0, 5)
        check = check_gradients(narrow, w, w + jnp.float32(4e-6), seed=seed)
        assert check.ok, str(check)


def test_one_wrong_row_of_a_large_sparse_leaf_is_not_a_flipped_sign():
    table = jnp.asarray(np.random.default_rng(0).normal(size=(2000, 4)), jnp.float32)
    rows = jnp.array([50, 700, 1600])
    loss = lambda p, b: jnp.sum(jnp.square(p["table"][b]))

    def one_row_wrong(p, b):
        grads = jax.grad(loss)(p, b)
        return {"table": grads["table"].at[50].multiply(-1)}

    check = check_gradients(loss, {"table": table}, rows, gradient=one_row_wrong, seed=1)
    assert check.leaves[0].verdict == "wrong"
    assert check.leaves[0].kind != "sign", str(check)


@pytest.mark.slow
def test_a_variable_that_changed_outside_is_never_answered_from_an_old_trace():
    k = [1.0]
    loss = lambda w, b: k[0] * jnp.sum(jnp.square(w))
    gradient = lambda w, b: 2 * w * k[0]
    w = jnp.arange(1.0, 4.0)
    assert check_gradients(lambda w, b: jnp.sum(jnp.square(w)), w, None, gradient=gradient).ok
    right = lambda w, b: jnp.sum(jnp.square(w))
    assert check_gradients(right, w, None, gradient=gradient).ok
    assert central_difference(loss, w, None)[0] == pytest.approx(2)
    for factor in (2.0, 1.0001):
        k[0] = factor
        assert not check_gradients(right, w, None, gradient=gradient).ok
        assert central_difference(loss, w, None)[0] == pytest.approx(2 * factor, rel=1e-9)
        assert check_gradients(loss, w, None).ok


def test_a_changed_array_outside_is_seen_and_an_unchanged_one_compiles_once():
    k = {"scale": jnp.arange(2000.0)}  # more entries than a program's text spells out
    loss = lambda w, b: jnp.sum(k["scale"] * w)
    w = jnp.ones(2000)
    assert directional_derivative(loss, w, jnp.zeros(2000).at[1000].set(1.0), None) == pytest.approx(1000)
    k["scale"] = k["scale"].at[1000].set(-7.0)
    assert directional_derivative(loss, w, jnp.zeros(2000).at[1000].set(1.0), None) == pytest.approx(-7)
    same = [build_float64_loss(loss, w, None).programs for _ in range(2)]
    assert same[0] is same[1]


def test_a_small_entry_beside_a_large_one_answers_for_itself():
    loss = lambda w, b: 1e6 * w[0] + 1e-2 * w[1]
    flipped = lambda w, b: jnp.array([1e6, -1e-2])
    check = check_gradients(loss, jnp.zeros(2), None, gradient=flipped, every_entry=True)
    assert check.leaves[0].verdict == "wrong"
    assert check.leaves[0].entries == ((1,),)
    assert check_gradients(loss, jnp.zeros(2), None, every_entry=True).ok


@pytest.mark.parametrize("dtype", [jnp.float16, jnp.bfloat16])
def test_half_precision_does_not_excuse_every_disagreement(dtype):
    w = jnp.ones(4, dtype)
    summed = lambda w, b: jnp.sum(w * jnp.sum(b, axis=0))
    check = check_gradients(summed, w, jnp.ones((6, 4), dtype), compare="looped_mean", seed=0)
    assert check.consistency[0].verdict == "wrong"


def test_a_gradient_coarser_than_its_parameters_is_compared_as_such(x64):
    loss = lambda w, b: jnp.mean(jnp.sin(b.astype(jnp.float32) @ w.astype(jnp.float32)).astype(jnp.float64))
    coarse = lambda w, b: jax.grad(loss)(w, b).astype(jnp.float32)
    rows = jnp.asarray(np.random.default_rng(0).normal(size=(7, 3)))
    check = check_gradients(loss, jnp.ones(3), rows, gradient=coarse, compare="looped_mean", seed=0)
    assert check.consistency[0].verdict == "ok", str(check)


@pytest.mark.slow
def test_a_kink_that_the_sampled_entries_miss_is_not_forgotten():
    w = jnp.asarray(np.random.default_rng(0).normal(size=4096), jnp.float32).at[17].set(0.0)
    check = check_gradients(lambda w, b: jnp.sum(jnp.square(w)) + 1e3 * jnp.abs(w[17]), w, None, seed=2)
    assert check.leaves[0].verdict == "inconclusive", str(check)
    assert check.leaves[0].kind == "kink"


@pytest.mark.parametrize(("option", "named"), [({"order": 2}, "order=2"), ({"compare": "jit"}, "compare='jit'")])
def test_a_numpy_gradient_is_refused_by_name_where_it_must_be_traced(option, named):
    def by_hand(w, b):
        return 2 * np.asarray(w)

    loss = lambda w, b: jnp.sum(jnp.square(w))
    with pytest.raises(JgdTypeError, match=f"{named}.*by_hand"):
        check_gradients(loss, jnp.ones(3), None, gradient=by_hand, **option)


def test_second_order_of_nothing_is_nothing():
    check = check_gradients(lambda p, b: jnp.sum(b), {"n": jnp.arange(3)}, jnp.ones(2), order=2)
    assert check.second is None
    assert check.ok


def test_complex_and_unexpected_gradients_are_refused_by_path():
    loss, params = (lambda p, b: jnp.sum(jnp.square(p["a"]))), {"a": jnp.ones(3)}
    with pytest.raises(JgdTypeError, match=r"gradient\['a'\].*complex"):
        check_gradients(loss, params, None, gradient=lambda p, b: {"a": jax.lax.complex(2 * p["a"], 0 * p["a"])})
    with pytest.raises(JgdValueError, match=r"unexpected leaf \['b'\]"):
        check_gradients(loss, params, None, gradient=lambda p, b: {"a": 2 * p["a"], "b": p["a"]})


@pytest.mark.slow
def test_random_numbers_of_the_default_dtype_are_not_called_rounding():
    noisy = lambda w, b: jnp.sum(jnp.square(w + jax.random.normal(jax.random.key(0), (3,)).astype(w.dtype)))
    check = check_gradients(noisy, jnp.ones(3), None)
    assert "another function in float64" in check.problem
    assert check.leaves[0].verdict == "inconclusive"
    fixed = lambda w, b: jnp.sum(jnp.square(w + jax.random.normal(jax.random.key(0), (3,), jnp.float32)))
    assert check_gradients(lambda w, b: 1e6 + jnp.sum(w) - 1e6, jnp.full(3, 0.3), None).problem == ""
    assert not check_gradients(fixed, jnp.ones(3, jnp.float32), None).problem


def test_a_loss_must_be_a_function():
    with pytest.raises(JgdTypeError, match="loss must be a function"):
        check_gradients(None, jnp.ones(3), None)


def test_what_is_not_finite_is_none_in_strict_json():
    check = check_gradients(lambda w, b: jnp.sum(w) / 0.0, jnp.ones(3), None)
    assert json.loads(json.dumps(check.to_dict(), allow_nan=False))["value"] is None


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_leaf_that_is_not_finite_hides_no_fault_of_another(bad):
    loss = lambda p, b: jnp.sum(p["x"] ** 2) + jnp.sum(p["w"] ** 2)
    for sign, verdict in ((1, "ok"), (-1, "wrong")):
        gradient = lambda p, b, sign=sign: {"x": jnp.array([bad, 2.0]), "w": sign * 2 * p["w"]}
        leaves = check_gradients(loss, {"w": jnp.ones(2), "x": jnp.ones(2)}, None, gradient=gradient).leaves
        assert [leaf.verdict for leaf in leaves] == [verdict, "wrong"]
        assert np.isfinite(leaves[0].analytic)


def test_a_staircase_is_not_called_right():
    X = np.random.default_rng(0).normal(size=(50, 3))
    accuracy = lambda p, b: jnp.mean((X @ p["w"] > 0).astype(jnp.float32))
    looped = lambda p, b: jax.lax.scan(
        lambda c, x: (c + jnp.round(x @ p["w"]), None), 0.0, jnp.asarray(X, jnp.float32)
    )[0]
    w = {"w": jnp.array([0.5, 0.3, 0.1])}
    for loss in (accuracy, looped):
        check = check_gradients(loss, w, None)
        assert (check.leaves[0].verdict, check.leaves[0].kind, check.ok) == ("inconclusive", "steps", False)
        assert "the loss is not differentiable" in check.problem
    penalized = lambda p, b: accuracy(p, b) + 0.1 * jnp.sum(p["w"] ** 2)  # beside its jumps it has the penalty's slope
    assert check_gradients(penalized, w, None).conclusive
    mixed = check_gradients(lambda p, b: accuracy(p, b) + jnp.sum(p["v"] ** 2), {**w, "v": jnp.ones(2)}, None)
    assert [(leaf.path, leaf.kind) for leaf in mixed.leaves] == [("['v']", ""), ("['w']", "steps")]
    assert mixed.ok
    assert not mixed.conclusive
