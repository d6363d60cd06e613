"""Layer 5: a segment of steps as one compiled loop over epochs, which `train` and `sweep` share.

A segment takes one lane some steps further, or a block of lanes (see `jgd.lane`).
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import seeds, tree
from jgd.core.functions import ExamplesWanted, can_weigh
from jgd.core.loss_protocol import takes
from jgd.core.optimizer import Optimizer
from jgd.core.record import record, static_field
from jgd.core.sharding import Sharding
from jgd.core.types import Batch, Loss, Params
from jgd.data.batches import Batches
from jgd.descent import StepMetrics
from jgd.lane import LANE_AXES, Lane, guarded_step
from jgd.stopping import Thresholds

WHOLE_SPAN = 16  # steps that count as an epoch where every batch is all rows


@record
class EpochOrder:
    """The order of rows of the epoch in hand, so that a halt within an epoch doesn't draw it again."""

    epoch: Array  # () int32; −1 before the first
    rows: Array


@record
class LoopCarry:
    """What the loop carries from step to step."""

    lane: Lane
    metrics: Any  # StepMetrics, or a dict of losses and aux alone, (capacity,); (capacity, lanes) of a block
    observations: Any  # what `observe` returned, (capacity, …); None without it
    order: EpochOrder


@record
class EpochLoop:
    """The steps of a run, epoch after epoch: everything about them that a segment doesn't change.

    `data` are the training rows, `key` is the seed's ORDER stream and `loss_key` its LOSS stream. `capacity`: the steps
    of a segment at most.
    `losses_only`: of the steps' metrics the losses, aux and what `record` names alone are kept; norms cost a step a tenth.
    `aux`: the names of what the loss returns beside its value, sorted.
    `sharding`: how a lane's arrays stay cut over devices; None on one.
    `lanes`: the width of a block whose `optimizer`, `limit` and lane have a leading lane axis (see `LANE_AXES`), and
    whose loss has one where `loss_axis` is 0; the batch is shared by all lanes.
    `filled`: an epoch's short last batch is filled up by rows of weight 0, see `segment`.
    """

    loss: Loss
    optimizer: Optimizer
    data: Batch
    key: Array
    limit: Array  # the loss above which the lane has diverged
    batches: Batches
    thresholds: Thresholds | None = None
    capacity: int = static_field(default=1)
    observe: Callable[[Params], Any] | None = static_field(default=None)
    lanes: int | None = static_field(default=None)
    filled: bool = static_field(default=False)
    losses_only: bool = static_field(default=False)
    record: tuple[str, ...] = static_field(default=())
    loss_axis: int | None = static_field(default=None)
    loss_key: Array | None = None
    aux: tuple[str, ...] = static_field(default=())
    sharding: Sharding | None = static_field(default=None)

    def init(self, lane: Lane) -> LoopCarry:
        """The carry of a segment before its first step: its buffers are empty."""
        wide = tree.compute_dtype(lane.train_state.params)
        row = jnp.zeros((self.capacity,) if self.lanes is None else (self.capacity, self.lanes), wide)
        observed = None if self.observe is None else jax.eval_shape(self.observe, lane.train_state.params)
        observations = jax.tree.map(lambda x: jnp.zeros((self.capacity, *x.shape), x.dtype), observed)
        drawn = jax.eval_shape(self._permutation, lane.train_state.opt_state.step)
        order = EpochOrder(jnp.full((), -1, jnp.int32), jnp.zeros(drawn.shape, drawn.dtype))
        aux = dict.fromkeys(self.aux, row)
        kept = (
            {"loss": row, **aux, **dict.fromkeys(self.record, row)}
            if self.losses_only
            else StepMetrics(row, row, row, row, aux)
        )
        return LoopCarry(lane, kept, observations, order)

    def run_until(self, carry: LoopCarry, begin: Array, end: Array) -> LoopCarry:
        """The carry at step `end`, or soon after no lane is active. begin: the segment's first step."""
        since, span = carry.lane.train_state.opt_state.step, self._span
        epoch = partial(self._one_epoch, begin=begin, since=since, end=end)
        return while_active(since // span, -(-end // span), epoch, carry)

    @property
    def _span(self) -> int:
        """Steps between two draws of an order, and of a block between two looks whether a lane is active."""
        return WHOLE_SPAN if self.batches.whole else self.batches.per_epoch

    def _permutation(self, epoch: Array) -> Array:
        rows = self.batches.permutation(self.key, epoch)
        return self.batches.filled(rows) if self.filled else rows

    def _one_epoch(self, epoch: Array, carry: LoopCarry, *, begin: Array, since: Array, end: Array) -> LoopCarry:
        """The steps since … end − 1 that lie in this epoch."""
        batches, order = self.batches, carry.order
        draw = lambda: EpochOrder(epoch, self._permutation(epoch))
        carry = replace(carry, order=jax.lax.cond(order.epoch == epoch, lambda: order, draw))
        first, rest = epoch * self._span, 0 if self.filled else batches.rest
        short = self._span - 1 if rest else self._span
        whole = lambda at, carry: self._one_step(carry, at, at - first, begin, batches.size)
        # a lane that is not active stays as it is: of a block, some steps too many cost less than a look at each
        each = while_active if self.lanes is None else jax.lax.fori_loop
        carry = each(jnp.maximum(since, first), jnp.minimum(end, first + short), whole, carry)
        if rest:  # the short last batch has a shape of its own: a second copy of the step, once an epoch
            due = (since <= first + short) & (first + short < end) & carry.lane.active.any()
            last = lambda carry: self._one_step(carry, first + short, jnp.int32(short), begin, rest)
            carry = jax.lax.cond(due, last, lambda carry: carry, carry)
        return carry

    def _one_step(self, carry: LoopCarry, at: Array, position: Array, begin: Array, size: int) -> LoopCarry:
        """Step number `at`, on the batch of `size` rows at a position of the epoch."""
        key = seeds.loss_key(self.loss_key, at) if takes(self.loss).key else None
        lane, metrics = self._guarded(carry.lane, self._batch(carry.order.rows, position, size), key)
        if self.thresholds is not None:
            of = lane.thresholds, metrics.loss, metrics.gradient_norm, at, self.batches.per_epoch
            lane = replace(lane, thresholds=self.thresholds.update(*of))
        if self.sharding is not None:
            lane = self.sharding.pin(lane, lane.train_state.params)
        write = lambda into, value: jax.lax.dynamic_update_index_in_dim(into, value, at - begin, 0)
        kept, observations = jax.tree.map(write, carry.metrics, metrics), carry.observations
        if self.observe is not None:
            observations = jax.tree.map(write, observations, self.observe(lane.train_state.params))
        return LoopCarry(lane, kept, observations, carry.order)

    def _batch(self, rows: Array, position: Array, size: int) -> Batch:
        if not self.filled:
            return self.batches.take(self.data, rows, position, size)
        loss: Any = self.loss
        return loss.weighted(*self.batches.take_filled(self.data, rows, position))

    def _guarded(self, lane: Lane, batch: Batch, key: Array | None) -> tuple[Lane, Any]:
        options = {"losses_only": self.losses_only, "record": self.record, "filled": self.filled}
        if self.lanes is None:
            return guarded_step(self.loss, self.optimizer, lane, self.limit, batch, key, vectorized=False, **options)
        axes = (self.loss_axis, 0, LANE_AXES, 0, None, None)
        block = jax.vmap(partial(guarded_step, **options), in_axes=axes, out_axes=(LANE_AXES, 0))
        return block(self.loss, self.optimizer, lane, self.limit, batch, key)


def segment(loop: EpochLoop, lane: Lane, end: Array) -> tuple[Lane, Any, Any]:
    """Steps from the lane's own counter to `end`: -> (lane, metrics, observations), each with a (capacity,) axis.

    The bounds are numbers, not structure: one program serves segments of any length up to `capacity`, and a lane's
    bits don't depend on where segments are cut. The loop ends early once no lane is active; a block's, within an epoch.
    """
    if loop.batches.fillable and can_weigh(loop.loss):
        try:  # an epoch's short last batch as one of the others: the step is compiled once, not twice
            return _run(replace(loop, filled=True), lane, end)
        except ExamplesWanted:
            pass
    return _run(loop, lane, end)


def _run(loop: EpochLoop, lane: Lane, end: Array) -> tuple[Lane, Any, Any]:
    carry = loop.run_until(loop.init(lane), lane.train_state.opt_state.step, end)
    return carry.lane, carry.metrics, carry.observations


def while_active(first: Array, last: Array, body: Callable[[Array, Any], Any], carry: Any) -> Any:
    """body(i, carry) for i in first … last − 1, as long as a lane of `carry.lane` is active."""
    more = lambda state: (state[0] < last) & state[1].lane.active.any()
    return jax.lax.while_loop(more, lambda state: (state[0] + 1, body(*state)), (first, carry))[1]
