"""Matrices are stored transposed while a block runs, where the loss only multiplies by them and the method doesn't mind."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jgd
from jgd.core.loss_protocol import takes
from jgd.lane import NOT_DIVERGED, Lane
from jgd.sweeps.engine.layout import Layout
from jgd.sweeps.run_spec import RunSpec

PARAMS = {"table": jnp.ones((5, 3)), "weights": jnp.arange(6.0).reshape(3, 2)}
ROWS = jnp.zeros(4, jnp.int32)
LANES = 2


def multiplied(params, rows):
    return jnp.sum(jnp.tanh(params["table"][rows]) @ params["weights"])


def named(params, rows):
    return jax.jit(multiplied)(params, rows)


def squared_too(params, rows):
    return multiplied(params, rows) + jnp.sum(params["weights"] ** 2)


def from_the_right(params, rows):
    return jnp.sum(params["table"][rows] @ params["weights"] @ params["weights"].T)


def toward_a_target(params, rows, key, state):
    """With everything that a loss may have, and a state that is like the parameters."""
    noise = jax.random.normal(key, (4, 2))
    target = jnp.tanh(state["table"][rows]) @ state["weights"] + noise
    return multiplied(params, rows) - jnp.mean(target), {}, state


@jgd.record
class ByColumns(jgd.transforms.ScaleByLearningRate):
    """Derives from a method that doesn't mind, and does."""

    def update(self, updates, state, context):
        return super().update(jax.tree.map(lambda g: g / jnp.abs(g).sum(axis=0), updates), state, context)


@jgd.record
class InPairs(jgd.transforms.ScaleByLearningRate):
    """Remembers matrices in another tree than the parameters' own."""

    entrywise = True

    def init(self, params):
        return super().init(params), jax.tree.map(lambda p: (p, p), params)

    def update(self, updates, state, context):
        return updates, state


SGD = jgd.optimizers.sgd(0.1)


def layout(loss, optimizer):
    block = jax.tree.map(lambda x: jnp.stack([x] * LANES), jgd.start(optimizer, PARAMS, model_state=PARAMS))
    return Layout.of(RunSpec(optimizer), jax.tree_util.Partial(loss), None, block, ROWS, jax.random.key(0))


@pytest.mark.parametrize(
    ("loss", "optimizer", "turned"),
    [
        (multiplied, jgd.optimizers.adam(0.1), (False, True)),  # a table whose rows are looked up stays
        (named, jgd.optimizers.adam(0.1), (False, True)),
        (multiplied, jgd.chain(jgd.transforms.ClipByGlobalNorm(1.0), jgd.optimizers.sgd(0.1)), (False, True)),
        (multiplied, jgd.optimizers.muon(0.1), (False, False)),
        (multiplied, jgd.optimizers.get("adafactor")(0.1), (False, False)),
        (multiplied, jgd.chain(ByColumns(0.1)), (False, False)),
        (multiplied, jgd.Optimizer(InPairs(0.1)), (False, False)),
        (multiplied, jgd.transforms.partition({"table": SGD, "*": SGD}), (False, False)),
        (squared_too, jgd.optimizers.adam(0.1), (False, False)),
        (toward_a_target, jgd.optimizers.adam(0.1), (False, True)),
        (from_the_right, jgd.optimizers.adam(0.1), (False, False)),
    ],
)
def test_what_is_stored_transposed(loss, optimizer, turned):
    assert layout(loss, optimizer).turned == turned


def test_a_turned_block_is_the_block_and_its_loss_the_loss():
    optimizer = jgd.optimizers.adam(0.1)
    lane = Lane(jgd.start(optimizer, PARAMS, model_state=PARAMS), jnp.int32(NOT_DIVERGED))
    block = jax.tree.map(lambda x: jnp.stack([x] * LANES), lane)
    kept = layout(multiplied, optimizer)
    turned = kept.turn(block)
    mean = turned.train_state.opt_state.inner[0].mean.total
    assert (mean["weights"].shape, mean["table"].shape) == ((LANES, 2, 3), (LANES, 5, 3))
    assert turned.train_state.model_state["weights"].shape == (LANES, 3, 2)  # as the loss takes it
    stored, key = jax.tree.map(lambda x: x[0], turned.train_state.params), jax.random.key(0)
    state = {"key": key, "state": PARAMS}
    assert kept.loss(toward_a_target)(stored, ROWS, **state)[0] == toward_a_target(PARAMS, ROWS, **state)[0]
    assert takes(kept.loss(toward_a_target)) == takes(toward_a_target)
    assert kept.loss(multiplied)(stored, ROWS) == multiplied(PARAMS, ROWS)
    for mine, before in zip(jax.tree.leaves(kept.turn(turned)), jax.tree.leaves(block), strict=True):
        np.testing.assert_array_equal(mine, before)


def entrywise():
    """Name -> the registered optimizers that don't mind."""
    for name, build in jgd.optimizers.registry.items():
        needed = [p.name for p in inspect.signature(build).parameters.values() if p.default is p.empty]
        optimizer = build(0.1) if needed == ["learning_rate"] else None
        if optimizer is not None and optimizer.transform.entrywise:
            yield name, optimizer


@pytest.mark.slow
def test_methods_that_say_so_do_not_mind_transposed_matrices():
    optimizers = dict(entrywise())
    assert {"adam", "adamw", "sgd", "momentum", "rmsprop", "adagrad", "nesterov", "lion"} <= set(optimizers)
    noise = jax.random.normal(jax.random.key(0), (3, 4, 5))

    def path(optimizer, turn):
        params = turn(jnp.ones((4, 5)))
        state = optimizer.init(params)
        for grads in noise:
            loss = lambda params, grads=grads: jnp.sum(turn(grads) * params)
            updates, state = optimizer.update(turn(grads), state, params, loss=loss)
            params = jgd.apply_updates(params, updates)
        return params

    same, turned = jax.jit(
        lambda each: (
            [path(optimizer, lambda x: x) for optimizer in each],
            [path(optimizer, lambda x: x.T).T for optimizer in each],
        )
    )(list(optimizers.values()))
    for name, mine, its in zip(optimizers, same, turned, strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-6, err_msg=name)
