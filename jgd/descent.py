"""Layer 3: one step of descent, and many of them as one scan. `train` and `sweep` both stand on it.

loss(params, batch) ─► value, gradient ─► optimizer.update ─► params + updates
"""

from dataclasses import field
from functools import partial
from typing import Any, NamedTuple

import jax
from jax import Array

from jgd.core import checks, tree
from jgd.core.convolutions import in_fast_order
from jgd.core.loss_protocol import Aux, OnBatch, as_state
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
        model_state: What the model keeps beside its parameters (batch statistics, a target network), which the optimizer
            never sees; None without.
    """

    params: Params
    opt_state: OptimizerState
    model_state: Any = None


@record
class StepMetrics:
    """What one step saw, () each in the compute dtype of the parameters.

    Attributes:
        loss: On the step's batch, before the update.
        gradient_norm: Of the gradient there.
        update_norm: Of the update.
        learning_rate: The one used.
        aux: What the loss returned beside its value, by name.
    """

    loss: Array
    gradient_norm: Array
    update_norm: Array
    learning_rate: Array
    aux: Aux = field(default_factory=dict)


def start(optimizer: Optimizer, params: Params, noise: Array | None = None, *, model_state: Any = None) -> TrainState:
    """The state before the first step.

    Args:
        optimizer: The method of descent.
        params: A pytree of floating arrays.
        noise: The run's own key for transforms that draw; None leaves them their own seed.
        model_state: What a loss with a parameter `state` takes first, a pytree of arrays.

    Returns:
        The state, with no update made.

    Raises:
        JgdTypeError: A leaf of `params` is not floating, or one of `model_state` holds no numbers.

    Example:
        >>> import jax.numpy as jnp
        >>> import jgd
        >>> int(jgd.start(jgd.optimizers.sgd(0.25), jnp.zeros(2)).opt_state.step)
        0
    """
    checks.instance("optimizer", optimizer, Optimizer, "jgd.optimizers.sgd(0.1)")
    opt_state = optimizer.init(params)
    own = None if model_state is None else as_state(model_state)
    return TrainState(params, opt_state if noise is None else optimizer.reseed(opt_state, noise), own)


def step(
    loss: Loss, optimizer: Optimizer, train_state: TrainState, batch: Batch, key: Array | None = None
) -> tuple[TrainState, StepMetrics]:
    """One update on one batch. Pure; jit, vmap and scan it as you like.

    All gradients are taken before any parameter moves.

    Args:
        loss: (params, batch) -> one real floating number, or (it, aux); with a parameter `key` it draws by it, with a
            parameter `state` it returns (value, aux, state).
        optimizer: The method of descent.
        train_state: From `start` or the step before.
        batch: What `loss` takes.
        key: For a loss that draws; another one at each step.

    Returns:
        The state after the update, and what the step saw.

    Raises:
        JgdTypeError: At trace time, for a loss that returns something else, branches in Python on a value, or changes
            the kind of its state.

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
    _check_step(loss, optimizer, train_state)
    at = OnBatch(loss, batch, key, train_state.model_state)
    train_state, seen = descend(at, optimizer, train_state)
    return train_state, metrics_of(optimizer, train_state, seen)


def _check_step(loss: Any, optimizer: Any, train_state: Any) -> None:
    """Refuse arguments in each other's places."""
    if isinstance(loss, type) or not callable(loss):
        raise checks.JgdTypeError(
            f"loss must be callable as loss(params, batch), got {checks.shown(loss)}", argument="loss"
        )
    checks.instance("optimizer", optimizer, Optimizer, "jgd.optimizers.sgd(0.1)")
    if not isinstance(train_state, TrainState):
        raise checks.JgdTypeError(
            f"train_state must be what jgd.start(optimizer, params) returns, got {checks.shown(train_state)}",
            argument="train_state",
        )


class Seen(NamedTuple):
    """What a step computed on its way."""

    value: Array
    grads: Params
    updates: Params
    aux: Aux


def descend(at: OnBatch, optimizer: Optimizer, train_state: TrainState) -> tuple[TrainState, Seen]:
    """`step` without its metrics, whose norms cost more to trace than Adam."""
    (value, (aux, model_state)), grads = in_fast_order(jax.value_and_grad(at.outcome, has_aux=True))(train_state.params)
    updates, opt_state = optimizer.update(grads, train_state.opt_state, train_state.params, value=value, loss=at)
    params = apply_updates(train_state.params, updates)
    if model_state is not None:  # a batch that the guard has skipped leaves no trace in it
        model_state = tree.select(optimizer.info(opt_state).skipped, train_state.model_state, model_state)
    wide = tree.compute_dtype(params)
    aux = {name: number.astype(wide) for name, number in aux.items()}
    return TrainState(params, opt_state, model_state), Seen(value.astype(wide), grads, updates, aux)


def metrics_of(optimizer: Optimizer, after: TrainState, seen: Seen) -> StepMetrics:
    """The metrics of the step that `descend` has made."""
    wide = tree.compute_dtype(after.params)
    norm = tree.fast_global_norm(tree.widen(seen.grads, wide))
    rate = optimizer.info(after.opt_state).learning_rate.astype(wide)
    return StepMetrics(seen.value, norm, tree.fast_global_norm(seen.updates), rate, seen.aux)


def rollout(
    loss: Loss,
    optimizer: Optimizer,
    params: Params,
    batches: Batch,
    *,
    key: Array | None = None,
    model_state: Any = None,
) -> tuple[TrainState, StepMetrics]:
    """Steps over `batches` as one scan: what to jit, vmap or differentiate *through* training.

    Nothing is watched or stopped; `train` does that.

    Args:
        loss: As `step` takes it.
        optimizer: The method of descent.
        params: Where it starts.
        batches: A tree of arrays (steps, …).
        key: For a loss that draws, which gets `jax.random.fold_in(key, step)`.
        model_state: What a loss with a parameter `state` takes first.

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
    begin = start(optimizer, params, model_state=model_state)
    checks.rows("batches", batches)
    if key is None:
        return jax.lax.scan(partial(step, loss, optimizer), begin, batches)
    drawn = lambda state, batch: step(loss, optimizer, state, batch, jax.random.fold_in(key, state.opt_state.step))
    return jax.lax.scan(drawn, begin, batches)
