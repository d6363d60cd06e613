"""The ground that all transforms are tested on: a small quartic with noise that differs at every step, and ways to walk it."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jgd
from jgd.testing.problem import Problem, quartic

_RNG = np.random.default_rng(7)
START = {"bias": np.array(0.3), "weights": np.array([[1.0, -0.7, 0.2], [0.5, -0.1, 0.9]])}
NOISE = {name: _RNG.normal(size=(12, *leaf.shape)) for name, leaf in START.items()}


PROBLEM = Problem(quartic, START, NOISE)
params, loss = PROBLEM.params, quartic


def noise(steps=12, dtype=None):
    return PROBLEM.first(steps, dtype)


def gradient(w, t):
    """The same gradient in NumPy: trees of float64."""
    return {name: leaf**3 + leaf / 2 + NOISE[name][t] for name, leaf in w.items()}


def path(optimizer, steps=12, start=None):
    """Parameters after each step, leaves (steps, …), and the end."""

    def one(progress, batch):
        progress, _ = jgd.step(loss, optimizer, progress, batch)
        return progress, progress.params

    start = params() if start is None else start
    end, walked = jax.jit(lambda p: jax.lax.scan(one, p, noise(steps)))(jgd.start(optimizer, start))
    return {name: np.asarray(leaf) for name, leaf in walked.items()}, end


def same(a, b, **tolerance):
    chex.assert_trees_all_close(a, b, **{"rtol": 1e-11, **tolerance})


def transformed(transform, grads, params, **given):
    """What a transform alone makes of one gradient."""
    optimizer = jgd.chain(transform)
    return optimizer.update(grads, optimizer.init(params), params, **given)[0]


def optaxs(optimizer, steps=12):
    """`path` by an optax optimizer."""
    optax = pytest.importorskip("optax")
    weights, walked = params(), []
    state = optimizer.init(weights)
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        for t in range(steps):
            numbers = {name: np.asarray(leaf) for name, leaf in weights.items()}
            grads = {name: jnp.asarray(g) for name, g in gradient(numbers, t).items()}
            updates, state = optimizer.update(grads, state, weights)
            weights = optax.apply_updates(weights, updates)
            walked.append(weights)
    return {name: np.array([tree[name] for tree in walked]) for name in weights}


def conds(optimizer):
    """How many real `cond`s are in one step of a block of lanes, whose counter is shared."""
    from jgd.lane import LANE_AXES

    lanes = jgd.start(optimizer, params())
    lanes = jax.tree.map(lambda x: jnp.stack([x, x]), lanes)
    lanes = type(lanes)(lanes.params, type(lanes.opt_state)(jnp.int32(0), lanes.opt_state.inner))
    one = lambda progress, batch: jgd.step(loss, optimizer, progress, batch)[0]
    batch = jax.tree.map(lambda n: n[0], noise())
    block = jax.vmap(one, in_axes=(LANE_AXES.train_state, None), out_axes=LANE_AXES.train_state)
    return str(jax.make_jaxpr(block)(lanes, batch)).count(" cond[")


def widened(tree):
    return jax.tree.map(lambda x: x.astype("float32"), tree)
