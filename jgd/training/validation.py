"""Validation inside the compiled loop: a segment that halts to evaluate, and goes on until the run has had enough.

The halts are at multiples of `every`, at the last step, and where a run ends before it. Nothing comes back to the host
in between, so that evaluating often costs what the evaluations cost.
"""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core.optimizer import Optimizer
from jgd.core.record import record, static_field
from jgd.core.types import Batch, Loss, Params
from jgd.descent import Lane, deployed, walking, while_going
from jgd.stopping import EarlyStopping
from jgd.watch import evaluation


@record
class Validation:
    """What is evaluated, when, and who judges it."""

    loss: Loss
    metrics: dict[str, Loss]
    rows: Batch
    judge: EarlyStopping
    every: Array  # () int32: steps between evaluations
    total: Array  # () int32: steps of the run
    metric: str = static_field()

    def due(self, lane: Lane) -> Array:
        """() bool: an evaluation belongs here, and wasn't made yet."""
        here = (lane.done % self.every == 0) | (lane.done == self.total) | ~lane.going
        return here & (lane.done != lane.best.seen)

    def measured(self, params: Params) -> dict[str, Array]:
        return evaluation(self.metrics, self.loss, params, self.rows)

    def of(self, optimizer: Optimizer, lane: Lane) -> tuple[Lane, dict[str, Array]]:
        """The lane that has heard its evaluation, and the evaluation."""
        params = deployed(optimizer, lane)
        values = self.measured(params)
        told = optimizer.observe(lane.progress.state, values[self.metric])
        best = self.judge.watch(lane.best, params, lane.done, values[self.metric])
        return replace(lane, progress=replace(lane.progress, state=told), best=best), values


@record
class Evaluations:
    """Those of a segment, in the first `count` places."""

    step: Array  # (room,) int32: updates made before each
    values: dict[str, Array]  # name -> (room,)
    count: Array  # () int32

    def append(self, step: Array, values: dict[str, Array]) -> "Evaluations":
        write = lambda into, value: jax.lax.dynamic_update_index_in_dim(into, value, self.count, 0)
        return Evaluations(write(self.step, step), jax.tree.map(write, self.values, values), self.count + 1)


def validated(
    validation: Validation,
    loss: Loss,
    optimizer: Optimizer,
    lane: Lane,
    data: Batch,
    key: Array,
    limit: Array,
    end: Array,
    *,
    capacity: int,
    **options: Any,
) -> tuple[Lane, Any, Any, Evaluations]:
    """`segment` with its evaluations, the one before the first step included: -> (lane, reports, observations, they)."""
    walk, room = walking(loss, optimizer, lane, data, key, limit, capacity=capacity, **options)
    every, since = validation.every, lane.progress.state.step

    def halt(carry: tuple[Lane, Evaluations]) -> tuple[Lane, Evaluations]:
        lane, values = validation.of(optimizer, carry[0])
        return lane, carry[1].append(lane.done, values)

    def stretch(number: Array, carry: Any) -> Any:
        """The steps up to halt `number`, none where it is the place that the segment begins at."""
        *carry, made = carry
        until = jnp.where(number > end // every, end, number * every)
        lane, *seen = walk(tuple(carry), until)
        # once at most: out of a loop the compiler moves what never changes, out of a cond it doesn't
        lane, made = jax.lax.while_loop(lambda carry: validation.due(carry[0]), halt, (lane, made))
        return lane, *seen, made

    places = lambda x: jnp.zeros((capacity + 1, *x.shape), x.dtype)
    values = jax.tree.map(places, jax.eval_shape(validation.measured, lane.progress.params))
    made = Evaluations(places(since), values, jnp.zeros((), jnp.int32))
    lane, reports, observations, _, made = while_going(
        -(-since // every), -(-end // every) + 1, stretch, (lane, *room, made)
    )
    return lane, reports, observations, made
