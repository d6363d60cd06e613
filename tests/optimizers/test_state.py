"""The state: its tree never depends on values, nothing in it aliases, and any tree of floats can descend."""

from dataclasses import replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import problem
from rules import PLAIN, classic, classical, free, params

import jgd


class Layer(NamedTuple):
    weights: jax.Array
    bias: jax.Array | None


TREES = {
    "none leaf": {"a": jnp.ones(2), "b": None},
    "empty dict": {},
    "empty tuple": (),
    "0-d": jnp.ones(()),
    "zero size": {"w": jnp.ones((0, 3)), "v": jnp.ones(1)},
    "named tuple": Layer(jnp.ones((2, 2)), None),
    "record": jgd.schedules.Constant(jnp.ones(3)),
    "list": [jnp.ones(1), [jnp.ones(2)]],
}


def half_square(params, _batch):
    """Σ w²/2, whose gradient is w; 0 for an empty tree."""
    return sum((jnp.sum(jnp.square(w)) / 2 for w in jax.tree.leaves(params)), start=jnp.zeros(()))


WHOLE = [pytest.param(tree, marks=pytest.mark.slow, id=repr(tree)) for tree in ({}, 1.0)]


@pytest.mark.parametrize("tree", [pytest.param(TREES, id="all in one"), *WHOLE])
@pytest.mark.parametrize("row", PLAIN)
def test_any_tree_descends(row, tree):
    optimizer, tree = row.build(), jax.tree.map(jnp.asarray, tree)
    end, report = jax.jit(lambda p: jgd.step(half_square, optimizer, p, None))(jgd.start(optimizer, tree))
    assert jax.tree.structure(end.params) == jax.tree.structure(tree)  # types and None leaves are part of it
    assert np.isfinite(report.gradient_norm)
    for after, before in zip(jax.tree.leaves(end.params), jax.tree.leaves(tree), strict=True):
        assert after.shape == before.shape
        assert np.isfinite(after).all()
        if row.downhill:
            assert (np.asarray(after) < np.asarray(before)).all()


@pytest.mark.parametrize("row", PLAIN)
def test_nothing_aliases_and_all_can_be_donated(row):
    optimizer, params = row.build(), problem.params()
    progress = jgd.start(optimizer, params)
    buffers = [leaf.unsafe_buffer_pointer() for leaf in jax.tree.leaves(progress)]
    assert len(set(buffers)) == len(buffers)
    batch = jax.tree.map(lambda n: n[0], problem.noise())
    if row.needs != "loss":  # an eager update, in which nothing but the optimizer could keep the two apart
        grads = jax.tree.map(jnp.ones_like, params)
        updates, state = optimizer.update(grads, progress.opt_state, params, value=jnp.ones(()))
        arrays = jax.tree.leaves((grads, params, updates, state))
        assert len({leaf.unsafe_buffer_pointer() for leaf in arrays}) == len(arrays)
    one = lambda progress: jgd.step(problem.loss, optimizer, progress, batch)[0]
    want = jax.jit(one)(progress)
    got = jax.jit(one, donate_argnums=0)(progress)  # a buffer donated twice is an error
    assert progress.params["weights"].is_deleted()
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7), got, want)


@pytest.mark.parametrize("row", PLAIN)
def test_init_under_eval_shape(row):
    abstract = jax.eval_shape(row.build().init, problem.params())
    concrete = row.build().init(problem.params())
    assert jax.tree.structure(abstract) == jax.tree.structure(concrete)
    described = lambda tree: [(leaf.shape, leaf.dtype) for leaf in jax.tree.leaves(tree)]
    assert described(abstract) == described(concrete)


@pytest.mark.parametrize("row", PLAIN)
def test_the_states_tree_depends_on_no_value(row):
    structure = lambda **changes: jax.tree.structure(row.build(**changes).init(problem.params()))
    plain = structure()
    assert plain == structure(**{name: 0.9 * value for name, value in row.hypers.items()})
    assert plain == structure(**{name: jnp.float32(value) for name, value in row.hypers.items()})
    scheduled = {name: jgd.schedules.Constant(v) for name, v in row.hypers.items() if name not in row.fixed}
    assert plain == structure(**scheduled)
    zero_is_a_number_too = {name: 0.0 for name in row.hypers if row.allows(**{name: 0.0})}
    assert plain == structure(**zero_is_a_number_too)


@pytest.mark.slow
@pytest.mark.parametrize("row", PLAIN)
def test_a_saved_state_goes_on_bit_for_bit(row, tmp_path):
    optimizer = row.build()
    batch = lambda t: jax.tree.map(lambda n: n[t], problem.noise())
    one = jax.jit(lambda progress, t: jgd.step(problem.loss, optimizer, progress, batch(t))[0])
    start = jgd.start(optimizer, problem.params())
    halfway = one(one(start, 0), 1)
    leaves, structure = jax.tree.flatten(halfway)
    np.savez(tmp_path / "state.npz", *map(np.asarray, leaves))
    with np.load(tmp_path / "state.npz") as saved:
        loaded = jax.tree.unflatten(structure, [jnp.asarray(saved[f"arr_{i}"]) for i in range(len(leaves))])
    jax.tree.map(np.testing.assert_array_equal, one(loaded, 2), one(halfway, 2))

    # the same program at the clock's end, where a careless step + 1 is negative
    last = jnp.asarray(jnp.iinfo(jnp.int32).max, jnp.int32)
    late = one(replace(halfway, opt_state=replace(halfway.opt_state, step=last)), 2)
    assert int(late.opt_state.step) == int(last)
    for leaf in jax.tree.leaves(late.params):
        assert (np.abs(np.asarray(leaf)) < 100).all()  # finite, and no leap


@pytest.mark.slow
@pytest.mark.parametrize("row", PLAIN)
def test_the_memory_lies_where_its_parameters_lie(row):
    mesh = jax.make_mesh((2,), ("rows",), axis_types=(jax.sharding.AxisType.Auto,), devices=jax.devices()[:2])
    split = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("rows"))
    params = {"weights": jax.device_put(jnp.ones((4, 3)), split)}
    state = row.build().init(params)
    for leaf in jax.tree.leaves(state.inner):
        if leaf.shape == (4, 3):
            assert leaf.sharding.is_equivalent_to(split, 2)


def test_the_clock_saturates():
    optimizer, params = jgd.optimizers.sgd(0.1), jnp.ones(1)
    last = jnp.iinfo(jnp.int32).max
    state = optimizer.init(params)
    late = type(state)(jnp.asarray(last - 1, jnp.int32), state.inner)
    steps = []
    for _ in range(3):
        _, late = optimizer.update(jnp.ones(1), late, params)
        steps.append(int(late.step))
    assert steps == [last, last, last]
    assert late.step.dtype == jnp.int32


def test_the_callers_arrays_are_not_changed():
    optimizer, params = jgd.optimizers.adam(0.1), {"w": np.ones(2, np.float32)}
    grads = {"w": np.full(2, 3.0, np.float32)}
    optimizer.update(grads, optimizer.init(params), params)
    assert params["w"].tolist() == [1, 1]
    assert grads["w"].tolist() == [3, 3]


@pytest.mark.slow
@pytest.mark.parametrize("row", params([*classical.ROWS, *classic.ROWS, *free.ROWS]))
def test_one_vector_is_the_same_descent_or_refused(row, x64):
    """A method whose result depends on how the entries are cut into leaves says so by `per_leaf`, and no other does."""

    def walk(transform):
        end, _ = jgd.rollout(problem.loss, jgd.chain(transform), problem.params(), problem.noise(3))
        return end.params

    transform = row.build().transform
    flattened = object.__new__(jgd.transforms.Flatten)  # unrefused, for the sake of comparison
    object.__setattr__(flattened, "transform", transform)
    pairs = zip(jax.tree.leaves(walk(flattened)), jax.tree.leaves(walk(transform)), strict=True)
    assert transform.per_leaf != all(np.allclose(a, b, rtol=1e-9) for a, b in pairs)
