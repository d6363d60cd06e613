"""Layer 4: one step of descent, and a segment of steps as one compiled loop. `train` and `sweep` both stand on it.

    loss(params, batch) ─► value, gradient ─► optimizer.update ─► params + updates

A `Lane` is one run: its progress and the step at which it diverged. A segment advances one lane, or a block of lanes
(vmapped, all at one step, so that the counter has no lane axis and periodic work stays a real `cond`).
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import tree
from jgd.core.functions import OnBatch
from jgd.core.optimizer import Optimizer, OptimizerState
from jgd.core.record import record
from jgd.core.types import Batch, Loss, Params
from jgd.core.updates import apply_updates
from jgd.data.batches import Batches
from jgd.stopping import NOT_YET, EarlyStoppingState, Thresholds, ThresholdState

GOING = -1  # `diverged_at` of a lane that has not


@record
class TrainState:
    """Where a run stands: its parameters and the optimizer's state."""

    params: Params
    state: OptimizerState


@record
class StepMetrics:
    """What one step saw, () each: the loss before the update, the gradient's norm there, the update's, the rate used."""

    loss: Array
    gradient_norm: Array
    update_norm: Array
    learning_rate: Array


@record
class Lane:
    """A run that can diverge: () int32 `diverged_at` is the first step whose update was refused, −1 until then.

    From that step on the parameters stay what they were, the last finite ones. `reached` is what the goals of a run
    remember, `best` what its evaluations do; () without them.
    """

    progress: TrainState
    diverged_at: Array
    reached: Any = ()
    best: Any = ()

    @property
    def going(self) -> Array:
        """() bool: it has neither diverged, nor met a goal, nor lost patience."""
        going = self.diverged_at == GOING
        going = going & (self.reached.at == NOT_YET) if isinstance(self.reached, ThresholdState) else going
        return going & ~self.best.enough if isinstance(self.best, EarlyStoppingState) else going

    @property
    def done(self) -> Array:
        """() int32: updates made."""
        return jnp.where(self.diverged_at == GOING, self.progress.state.step, self.diverged_at)


# which leaves of a block of lanes have a lane axis: the counter is one for all
LANES = Lane(TrainState(params=0, state=OptimizerState(step=None, inner=0)), diverged_at=0)  # pyright: ignore


def start(optimizer: Optimizer, params: Params, noise: Array | None = None) -> TrainState:
    """The progress before the first step. `noise`: the run's own key for transforms that draw (default: their own seed)."""
    state = optimizer.init(params)
    return TrainState(params, state if noise is None else optimizer.reseed(state, noise))


def deployed(optimizer: Optimizer, lane: Lane) -> Params:
    """What to evaluate and keep: the optimizer's eval_params, or the last finite parameters of a lane that diverged."""
    params = lane.progress.params
    read = optimizer.eval_params(lane.progress.state, params)
    return params if read is params else tree.select(lane.diverged_at == GOING, read, params)


def step(loss: Loss, optimizer: Optimizer, progress: TrainState, batch: Batch) -> tuple[TrainState, StepMetrics]:
    """One update on one batch: -> (progress, report). Pure; jit, vmap and scan it as you like.

    `loss(params, batch)` returns one real floating number. All gradients are taken before any parameter moves.
    Raises `JgdTypeError` at trace time for a loss that returns something else or branches in Python on a value.

    >>> import jgd
    >>> loss = lambda w, batch: jnp.sum((w - batch) ** 2)
    >>> optimizer = jgd.optimizers.sgd(0.25)
    >>> progress = jgd.start(optimizer, jnp.zeros(2))
    >>> progress, report = jgd.step(loss, optimizer, progress, jnp.array([1.0, 2.0]))
    >>> progress.params.tolist(), float(report.loss)
    ([0.5, 1.0], 5.0)
    """
    at = OnBatch(loss, batch)
    value, grads = jax.value_and_grad(at)(progress.params)
    updates, state = optimizer.update(grads, progress.state, progress.params, value=value, loss=at)
    params = apply_updates(progress.params, updates)
    wide = tree.compute_dtype(progress.params)
    norm = tree.fast_global_norm(tree.widen(grads, wide))
    rate = optimizer.info(state).learning_rate.astype(wide)
    return TrainState(params, state), StepMetrics(value.astype(wide), norm, tree.fast_global_norm(updates), rate)


def rollout(loss: Loss, optimizer: Optimizer, params: Params, batches: Batch) -> tuple[TrainState, StepMetrics]:
    """Steps over `batches` (steps, …) as one scan: what to jit, vmap or differentiate *through* training.

    -> (progress, report with a (steps,) axis). Nothing is watched or stopped; `train` does that.

    >>> import jgd
    >>> loss = lambda w, batch: jnp.sum((w - batch) ** 2)
    >>> end = lambda rate: rollout(loss, jgd.optimizers.sgd(rate), jnp.zeros(()), jnp.ones(3))[1].loss[-1]
    >>> round(float(jax.grad(end)(0.1)), 4)
    -4.096
    """
    return jax.lax.scan(partial(step, loss, optimizer), start(optimizer, params), batches)


def advance(
    loss: Loss, optimizer: Optimizer, lane: Lane, limit: Array, batch: Batch, *, alone: bool = False
) -> tuple[Lane, StepMetrics]:
    """A step that refuses to end in ruin: a loss above `limit` or a value that is not finite freezes the lane.

    But for a step that the optimizer's guard has skipped (`jgd.transforms.SkipNonFinite`): it moved nothing, and is no ruin.
    alone: the lane is in no block, so that a `cond` runs one branch only.
    """
    at = lane.progress.state.step
    progress, report = step(loss, optimizer, lane.progress, batch)
    sane = jnp.isfinite(report.loss) & (report.loss <= limit) | optimizer.info(progress.state).skipped
    finite = tree.all_finite
    if alone:  # they were finite after the first step, and most updates can't change that
        sure = (at > 0) & _cannot_overflow(progress.params, report.update_norm)
        finite = lambda params: jax.lax.cond(sure, lambda _: jnp.ones((), bool), tree.all_finite, params)
    sound = sane & finite(progress.params)
    going = lane.diverged_at == GOING
    params = tree.select(going & sound, progress.params, lane.progress.params)
    diverged_at = jnp.where(going & ~sound, at, lane.diverged_at)
    return replace(lane, progress=replace(progress, params=params), diverged_at=diverged_at), report


def _cannot_overflow(params: Params, update_norm: Array) -> Array:
    """() bool: an update is so short that it takes no finite parameter beyond the largest number.

    Half of that number's last place would not yet; a quarter leaves room for the rounding of the norm.
    """
    kinds = [jnp.finfo(leaf.dtype) for leaf in tree.leaves(params)]
    return update_norm < min((float(kind.max) * float(kind.eps) / 8 for kind in kinds), default=0.0)


def segment(
    loss: Loss,
    optimizer: Optimizer,
    lane: Lane,
    data: Batch,
    key: Array,
    limit: Array,
    end: Array,
    **options: Any,
) -> tuple[Lane, Any, Any]:
    """Steps from the lane's own counter to `end`: -> (lane, reports, observations), each with a (capacity,) axis.

    The bounds are numbers, not structure: one program serves segments of any length up to `capacity`, and a lane's
    bits don't depend on where segments are cut. The loop ends early once no lane is going: it has diverged, or met one
    of the `goals`. options: those of `walking`.
    """
    walk, room = walking(loss, optimizer, lane, data, key, limit, **options)
    lane, reports, observations, _ = walk((lane, *room), end)
    return lane, reports, observations


def walking(
    loss: Loss,
    optimizer: Optimizer,
    lane: Lane,
    data: Batch,
    key: Array,
    limit: Array,
    *,
    goals: Thresholds | None = None,
    batches: Batches,
    capacity: int,
    observe: Callable[[Params], Any] | None = None,
    lanes: int | None = None,
    loss_axis: int | None = None,
) -> tuple[Callable[[Any, Array], Any], Any]:
    """What a segment is made of: -> (walk, room), for a walk with halts. walk((lane, *room), end) goes on to `end`.

    room: (reports, observations, order), of which the last is the order of rows of the epoch in hand, so that a halt
    within an epoch doesn't draw it again. `key` is the seed's ORDER stream. `lanes`: the width of a block whose
    `optimizer`, `lane` and `limit` have a leading lane axis (see `LANES`), and whose loss has one where `loss_axis` is
    0; the batch is shared by all lanes, and of the reports only the losses are kept.
    """
    block = jax.vmap(advance, in_axes=(loss_axis, 0, LANES, 0, None), out_axes=(LANES, 0))
    move = partial(advance, loss, alone=True) if lanes is None else partial(block, loss)
    kept = (lambda report: report) if lanes is None else (lambda report: report.loss)  # norms cost a lane a tenth
    begin, per_epoch = lane.progress.state.step, batches.per_epoch

    def visit(carry, at: Array, permutation: Array, size: int):
        lane, reports, observations = carry
        lane, report = move(optimizer, lane, limit, batches.take(data, permutation, at % per_epoch, size))
        if goals is not None:
            reached = goals.watch(lane.reached, report.loss, report.gradient_norm, at, per_epoch)
            lane = replace(lane, reached=reached)
        write = lambda into, value: jax.lax.dynamic_update_index_in_dim(into, value, at - begin, 0)
        reports = jax.tree.map(write, reports, kept(report))
        if observe is not None:
            observations = jax.tree.map(write, observations, observe(lane.progress.params))
        return lane, reports, observations

    def epoch(number: Array, carry, since: Array, end: Array):
        *carry, order = carry
        order = jax.lax.cond(order[0] == number, lambda: order, lambda: (number, batches.permutation(key, number)))
        first, short = number * per_epoch, per_epoch - 1 if batches.rest else per_epoch
        whole = lambda at, carry: visit(carry, at, order[1], batches.size)
        carry = while_going(jnp.maximum(since, first), jnp.minimum(end, first + short), whole, tuple(carry))
        if batches.rest:  # the short last batch has a shape of its own: a second copy of the step, once an epoch
            due = (since <= first + short) & (first + short < end) & carry[0].going.any()
            rest = lambda carry: visit(carry, first + short, order[1], batches.rest)
            carry = jax.lax.cond(due, rest, lambda carry: carry, carry)
        return *carry, order

    def walk(carry, end: Array):
        since = carry[0].progress.state.step
        return while_going(since // per_epoch, -(-end // per_epoch), partial(epoch, since=since, end=end), carry)

    wide = tree.compute_dtype(lane.progress.params)
    row = jnp.zeros((capacity,) if lanes is None else (capacity, lanes), wide)
    seen = None if observe is None else jax.eval_shape(observe, lane.progress.params)
    room = jax.tree.map(lambda x: jnp.zeros((capacity, *x.shape), x.dtype), seen)
    drawn = jax.eval_shape(batches.permutation, key, begin)
    order = jnp.full((), -1, jnp.int32), jnp.zeros(drawn.shape, drawn.dtype)  # of no epoch yet
    return walk, (kept(StepMetrics(row, row, row, row)), room, order)


def while_going(first: Array, last: Array, body: Callable[[Array, Any], Any], carry: Any) -> Any:
    """body(i, carry) for i in first … last − 1, as long as a lane, carry[0], is going."""
    more = lambda state: (state[0] < last) & state[1][0].going.any()
    return jax.lax.while_loop(more, lambda state: (state[0] + 1, body(*state)), (first, carry))[1]
