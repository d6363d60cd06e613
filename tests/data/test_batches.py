"""Batches: each row exactly once an epoch (G5), and an order that is a pure function of (seed, epoch)."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jgd
from jgd.core.seeds import Stream, key
from jgd.data import Batches

ORDER = key(0, Stream.ORDER)


@pytest.mark.slow
@settings(deadline=None, max_examples=15)
@given(st.data(), st.integers(1, 12), st.sampled_from(["shuffled", "sequential"]), st.integers(0, 2**31 - 1))
def test_g5_an_epoch_is_a_partition_of_the_rows(data, rows, order, epoch):
    size = data.draw(st.integers(1, rows))
    batches = Batches(rows, size, order)
    parts = [part.tolist() for part in batches.epoch(ORDER, epoch)]
    assert sorted(row for part in parts for row in part) == list(range(rows))
    assert len(parts) == batches.per_epoch == -(-rows // size)
    assert all(len(part) == size for part in parts[:-1])
    assert len(parts[-1]) == rows - size * (len(parts) - 1)


@pytest.mark.parametrize(("size", "updates"), [(1, 10), (3, 4), (5, 2), (10, 1)])
def test_g8_updates_an_epoch(size, updates):
    assert Batches(10, size).per_epoch == updates


def test_sequential_is_the_rows_own_order():
    parts = [part.tolist() for part in Batches(5, 2, "sequential").epoch(ORDER, 7)]
    assert parts == [[0, 1], [2, 3], [4]]


@pytest.mark.slow
def test_an_order_is_a_function_of_seed_and_epoch():
    batches = Batches(20, 4)
    order = lambda seed, epoch: batches.permutation(key(seed, Stream.ORDER), epoch).tolist()
    assert order(0, 3) == order(0, 3)
    assert len({tuple(order(seed, epoch)) for seed in range(3) for epoch in range(3)}) == 9
    traced = jax.jit(lambda epoch: batches.permutation(ORDER, epoch))(jnp.asarray(3))
    assert traced.tolist() == order(0, 3)


def test_the_batch_of_a_step():
    rows, batches = np.arange(10, 20), Batches(10, 4)
    for step in range(7):
        epoch, position = divmod(step, 3)
        want = rows[np.asarray(batches.epoch(ORDER, epoch)[position])]
        np.testing.assert_array_equal(batches.at(rows, ORDER, step), want)


@pytest.mark.parametrize("order", ["shuffled", "sequential"])
@pytest.mark.parametrize("size", [1, 4, 10])
def test_the_compiled_take_takes_the_same_rows(size, order):
    batches, rows = Batches(10, size, order), jnp.arange(10.0, dtype=jnp.float32)
    take = jax.jit(batches.take, static_argnums=3)
    permutation = batches.permutation(ORDER, 2)
    for position, part in enumerate(batches.epoch(ORDER, 2)):
        taken = take(rows, permutation, jnp.asarray(position), len(part))
        total, mean = jnp.sum(taken), jnp.mean(taken)
        assert total == sum(part.tolist())
        np.testing.assert_allclose(mean, np.mean(part.tolist()), rtol=1e-6)  # over the actual size


@pytest.mark.parametrize("size", [0, 11])
def test_sizes_outside_the_rows_are_refused(size):
    with pytest.raises(jgd.JgdError, match="batch_size must be a whole number from 1 to 10"):
        Batches(10, size)
