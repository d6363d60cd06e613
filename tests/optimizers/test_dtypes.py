"""Precision: nothing drifts or overflows in half the bits. That dtypes stay what they are: test_every_optimizer.py."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import problem
from rules import PLAIN

import jgd


@pytest.mark.slow
@pytest.mark.sampled(8)
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
