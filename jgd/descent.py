"""Layer 3: one step of descent, and many of them as one scan. `train` and `sweep` both stand on it.

loss(params, batch) ─► value, gradient ─► optimizer.update ─► params + updates
"""

from functools import partial
from typing import NamedTuple

import jax
from jax import Array

from jgd.core import tree
from jgd.core.functions import OnBatch
from jgd.core.optimizer import Optimizer, OptimizerState
from jgd.core.record import record
from jgd.core.types import Batch, Loss, Params
from jgd.core.updates import apply_updates


@record
class TrainState:
    """Where a run stands.

    Attributes:
        params: The parameters that descend.
        opt_state: The optimizer's state; its `step` counts the updates made.
    """

    params: Params
    opt_state: OptimizerState


@record
class StepMetrics:
    """What one step saw, () each in the compute dtype of the parameters.

    Attributes:
        loss: On the step's batch, before the update.
        gradient_norm: Of the gradient there.
        update_norm: Of the update.
        learning_rate: The one used.
    """

    loss: Array
    gradient_norm: Array
    update_norm: Array
    learning_rate: Array


def start(optimizer: Optimizer, params: Params, noise: Array | None = None) -> TrainState:
    """The state before the first step.

    Args:
        optimizer: The method of descent.
        params: A pytree of floating arrays.
        noise: The run's own key for transforms that draw; None leaves them their own seed.

    Returns:
        The state, with no update made.

    Raises:
        JgdTypeError: A leaf of `params` is not floating.

    Example:
        >>> import jax.numpy as jnp
        >>> import jgd
        >>> int(jgd.start(jgd.optimizers.sgd(0.25), jnp.zeros(2)).opt_state.step)
        0
    """
    opt_state = optimizer.init(params)
    return TrainState(params, opt_state if noise is None else optimizer.reseed(opt_state, noise))


def step(loss: Loss, optimizer: Optimizer, train_state: TrainState, batch: Batch) -> tuple[TrainState, StepMetrics]:
    """One update on one batch. Pure; jit, vmap and scan it as you like.

    All gradients are taken before any parameter moves.

    Args:
        loss: (params, batch) -> one real floating number.
        optimizer: The method of descent.
        train_state: From `start` or the step before.
        batch: What `loss` takes.

    Returns:
        The state after the update, and what the step saw.

    Raises:
        JgdTypeError: At trace time, for a loss that returns something else or branches in Python on a value.

    Example:
        >>> import jax.numpy as jnp
        >>> import jgd
        >>> loss = lambda w, batch: jnp.sum((w - batch) ** 2)
        >>> optimizer = jgd.optimizers.sgd(0.25)
        >>> train_state = jgd.start(optimizer, jnp.zeros(2))
        >>> train_state, metrics = jgd.step(loss, optimizer, train_state, jnp.array([1.0, 2.0]))
        >>> train_state.params.tolist(), float(metrics.loss)
        ([0.5, 1.0], 5.0)
    """
    train_state, seen = descend(OnBatch(loss, batch), optimizer, train_state)
    return train_state, metrics_of(optimizer, train_state, seen)


class Seen(NamedTuple):
    """What a step computed on its way."""

    value: Array
    grads: Params
    updates: Params


def descend(at: OnBatch, optimizer: Optimizer, train_state: TrainState) -> tuple[TrainState, Seen]:
    """`step` without its metrics, whose norms cost more to trace than Adam."""
    value, grads = jax.value_and_grad(at)(train_state.params)
    updates, opt_state = optimizer.update(grads, train_state.opt_state, train_state.params, value=value, loss=at)
    params = apply_updates(train_state.params, updates)
    return TrainState(params, opt_state), Seen(value.astype(tree.compute_dtype(params)), grads, updates)


def metrics_of(optimizer: Optimizer, after: TrainState, seen: Seen) -> StepMetrics:
    """The metrics of the step that `descend` has made."""
    wide = tree.compute_dtype(after.params)
    norm = tree.fast_global_norm(tree.widen(seen.grads, wide))
    rate = optimizer.info(after.opt_state).learning_rate.astype(wide)
    return StepMetrics(seen.value, norm, tree.fast_global_norm(seen.updates), rate)


def rollout(loss: Loss, optimizer: Optimizer, params: Params, batches: Batch) -> tuple[TrainState, StepMetrics]:
    """Steps over `batches` as one scan: what to jit, vmap or differentiate *through* training.

    Nothing is watched or stopped; `train` does that.

    Args:
        loss: (params, batch) -> one real floating number.
        optimizer: The method of descent.
        params: Where it starts.
        batches: A tree of arrays (steps, …).

    Returns:
        The state after the last step, and what the steps saw, (steps,) each.

    Example:
        >>> import jax.numpy as jnp
        >>> import jgd
        >>> loss = lambda w, batch: jnp.sum((w - batch) ** 2)
        >>> end = lambda rate: rollout(loss, jgd.optimizers.sgd(rate), jnp.zeros(()), jnp.ones(3))[1].loss[-1]
        >>> round(float(jax.grad(end)(0.1)), 4)
        -4.096
    """
    return jax.lax.scan(partial(step, loss, optimizer), start(optimizer, params), batches)
