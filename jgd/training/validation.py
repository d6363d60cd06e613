"""Validation inside the compiled loop: a segment that halts to evaluate, and goes on while the run is active.

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
from jgd.epoch_loop import EpochLoop, LoopCarry, while_active
from jgd.lane import Lane, eval_params_of
from jgd.metrics import evaluation
from jgd.stopping import EarlyStopping


@record
class Validation:
    """What is evaluated, when, and the rule that judges it."""

    loss: Loss
    metrics: dict[str, Loss]
    rows: Batch
    early_stopping: EarlyStopping
    every: Array  # () int32: steps between evaluations
    total_steps: Array  # () int32: of the run
    metric: str = static_field()

    def due(self, lane: Lane) -> Array:
        """() bool: an evaluation belongs here, and wasn't made yet."""
        made = lane.updates_made
        here = (made % self.every == 0) | (made == self.total_steps) | ~lane.active
        return here & (made != lane.early_stopping.evaluated_at)

    def values(self, params: Params, model_state: Any) -> dict[str, Array]:
        """The loss and each metric, by name, () each."""
        return evaluation(self.metrics, self.loss, params, self.rows, model_state)

    def evaluate(self, optimizer: Optimizer, lane: Lane) -> tuple[Lane, dict[str, Array]]:
        """-> (the lane whose optimizer and early stopping know the evaluation, the evaluation)."""
        params, own = eval_params_of(optimizer, lane), lane.train_state.model_state
        values = self.values(params, own)
        opt_state = optimizer.observe(lane.train_state.opt_state, values[self.metric])
        early = self.early_stopping.update(lane.early_stopping, params, lane.updates_made, values[self.metric], own)
        train_state = replace(lane.train_state, opt_state=opt_state)
        return replace(lane, train_state=train_state, early_stopping=early), values


@record
class Evaluations:
    """Those of a segment, in the first `count` places."""

    step: Array  # (places,) int32: updates made before each
    values: dict[str, Array]  # name -> (places,)
    count: Array  # () int32

    def append(self, step: Array, values: dict[str, Array]) -> "Evaluations":
        """These and one more."""
        write = lambda into, value: jax.lax.dynamic_update_index_in_dim(into, value, self.count, 0)
        return Evaluations(write(self.step, step), jax.tree.map(write, self.values, values), self.count + 1)


@record
class EvaluatedCarry:
    """What the loop over halts carries."""

    loop: LoopCarry
    evaluations: Evaluations

    @property
    def lane(self) -> Lane:
        """The lane that the loop takes further."""
        return self.loop.lane


def evaluated_segment(
    validation: Validation, loop: EpochLoop, lane: Lane, end: Array
) -> tuple[Lane, Any, Any, Evaluations]:
    """`segment` with its evaluations, the one before the first step included: -> (lane, metrics, observations, they)."""
    every, begin = validation.every, lane.train_state.opt_state.step

    def evaluate(carry: EvaluatedCarry) -> EvaluatedCarry:
        lane, values = validation.evaluate(loop.optimizer, carry.lane)
        evaluations = carry.evaluations.append(lane.updates_made, values)
        return EvaluatedCarry(replace(carry.loop, lane=lane), evaluations)

    def between_evaluations(number: Array, carry: EvaluatedCarry) -> EvaluatedCarry:
        """The steps up to halt `number`, none where it is the place that the segment begins at."""
        until = jnp.where(number > end // every, end, number * every)
        carry = replace(carry, loop=loop.run_until(carry.loop, begin, until))
        # once at most: out of a loop the compiler moves what never changes, out of a cond it doesn't
        return jax.lax.while_loop(lambda carry: validation.due(carry.lane), evaluate, carry)

    places = lambda x: jnp.zeros((loop.capacity + 1, *x.shape), x.dtype)
    values = jax.tree.map(
        places, jax.eval_shape(validation.values, lane.train_state.params, lane.train_state.model_state)
    )
    empty = Evaluations(places(begin), values, jnp.zeros((), jnp.int32))
    carry = EvaluatedCarry(loop.init(lane), empty)
    carry = while_active(-(-begin // every), -(-end // every) + 1, between_evaluations, carry)
    return carry.lane, carry.loop.metrics, carry.loop.observations, carry.evaluations
