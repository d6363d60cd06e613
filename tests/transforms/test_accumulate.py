"""Accumulation is the inner method on the mean gradient, at its own clock; a loss in pieces is the loss."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import ground
from helpers.ground import same

import jgd
from jgd.schedules import InverseTimeDecay
from jgd.transforms import Accumulate, ClipByGlobalNorm

pytestmark = pytest.mark.slow  # the fast part runs what these stand on

adam = jgd.optimizers.adam(InverseTimeDecay(0.05, decay_rate=0.5), b1=0.8, eps=1e-3)


def test_k_micro_batches_are_one_update_on_their_mean(x64):
    """The loss is linear in its noise, so the mean gradient is the gradient at the mean noise."""
    walked, end = ground.path(jgd.chain(Accumulate(adam.transform, 3)))
    means = jax.tree.map(lambda n: n.reshape(4, 3, *n.shape[1:]).mean(axis=1), ground.noise())
    want, _ = jgd.rollout(ground.loss, adam, ground.params(), means)
    same(end.params, want.params)
    same(end.opt_state.inner[0].inner, want.opt_state.inner)
    moved = np.abs(np.diff(walked["bias"], prepend=0.3)) > 0
    assert moved.tolist() == [False, False, True] * 4


def test_between_updates_nothing_is_computed():
    assert ground.conds(jgd.chain(Accumulate(adam.transform, 3))) == 1


def test_a_link_that_uses_the_value_gets_the_mean():
    @jgd.record
    class ByValue(jgd.Transform):
        def update(self, updates, state, context):
            return jax.tree.map(lambda u: context.value_for("ByValue") * u, updates), state

    optimizer, params = jgd.chain(Accumulate(ByValue(), 2)), jnp.ones(())
    state = optimizer.init(params)
    for value in (1.0, 5.0):
        updates, state = optimizer.update(jnp.float32(2.0), state, params, value=jnp.float32(value))
    assert float(updates) == 3 * 2


def test_a_skipped_micro_batch_leaves_a_mean():
    optimizer, params = jgd.chain(Accumulate(jgd.optimizers.sgd(1.0).transform, 3)), jnp.zeros(())
    state = optimizer.init(params)
    _, state = optimizer.update(jnp.float32(2.0), state, params)
    _, state = optimizer.update(jnp.float32(4.0), state, params)
    skipped = type(state)(state.step, optimizer.init(params).inner)  # the state of before the first two
    updates, _ = optimizer.update(jnp.float32(8.0), skipped, params)
    assert float(updates) == -8.0


def test_what_looks_at_the_loss_is_refused_by_name():
    with pytest.raises(jgd.JgdError, match=r"DescendByLookAhead.*in_pieces"):
        Accumulate(jgd.optimizers.nesterov(0.1).transform.transforms[0], 2)
    searches = jgd.chain(jgd.transforms.BacktrackingSearch()).transform
    optimizer = jgd.chain(Accumulate(searches, 2))
    with pytest.raises(jgd.JgdError, match=r"one micro-batch only.*in_pieces"):
        ground.path(optimizer)


@pytest.mark.parametrize(("transform", "said"), [(3, "takes transforms"), (ClipByGlobalNorm, "takes")])
def test_only_transforms_are_held(transform, said):
    with pytest.raises(jgd.JgdError, match=said):
        Accumulate(transform, 2)


def test_a_period_is_a_whole_number():
    with pytest.raises(jgd.JgdError, match="steps must be a whole number >= 1, got 0"):
        Accumulate(adam.transform, 0)


def mean_square(w, batch):
    x, y = batch
    return jnp.mean((x @ w["w"] - y) ** 2) + 0.1 * jnp.sum(w["w"] ** 2)


BATCH = (np.random.default_rng(1).normal(size=(12, 3)), np.arange(12.0))


@pytest.mark.parametrize("pieces", [1, 4, 5, 12, 99])
def test_a_loss_in_pieces_is_the_loss(pieces, x64):
    params = {"w": jnp.array([1.0, -2.0, 0.5])}
    loss = jgd.in_pieces(mean_square, pieces)
    same(jax.jit(jax.value_and_grad(loss))(params, BATCH), jax.value_and_grad(mean_square)(params, BATCH), rtol=1e-13)
    same(jax.hessian(loss)(params, BATCH), jax.hessian(mean_square)(params, BATCH), rtol=1e-12, atol=1e-13)
    each = lambda loss: jgd.OnBatch(loss, jax.tree.map(jnp.asarray, BATCH)).example_gradients(params)
    same(each(loss), each(mean_square))


def test_every_method_works_on_a_loss_in_pieces(x64):
    batches = jax.tree.map(lambda x: jnp.stack([jnp.asarray(x)] * 5), BATCH)
    run = lambda loss: jgd.rollout(loss, jgd.optimizers.nesterov(0.01), {"w": jnp.ones(3)}, batches)
    same(run(jgd.in_pieces(mean_square, 3)), run(mean_square))


def test_pieces_gradients_are_summed_wide():
    """256 gradients of 1 and then small ones: a bfloat16 sum would stop at 256."""
    rows = jnp.ones((1024, 1), jnp.bfloat16)
    loss = jgd.in_pieces(lambda w, x: jnp.mean(w * x), 1024)
    assert float(jax.grad(loss)(jnp.bfloat16(1.0), rows)) == 1.0


def test_pieces_save_memory():
    def deep(w, x):
        for _ in range(8):
            x = jnp.tanh(x @ w)
        return jnp.mean(x**2)

    w, x = jnp.ones((16, 16)), jnp.ones((4096, 16))
    room = lambda loss: jax.jit(jax.grad(loss)).lower(w, x).compile().memory_analysis().temp_size_in_bytes
    assert room(jgd.in_pieces(deep, 16)) < room(deep) / 4


def test_pieces_are_one_or_more_and_need_not_divide_the_rows_that_are_evaluated():
    rows = tuple(np.concatenate([x] * 100) for x in jax.tree.leaves(BATCH))
    loss = lambda p, b: mean_square(p, jax.tree.unflatten(jax.tree.structure(BATCH), b))
    runs = [
        jgd.train(each, jgd.optimizers.sgd(0.01), {"w": jnp.ones(3)}, rows, batch_size=6, steps=2, validation=rows)
        for each in (loss, jgd.in_pieces(loss, 7))
    ]
    same(*(run.evaluations for run in runs), rtol=1e-5)
    with pytest.raises(jgd.JgdError, match="pieces must be a whole number >= 1, got 0"):
        jgd.in_pieces(mean_square, 0)


@pytest.mark.slow
def test_accumulation_as_in_optax(x64):
    optax = pytest.importorskip("optax")
    ours, _ = ground.path(jgd.chain(Accumulate(jgd.optimizers.momentum(0.05, 0.8).transform, 3)))
    theirs = ground.optaxs(optax.MultiSteps(optax.sgd(0.05, momentum=0.8), 3))
    same(ours, theirs, rtol=1e-7)  # their running mean divides by a float32 count
