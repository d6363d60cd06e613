"""Precision: what is narrow stays narrow, what is remembered is float32 or wider, and nothing drifts."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import problem
from rules import PLAIN

import jgd

DTYPES = ["bfloat16", pytest.param("float16", marks=pytest.mark.slow)]  # the others run all over the table


def dtypes(tree):
    return [leaf.dtype for leaf in jax.tree.leaves(tree)]


def at(dtype):
    return jax.tree.map(lambda n: n[0], problem.noise(1, dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("row", PLAIN)
def test_dtypes_are_stable_over_steps(row, dtype, x64):
    start = jgd.start(row.build(), problem.params(dtype))
    end, report = jax.jit(lambda p: jgd.step(problem.loss, row.build(), p, at(dtype)))(start)
    assert dtypes(end) == dtypes(start)
    assert {leaf.dtype for leaf in jax.tree.leaves(end.params)} == {jnp.dtype(dtype)}
    floating = lambda leaf: jnp.issubdtype(leaf.dtype, jnp.floating)  # a key is whole numbers
    wide = {leaf.dtype for leaf in jax.tree.leaves(end.opt_state.inner) if floating(leaf)}
    assert wide <= {jnp.dtype("float32"), jnp.dtype("float64")}
    assert all(np.isfinite(np.asarray(leaf, np.float64)).all() for leaf in jax.tree.leaves((end, report)))
    assert not any(leaf.weak_type for leaf in jax.tree.leaves((start.opt_state, end)))


@pytest.mark.slow
@pytest.mark.sampled(2)
@pytest.mark.parametrize("row", PLAIN)
def test_a_tree_of_mixed_dtypes_keeps_each(row, x64):
    mixed = {"bias": problem.params("bfloat16")["bias"], "weights": problem.params("float64")["weights"]}
    start = jgd.start(row.build(), mixed)
    loss = lambda p, n: sum(problem.loss({k: p[k]}, {k: n[k]}).astype(jnp.float64) for k in p)
    end, _ = jax.jit(lambda p: jgd.step(loss, row.build(), p, at("float64")))(start)
    assert dtypes(end) == dtypes(start)


@pytest.mark.slow
@pytest.mark.sampled(2)
@pytest.mark.parametrize("row", PLAIN)
def test_low_precision_follows_float32(row):
    ends = {}
    for dtype in ("float32", "bfloat16"):
        run = jax.jit(lambda params, noise: jgd.rollout(problem.loss, row.build(), params, noise)[0])
        end = run(problem.params(dtype), problem.noise(10, "bfloat16"))
        ends[dtype] = np.asarray(end.params["weights"], np.float64)
    np.testing.assert_allclose(ends["bfloat16"], ends["float32"], atol=row.low_precision)


def test_a_large_float16_gradient_does_not_overflow_adam():
    optimizer, params = jgd.optimizers.adam(0.125), jnp.zeros(2, jnp.float16)
    grads = jnp.array([1e3, -1e3], jnp.float16)  # its square is beyond float16
    updates, state = optimizer.update(grads, optimizer.init(params), params)
    np.testing.assert_allclose(jgd.apply_updates(params, updates), [-0.125, 0.125])
    assert jgd.apply_updates(params, updates).dtype == jnp.float16
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(state))


def test_the_sum_is_rounded_not_the_update():
    # bfloat16 holds 255 and 256, nothing between; −0.501 in bfloat16 is −0.5, whose sum rounds to even, 256
    params = jnp.array([256.0], jnp.bfloat16)
    assert jgd.apply_updates(params, jnp.array([-0.501], jnp.float32)).tolist() == [255.0]
