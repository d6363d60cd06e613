"""A bad step leaves no trace but its count; a run whose steps stay bad ends."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import ground
from helpers.ground import same

import jgd
from jgd.transforms import Accumulate, SkipNonFinite

pytestmark = pytest.mark.slow  # the fast part runs what these stand on

adam = jgd.optimizers.adam(0.05, b1=0.8)
NAN, HUGE = np.nan, 1e30


def bad_at(*steps, value=NAN):
    rows = ground.noise()
    for t in steps:
        rows["weights"] = rows["weights"].at[t, 0, 1].set(value)
    return rows


def run(optimizer, batches):
    return jax.jit(lambda p: jgd.rollout(ground.loss, optimizer, p, batches)[0])(ground.params())


@pytest.mark.parametrize("value", [NAN, np.inf, HUGE])  # the square of the last overflows in Adam's state only
def test_a_bad_step_is_as_if_it_were_not(value):
    guarded = jgd.chain(SkipNonFinite(adam.transform))
    end = run(guarded, bad_at(3, 7, 8, value=value))
    good = jax.tree.map(lambda n: n[np.array([0, 1, 2, 4, 5, 6, 9, 10, 11])], ground.noise())
    want = run(guarded, good)
    same(end.params, want.params, rtol=1e-6)
    same(end.opt_state.inner[0].inner, want.opt_state.inner[0].inner, rtol=1e-5)
    assert (int(end.opt_state.inner[0].total), int(end.opt_state.inner[0].consecutive)) == (3, 0)
    assert int(end.opt_state.step) == 12  # the clock goes on


def test_without_bad_steps_it_changes_no_bit():
    same(run(jgd.chain(SkipNonFinite(adam.transform)), ground.noise()).params, run(adam, ground.noise()).params, rtol=0)


def test_a_rate_not_used_yet_is_no_fault():
    end = run(jgd.chain(SkipNonFinite(Accumulate(adam.transform, 2))), ground.noise())
    assert int(end.opt_state.inner[0].total) == 0


@pytest.mark.parametrize("value", [NAN, HUGE])  # of the last only the state would not be finite
def test_after_too_many_the_update_is_nan_and_the_memory_is_kept(value):
    after = ground.noise(6)
    after["weights"] = after["weights"].at[3:, 0, 1].set(value)
    end = run(jgd.chain(SkipNonFinite(adam.transform, 2)), after)
    assert np.isnan(end.params["weights"]).all()
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(end.opt_state.inner))
    end = run(jgd.chain(SkipNonFinite(adam.transform, 2)), bad_at(3, 4, 6, 7))
    assert np.isfinite(end.params["weights"]).all()
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(end.opt_state.inner))


def square(w, x):
    return jnp.mean((w - x) ** 2)


def train(transform, bad):
    rows = np.linspace(1, 2, 8, dtype=np.float32)
    rows[list(bad)] = np.nan
    return jgd.train(
        square,
        jgd.chain(transform),
        jnp.zeros(()),
        rows,
        steps=24,
        batch_size=1,
        seed=3,
        check_finite=False,
        validation=None,
    )


def test_train_goes_on_past_a_bad_batch_and_ends_when_all_are_bad():
    sgd = jgd.optimizers.sgd(0.1).transform
    assert train(sgd, [5]).status.startswith("nonfinite")
    run = train(SkipNonFinite(sgd), [5])
    assert run.status == "max_steps"
    assert 1 < float(run.params) < 2
    ended = train(SkipNonFinite(sgd, 4), range(8))
    assert ended.status.startswith("nonfinite")
    assert ended.end.step == 4
    assert np.isfinite(ended.params)


def test_the_limit_is_a_whole_number():
    with pytest.raises(jgd.JgdError, match="max_consecutive must be a whole number >= 0, got -1"):
        SkipNonFinite(adam.transform, -1)


def test_the_flag_is_computed_once_not_in_every_leaf():
    """Else the program grows by the square of the leaves, and hundreds of them compile for minutes."""

    def size(leaves):
        params = {str(i): jnp.ones(i + 1) for i in range(leaves)}
        optimizer = jgd.chain(SkipNonFinite(jgd.optimizers.sgd(0.1).transform))
        return len(jax.jit(optimizer.update).lower(params, optimizer.init(params), params).compile().as_text())

    assert size(40) < 2.5 * size(20)
