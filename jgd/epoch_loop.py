"""Layer 5: a segment of steps as one compiled loop over epochs, which `train` and `sweep` share.

A `Lane` is one run: its state and the step at which it diverged. A segment takes one lane some steps further, or a
block of lanes (vmapped, all at one step, so that the counter has no lane axis and periodic work stays a real `cond`).
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import seeds, tree
from jgd.core.loss_protocol import takes
from jgd.core.optimizer import Optimizer, OptimizerState
from jgd.core.record import record, static_field
from jgd.core.types import Batch, Loss, Params
from jgd.data.batches import Batches
from jgd.descent import StepMetrics, TrainState, step
from jgd.stopping import NOT_MET, EarlyStoppingState, Thresholds, ThresholdState

NOT_DIVERGED = -1  # `diverged_at` of a lane that has not


@record
class Lane:
    """A run that can diverge.

    Attributes:
        train_state: The parameters and the optimizer's state. From a divergence on the parameters stay what they were,
            the last finite ones.
        diverged_at: () int32, the first step whose update was refused; `NOT_DIVERGED` until then.
        thresholds: What the thresholds of a run remember; () without them.
        early_stopping: What its evaluations do; () without them.
    """

    train_state: TrainState
    diverged_at: Array
    thresholds: Any = ()
    early_stopping: Any = ()

    @property
    def active(self) -> Array:
        """() bool: it has neither diverged, nor met a threshold, nor run out of patience."""
        active = self.diverged_at == NOT_DIVERGED
        active = active & (self.thresholds.at == NOT_MET) if isinstance(self.thresholds, ThresholdState) else active
        early = self.early_stopping
        return active & ~early.out_of_patience if isinstance(early, EarlyStoppingState) else active

    @property
    def updates_made(self) -> Array:
        """() int32."""
        return jnp.where(self.diverged_at == NOT_DIVERGED, self.train_state.opt_state.step, self.diverged_at)


# which leaves of a block of lanes have a lane axis: the counter is one for all
LANE_AXES = Lane(TrainState(0, OptimizerState(step=None, inner=0), model_state=0), diverged_at=0)  # pyright: ignore


def eval_params_of(optimizer: Optimizer, lane: Lane) -> Params:
    """What to evaluate and keep: the optimizer's eval_params, or the last finite parameters of a lane that diverged."""
    params = lane.train_state.params
    read = optimizer.eval_params(lane.train_state.opt_state, params)
    return params if read is params else tree.select(lane.diverged_at == NOT_DIVERGED, read, params)


def arrays_of(lane: Lane) -> tuple[tuple[Any, Any, Any], Array]:
    """What of a lane has a lane axis in a block: ((params, the optimizer's state, the model's), diverged_at)."""
    state = lane.train_state
    return (state.params, state.opt_state.inner, state.model_state), lane.diverged_at


def train_state_of(step: Any, arrays: tuple[Any, Any, Any]) -> TrainState:
    """The state that `arrays_of` took apart, after `step` updates."""
    params, inner, model_state = arrays
    return TrainState(params, OptimizerState(step, inner), model_state)


def lane_of(block: Lane) -> Lane:
    """The lane of a block of one, without a lane axis."""
    return _per_array(lambda array: array[0], block)


def block_of(lane: Lane) -> Lane:
    """A lane as a block of one."""
    return _per_array(lambda array: array[None], lane)


def _per_array(function: Callable[[Array], Array], lane: Lane) -> Lane:
    """`function` of every array that has a lane axis in a block: all but the counter."""
    step, (arrays, diverged_at) = lane.train_state.opt_state.step, jax.tree.map(function, arrays_of(lane))
    return replace(lane, train_state=train_state_of(step, arrays), diverged_at=diverged_at)


def guarded_step(
    loss: Loss,
    optimizer: Optimizer,
    lane: Lane,
    limit: Array,
    batch: Batch,
    key: Array | None = None,
    *,
    vectorized: bool = True,
) -> tuple[Lane, StepMetrics]:
    """A step that refuses to end in ruin: a loss above `limit` or a value that is not finite freezes the lane.

    But for a step that the optimizer's guard has skipped (`jgd.transforms.SkipNonFinite`): it moved nothing, and is no
    ruin. The model's state freezes with the parameters. key: for a loss that draws. vectorized: False for a lane in no
    block, where a `cond` runs one branch only.
    """
    at = lane.train_state.opt_state.step
    train_state, metrics = step(loss, optimizer, lane.train_state, batch, key)
    skipped_by_guard = optimizer.info(train_state.opt_state).skipped
    sane = jnp.isfinite(metrics.loss) & (metrics.loss <= limit) | skipped_by_guard
    finite = tree.all_finite
    if not vectorized:  # they were finite after the first step, and most updates can't change that
        sure = (at > 0) & _cannot_overflow(train_state.params, metrics.update_norm)
        finite = lambda params: jax.lax.cond(sure, lambda _: jnp.ones((), bool), tree.all_finite, params)
    sound = sane & finite(train_state.params)
    floating = [leaf for leaf in tree.leaves(train_state.model_state) if jnp.issubdtype(leaf.dtype, jnp.floating)]
    sound = sound & tree.all_finite(floating) if floating else sound
    before = lane.diverged_at == NOT_DIVERGED
    kept = lambda state: (state.params, state.model_state)
    params, model_state = tree.select(before & sound, kept(train_state), kept(lane.train_state))
    diverged_at = jnp.where(before & ~sound, at, lane.diverged_at)
    return replace(
        lane, train_state=replace(train_state, params=params, model_state=model_state), diverged_at=diverged_at
    ), metrics


def _cannot_overflow(params: Params, update_norm: Array) -> Array:
    """() bool: an update is so short that it takes no finite parameter beyond the largest number.

    Half of that number's last place would not yet; a quarter leaves room for the rounding of the norm.
    """
    kinds = [jnp.finfo(leaf.dtype) for leaf in tree.leaves(params)]
    return update_norm < min((float(kind.max) * float(kind.eps) / 8 for kind in kinds), default=0.0)


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

    `data` are the training rows, `key` is the seed's ORDER stream and `loss_key` its LOSS stream. `capacity`: the steps of a segment at most.
    `losses_only`: of the steps' metrics the losses (and aux) alone are kept; norms cost a step a tenth.
    `aux`: the names of what the loss returns beside its value, sorted.
    `lanes`: the width of a block whose `optimizer`, `limit` and lane have a leading lane axis (see `LANE_AXES`), and
    whose loss has one where `loss_axis` is 0; the batch is shared by all lanes.
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
    losses_only: bool = static_field(default=False)
    loss_axis: int | None = static_field(default=None)
    loss_key: Array | None = None
    aux: tuple[str, ...] = static_field(default=())

    def init(self, lane: Lane) -> LoopCarry:
        """The carry of a segment before its first step: its buffers are empty."""
        wide = tree.compute_dtype(lane.train_state.params)
        row = jnp.zeros((self.capacity,) if self.lanes is None else (self.capacity, self.lanes), wide)
        observed = None if self.observe is None else jax.eval_shape(self.observe, lane.train_state.params)
        observations = jax.tree.map(lambda x: jnp.zeros((self.capacity, *x.shape), x.dtype), observed)
        drawn = jax.eval_shape(self.batches.permutation, self.key, lane.train_state.opt_state.step)
        order = EpochOrder(jnp.full((), -1, jnp.int32), jnp.zeros(drawn.shape, drawn.dtype))
        empty = StepMetrics(row, row, row, row, dict.fromkeys(self.aux, row))
        return LoopCarry(lane, self._kept(empty), observations, order)

    def run_until(self, carry: LoopCarry, begin: Array, end: Array) -> LoopCarry:
        """The carry at step `end`, or at the step after which no lane is active. begin: the segment's first step."""
        since, per_epoch = carry.lane.train_state.opt_state.step, self.batches.per_epoch
        epoch = partial(self._one_epoch, begin=begin, since=since, end=end)
        return while_active(since // per_epoch, -(-end // per_epoch), epoch, carry)

    def _one_epoch(self, epoch: Array, carry: LoopCarry, *, begin: Array, since: Array, end: Array) -> LoopCarry:
        """The steps since … end − 1 that lie in this epoch."""
        batches, order = self.batches, carry.order
        draw = lambda: EpochOrder(epoch, batches.permutation(self.key, epoch))
        carry = replace(carry, order=jax.lax.cond(order.epoch == epoch, lambda: order, draw))
        first = epoch * batches.per_epoch
        short = batches.per_epoch - 1 if batches.rest else batches.per_epoch
        whole = lambda at, carry: self._one_step(carry, at, begin, batches.size)
        carry = while_active(jnp.maximum(since, first), jnp.minimum(end, first + short), whole, carry)
        if batches.rest:  # the short last batch has a shape of its own: a second copy of the step, once an epoch
            due = (since <= first + short) & (first + short < end) & carry.lane.active.any()
            rest = lambda carry: self._one_step(carry, first + short, begin, batches.rest)
            carry = jax.lax.cond(due, rest, lambda carry: carry, carry)
        return carry

    def _one_step(self, carry: LoopCarry, at: Array, begin: Array, size: int) -> LoopCarry:
        """Step number `at`, on a batch of `size` rows."""
        per_epoch = self.batches.per_epoch
        batch = self.batches.take(self.data, carry.order.rows, at % per_epoch, size)
        key = seeds.loss_key(self.loss_key, at) if takes(self.loss).key else None
        lane, metrics = self._guarded(carry.lane, batch, key)
        if self.thresholds is not None:
            thresholds = self.thresholds.update(lane.thresholds, metrics.loss, metrics.gradient_norm, at, per_epoch)
            lane = replace(lane, thresholds=thresholds)
        write = lambda into, value: jax.lax.dynamic_update_index_in_dim(into, value, at - begin, 0)
        kept, observations = jax.tree.map(write, carry.metrics, self._kept(metrics)), carry.observations
        if self.observe is not None:
            observations = jax.tree.map(write, observations, self.observe(lane.train_state.params))
        return LoopCarry(lane, kept, observations, carry.order)

    def _guarded(self, lane: Lane, batch: Batch, key: Array | None) -> tuple[Lane, StepMetrics]:
        if self.lanes is None:
            return guarded_step(self.loss, self.optimizer, lane, self.limit, batch, key, vectorized=False)
        axes = (self.loss_axis, 0, LANE_AXES, 0, None, None)
        block = jax.vmap(guarded_step, in_axes=axes, out_axes=(LANE_AXES, 0))
        return block(self.loss, self.optimizer, lane, self.limit, batch, key)

    def _kept(self, metrics: StepMetrics) -> Any:
        return {"loss": metrics.loss, **metrics.aux} if self.losses_only else metrics


def segment(loop: EpochLoop, lane: Lane, end: Array) -> tuple[Lane, Any, Any]:
    """Steps from the lane's own counter to `end`: -> (lane, metrics, observations), each with a (capacity,) axis.

    The bounds are numbers, not structure: one program serves segments of any length up to `capacity`, and a lane's
    bits don't depend on where segments are cut. The loop ends early once no lane is active.
    """
    carry = loop.run_until(loop.init(lane), lane.train_state.opt_state.step, end)
    return carry.lane, carry.metrics, carry.observations


def while_active(first: Array, last: Array, body: Callable[[Array, Any], Any], carry: Any) -> Any:
    """body(i, carry) for i in first … last − 1, as long as a lane of `carry.lane` is active."""
    more = lambda state: (state[0] < last) & state[1].lane.active.any()
    return jax.lax.while_loop(more, lambda state: (state[0] + 1, body(*state)), (first, carry))[1]
