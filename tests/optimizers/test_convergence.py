"""Every method gets there: down a bowl at some rate, and in bfloat16 with a float32 master copy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from rules import PLAIN

import jgd
from jgd.transforms import MasterCopy

RATES = np.float32(10.0) ** np.arange(-3.0, 1.5, 0.5, np.float32)
CURVATURE = {"weights": np.float32([[1.0, 2.0], [3.0, 5.0], [8.0, 10.0]]), "bias": np.float32([1.0, 4.0, 10.0])}


def bowl(params, _batch):
    """Σ c w² / 2 with curvatures from 1 to 10."""
    each = jax.tree.map(lambda c, w: jnp.sum(c.astype(w.dtype) * jnp.square(w)), dict(CURVATURE), params)
    return sum(jax.tree.leaves(each)) / 2


def ones(dtype):
    return {name: jnp.ones(leaf.shape, dtype) for name, leaf in CURVATURE.items()}


@pytest.mark.slow
@pytest.mark.parametrize("row", PLAIN)
def test_it_gets_down_a_bowl(row):
    def end(rate):
        optimizer = row.build(**({"learning_rate": rate} if "learning_rate" in row.hypers else {}))
        last, _ = jgd.rollout(bowl, optimizer, ones("float32"), jnp.zeros((300, 0)))
        return bowl(optimizer.eval_params(last.opt_state, last.params), None)

    ends = np.asarray(jax.jit(jax.vmap(end))(RATES))
    start = float(bowl(ones("float32"), None))
    assert np.nanmin(ends) < 0.03 * start, ends / start


@pytest.mark.slow
@pytest.mark.sampled(8)
@pytest.mark.parametrize("row", PLAIN)
def test_small_steps_move_bfloat16_with_a_master_copy(row):
    """200 steps at rate 1e-3 from 1.0, where bfloat16's own steps are 1/128."""
    if row.creeps:
        pytest.skip("creeps")
    inner = row.build(**({"learning_rate": 1e-3} if "learning_rate" in row.hypers else {})).transform
    optimizer = jgd.chain(MasterCopy(inner))
    run = jax.jit(lambda p: jgd.rollout(bowl, optimizer, p, jnp.zeros((200, 0))))
    last, report = run(ones("bfloat16"))
    assert {leaf.dtype for leaf in jax.tree.leaves(last.params)} == {jnp.dtype("bfloat16")}
    assert np.isfinite(np.asarray(report.loss)).all()
    for leaf in jax.tree.leaves(last.params):
        moved = np.asarray(leaf, np.float32)
        assert np.isfinite(moved).all()
        assert (moved != 1).any()
