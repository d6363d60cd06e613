"""Programs that round inside: their gradients are neither called wrong nor waved through."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jgd.gradients import check_gradients
from jgd.gradients.precision import coarsest_eps, float64_enabled
from jgd.gradients.promote_jaxpr import promote

pytestmark = pytest.mark.slow  # the fast part runs what these stand on

LOW = (jnp.bfloat16, jnp.float16, jnp.float32)


def case(seed):
    rng = np.random.default_rng(seed)
    draw = lambda *shape: jnp.asarray(rng.normal(size=shape) / shape[0] ** 0.5, jnp.float32)
    return {"a": draw(5, 8), "s": draw(8, 8), "c": draw(8)}, (draw(16, 5) * 2, draw(16))


def mixed(activation, low):
    """A network that computes in `low` and sums in float32."""

    def loss(params, batch):
        inputs, targets = batch
        narrow = jax.tree.map(lambda leaf: leaf.astype(low), params)
        hidden = activation(activation(inputs.astype(low) @ narrow["a"]) @ narrow["s"])
        outputs = (hidden @ narrow["c"]).astype(jnp.float32)
        return jnp.mean(jnp.square(outputs - targets.astype(jnp.float32)))

    return loss


@pytest.mark.parametrize("activation", [jnp.tanh, jax.nn.relu])
@pytest.mark.parametrize("low", LOW)
def test_a_right_gradient_is_never_called_wrong(activation, low):
    loss = mixed(activation, low)
    for seed in range(3):
        check = check_gradients(loss, *case(seed), seed=seed)
        assert all(leaf.verdict == "ok" for leaf in check.leaves), str(check)
        assert all(leaf.resolution <= 2 * float(jnp.finfo(low).eps) for leaf in check.leaves)


@pytest.mark.parametrize("low", LOW)
@pytest.mark.parametrize(("factor", "kind"), [(1.05, "constant"), (-1.0, "sign"), (2.0, "factor")])
def test_a_fault_of_some_percent_is_seen(low, factor, kind):
    loss = mixed(jnp.tanh, low)

    def wrong(params, batch):
        grads = jax.grad(loss)(params, batch)
        return {**grads, "s": factor * grads["s"]}

    found = {leaf.path: leaf for leaf in check_gradients(loss, *case(0), gradient=wrong).leaves}
    assert found["['s']"].verdict == "wrong"
    assert found["['s']"].kind == kind
    assert found["['a']"].verdict == "ok"


def test_what_precision_hides_is_said():
    leaf = check_gradients(mixed(jnp.tanh, jnp.bfloat16), *case(0)).leaves[0]
    assert "bfloat16 inside hides faults below 0.78%" in leaf.cause
    assert "bfloat16 rounding changes it by" in leaf.cause
    assert leaf.rounding > 1e-3


def test_a_gradient_that_cannot_be_promoted_may_hide_much():
    by_hand = lambda w, batch: np.cos(np.asarray(w))  # NumPy, in half precision
    w = jnp.array([0.5, 1.0, 2.0], jnp.float16)
    (leaf,) = check_gradients(lambda w, batch: jnp.sum(jnp.sin(w)), w, None, gradient=by_hand).leaves
    assert (leaf.verdict, leaf.kind) == ("inconclusive", "precision")
    assert "a fault of 30% would fit as well" in leaf.cause


def test_a_callback_stays_coarse_and_is_not_blamed():
    def loss(w, batch):
        shape = jax.ShapeDtypeStruct((), jnp.float32)
        outside = jax.pure_callback(
            lambda v: np.float32(np.sum(v)), shape, jax.lax.stop_gradient(w), vmap_method="sequential"
        )
        return jnp.sum(jnp.sin(w.astype(jnp.float32))) + 0 * outside

    check = check_gradients(loss, jnp.array([0.3, 0.7, 1.9]), None)
    assert check.ok, str(check)


# name: (a program of (w, i) in bfloat16, its arguments are (3, 4) and (3,) integers)
NARROW = jnp.bfloat16
PROGRAMS = {
    "product": lambda w, i: jnp.dot(w.astype(NARROW), w.astype(NARROW).T, preferred_element_type=jnp.float32).sum(),
    "scan": lambda w, i: jax.lax.scan(lambda c, x: (jnp.tanh(c + x), c * x), jnp.zeros(4, NARROW), w.astype(NARROW))[
        0
    ].sum(),
    "loop": lambda w, i: jax.lax.fori_loop(0, 3, lambda _, c: jnp.sin(c * 2), jnp.sum(w.astype(NARROW))),
    "branch": lambda w, i: jax.lax.cond(w[0, 0] < 0, jnp.sin, jnp.cos, w.astype(NARROW)).sum(),
    "embedding": lambda w, i: jnp.square(w.astype(NARROW)[i]).sum(),
    "update": lambda w, i: (w.astype(NARROW).at[0].set(1.0).at[i].multiply(2.0) * w.astype(NARROW)).sum(),
    "largest": lambda w, i: (w.astype(NARROW).max(axis=0) * jnp.sort(w.astype(NARROW), axis=1)[0]).sum(),
    "noise": lambda w, i: (w.astype(NARROW) * jax.random.normal(jax.random.key(0), (3, 4), NARROW)).sum(),
    "remat": lambda w, i: jax.checkpoint(lambda v: jnp.sin(jnp.sin(v.astype(NARROW))))(w).sum(),
    "softmax": lambda w, i: jax.nn.log_softmax(w.astype(jnp.float16))[:, 0].sum(),
    "convolution": lambda w, i: jax.lax.conv(
        w.astype(NARROW)[None, None], w.astype(NARROW)[None, None, :2, :2], (1, 1), "SAME"
    ).sum(),
    "root": lambda w, i: jnp.linalg.cholesky((w @ w.T).astype(jnp.float32) + 5 * jnp.eye(3, dtype=jnp.float32)).sum(),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_and_their_gradients_lose_their_rounding(name):
    loss = lambda w, i: PROGRAMS[name](w, i).astype(jnp.float32)
    with float64_enabled():
        w, i = jnp.linspace(-1, 1.3, 12).reshape(3, 4), jnp.array([0, 2, 2])
        for function in (loss, jax.grad(loss)):
            source = jax.make_jaxpr(function)(w, i)
            smooth = jax.jit(lambda w, i, source=source: promote(source)(w, i))
            assert coarsest_eps(source.jaxpr) > 1e-8
            assert coarsest_eps(smooth.trace(w, i).jaxpr.jaxpr) < 1e-15
            np.testing.assert_allclose(smooth(w, i)[0], np.float64(function(w, i)), atol=0.15)


def test_flat_is_not_unused():
    loss = lambda p, b: jnp.sum(jax.nn.relu(p["dead"])) + jnp.sum(p["w"] ** 2)
    params = {"dead": -jnp.ones(3), "w": jnp.ones(2), "unread": jnp.ones(2)}
    leaves = {leaf.path: leaf for leaf in check_gradients(loss, params, None).leaves}
    assert {path: leaf.kind for path, leaf in leaves.items()} == {
        "['dead']": "flat",
        "['unread']": "unused",
        "['w']": "",
    }
    assert "no effect near these parameters" in leaves["['dead']"].cause
    assert all(leaf.verdict == "ok" for leaf in leaves.values())
