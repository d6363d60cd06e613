"""What is asked of every transform: its numbers are data, its state is fixed, any tree and any dtype descends."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import ground
from helpers.catalogue import EACH

import jgd

pytestmark = [pytest.mark.slow, pytest.mark.sampled(2)]  # the fast part runs what these stand on

LANES = np.array([0.7, 1.0, 1.02])


def end_of(case, hypers, steps=5):
    """What is deployed after some steps."""
    optimizer = case.build(**hypers)
    end = jgd.rollout(ground.loss, optimizer, ground.params(), ground.noise(steps))[0]
    return optimizer.eval_params(end.opt_state, end.params)


@pytest.mark.parametrize("case", EACH)
def test_a_vmapped_lane_is_its_own_run_and_nothing_recompiles(case):
    traces = []

    def run(hypers):
        traces.append(hypers)
        return end_of(case, hypers)

    hypers = {name: jnp.float32(value * LANES) for name, value in case.hypers.items()}
    together, one = jax.jit(jax.vmap(run))(hypers), jax.jit(run)
    traces.clear()
    for lane in range(len(LANES)):
        alone = one({name: values[lane] for name, values in hypers.items()})
        ground.same(jax.tree.map(lambda x, lane=lane: x[lane], together), alone, rtol=3e-5, atol=1e-6)
    assert len(traces) == 1
    assert len(np.unique(np.asarray(together["weights"]).reshape(len(LANES), -1), axis=0)) == len(LANES)


@pytest.mark.slow
@pytest.mark.parametrize("case", EACH)
def test_hypergradients_are_finite_and_true(case, x64):
    def final(hypers):
        """The loss of what is deployed; "dead" never sees a gradient."""
        params = {**ground.params(), "dead": jnp.zeros(3)}
        optimizer = case.build(**hypers)
        end = jgd.rollout(ground.loss, optimizer, params, ground.noise(6))[0]
        return ground.loss(
            optimizer.eval_params(end.opt_state, end.params), jax.tree.map(lambda n: n[-1], ground.noise())
        )

    final = jax.jit(final)
    slopes = jax.jit(jax.grad(final))(case.hypers)
    for name, value in case.hypers.items():
        assert np.isfinite(slopes[name]), name
        if case.smooth:
            reach = 1e-5 * value
            up, down = (float(final({**case.hypers, name: value + sign * reach})) for sign in (1, -1))
            np.testing.assert_allclose(slopes[name], (up - down) / (2 * reach), rtol=1e-6, atol=1e-9, err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("case", EACH)
def test_every_number_may_be_a_schedule(case):
    plain = end_of(case, case.hypers, 3)
    for name, value in case.hypers.items():
        scheduled = {**case.hypers, name: jgd.schedules.Constant(value)}
        if name in case.fixed:
            with pytest.raises(jgd.JgdError, match=name):
                case.build(**scheduled)
        else:
            ground.same(end_of(case, scheduled, 3), plain, rtol=1e-6)


TREE = {
    "none": {"a": jnp.ones(2), "b": None},
    "empty": {},
    "tuple": (),
    "0-d": jnp.ones(()),
    "zero size": {"w": jnp.ones((0, 3)), "v": jnp.ones(1)},
    "list": [jnp.ones(1), [jnp.ones((2, 2)), jnp.ones((2, 1, 2))]],
}


@pytest.mark.parametrize("tree", [TREE, (), jnp.ones(())], ids=["all in one", "empty", "0-d"])
@pytest.mark.parametrize("case", EACH)
def test_any_tree_descends(case, tree):
    half_square = lambda p, _: sum((jnp.sum(jnp.square(w)) / 2 for w in jax.tree.leaves(p)), start=jnp.zeros(()))
    optimizer = case.build(**case.hypers)
    start = jgd.start(optimizer, tree)
    end, _ = jax.jit(lambda p: jgd.step(half_square, optimizer, p, None))(start)
    assert jax.tree.structure(end) == jax.tree.structure(start)
    assert jax.tree.structure(optimizer.eval_params(end.opt_state, end.params)) == jax.tree.structure(tree)
    for after, was in zip(jax.tree.leaves(end.params), jax.tree.leaves(tree), strict=True):
        assert after.shape == was.shape
        assert np.isfinite(after).all()
        if case.downhill:
            assert (np.asarray(after) < np.asarray(was)).all()


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "mixed"])
@pytest.mark.parametrize("case", EACH)
def test_dtypes_are_stable(case, dtype, x64):
    if dtype == "mixed" and case.name == "Flatten":
        pytest.skip("one vector has one dtype")
    params = ground.params("bfloat16" if dtype == "mixed" else dtype)
    if dtype == "mixed":
        params["weights"] = params["weights"].astype("float64")
    optimizer = case.build(**case.hypers)
    loss = lambda p, n: sum(ground.loss({"bias": p[k]}, {"bias": n[k]}).astype(jnp.float64) for k in p)
    start = jgd.start(optimizer, params)
    end, report = jax.jit(lambda p: jgd.rollout(loss, optimizer, p, ground.noise(2)))(params)
    assert [x.dtype for x in jax.tree.leaves(end)] == [x.dtype for x in jax.tree.leaves(start)]
    assert not any(x.weak_type for x in jax.tree.leaves((start.opt_state, end)))
    assert all(np.isfinite(np.asarray(x, np.float64)).all() for x in jax.tree.leaves((end.params, report.loss)))


@pytest.mark.parametrize("case", EACH)
def test_the_memory_is_fixed_and_all_can_be_donated(case):
    optimizer, params = case.build(**case.hypers), ground.params()
    describe = lambda tree: (jax.tree.structure(tree), [(x.shape, x.dtype) for x in jax.tree.leaves(tree)])
    progress = jgd.start(optimizer, params)
    assert describe(jax.eval_shape(optimizer.init, params)) == describe(progress.opt_state)
    other = case.build(**{name: jnp.float32(0.9 * value) for name, value in case.hypers.items()})
    assert describe(other.init(params)) == describe(progress.opt_state)
    buffers = [leaf.unsafe_buffer_pointer() for leaf in jax.tree.leaves(progress)]
    assert len(set(buffers)) == len(buffers)
    batch = jax.tree.map(lambda n: n[0], ground.noise())
    end = jax.jit(lambda p: jgd.step(ground.loss, optimizer, p, batch)[0], donate_argnums=0)(progress)
    assert describe(end.opt_state) == describe(optimizer.init(ground.params()))
