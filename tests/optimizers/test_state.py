"""The state: where it lies, its clock, and what it does with one vector for many leaves. The rest: test_every_optimizer.py."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import problem
from rules import PLAIN, classic, classical, free, params

import jgd


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
