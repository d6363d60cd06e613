"""A small model with everything that a loss may have: draws by a key, batch statistics as a state, and aux."""

import jax
import jax.numpy as jnp
import numpy as np

import jgd

INPUTS = np.random.default_rng(0).normal(size=(24, 3)).astype(np.float32) + 1
ROWS = (INPUTS, (INPUTS @ np.array([1.0, -2.0, 0.5], np.float32)).astype(np.float32))


def start(key):
    return {"w": 0.1 * jax.random.normal(key, (3,))}


def start_state(key):
    return {"mean": jnp.zeros(3), "seen": 0}


def loss(params, batch, key, state):
    """Centered by the batch's mean, with a share of the features dropped."""
    inputs, targets = batch
    mean = inputs.mean(axis=0)
    centered = jnp.where(jax.random.bernoulli(key, 0.8, inputs.shape), inputs - mean[None], 0) / 0.8
    value = jnp.mean((centered @ params["w"] - targets) ** 2)
    after = {"mean": 0.9 * state["mean"] + 0.1 * mean, "seen": state["seen"] + 1}
    return value, {"weight": jnp.sum(params["w"] ** 2)}, after


def evaluated(params, batch, state):
    """Centered by the mean of the batches so far, without draws."""
    inputs, targets = batch
    return jnp.mean(((inputs - state["mean"][None]) @ params["w"] - targets) ** 2)


def farthest(params, rows, state):
    return jnp.max(jnp.abs(rows[0] - state["mean"][None]))


TASK = jgd.Task(
    "centered", start, loss, ROWS, ROWS, ROWS, {"farthest": farthest}, init_state=start_state, evaluation_loss=evaluated
)
