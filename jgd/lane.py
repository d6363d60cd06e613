"""Layer 4: a run that can diverge, alone or as one of a block, and its guarded step.

A block is lanes side by side (vmapped, all at one step, so that the counter has no lane axis and periodic work stays a
real `cond`). A block of one lane is computed without the axis: a vmapped convolution or large product costs a CPU up to
twice the plain one.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import tree
from jgd.core.loss_protocol import OnBatch
from jgd.core.optimizer import Optimizer, OptimizerState
from jgd.core.record import record
from jgd.core.types import Batch, Loss, Params
from jgd.descent import Seen, TrainState, descend, metrics_of
from jgd.stopping import NOT_MET, EarlyStoppingState, ThresholdState

NOT_DIVERGED = -1  # `diverged_at` of a lane that has not
RECORDABLE = ("gradient_norm", "update_norm", "weight_norm", "learning_rate")  # of a step, on request


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
# axes in the places of arrays
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


def over_lanes(function: Callable[..., Any], in_axes: Any, out_axes: Any, width: int) -> Callable[..., Any]:
    """A function of one lane as one of a block of `width`: `jax.vmap`, but for a single lane, which loses its axis.

    in_axes, out_axes: as of `vmap`, trees that begin the arguments' and the result's.
    """
    if width > 1:
        return jax.vmap(function, in_axes=in_axes, out_axes=out_axes, axis_size=width)

    def alone(*block: Any) -> Any:
        lane = _per_axis(lambda axis, x: jax.lax.index_in_dim(x, 0, axis, keepdims=False), in_axes, block)
        return _per_axis(lambda axis, x: jnp.expand_dims(x, axis), out_axes, function(*lane))

    return alone


def _per_axis(function: Callable[[int, Any], Any], axes: Any, tree: Any) -> Any:
    """function(axis, array) of every array that has a lane axis; the others stay."""
    none = lambda axis: axis is None
    each = jax.tree.broadcast(axes, tree, is_leaf=none)
    return jax.tree.map(lambda axis, x: x if axis is None else function(axis, x), each, tree, is_leaf=none)


def guarded_step(
    loss: Loss,
    optimizer: Optimizer,
    lane: Lane,
    limit: Array,
    batch: Batch,
    key: Array | None = None,
    *,
    vectorized: bool = True,
    losses_only: bool = False,
    record: tuple[str, ...] = (),
    filled: bool = False,
) -> tuple[Lane, Any]:
    """A step that refuses to end in ruin: a loss above `limit` or a value that is not finite freezes the lane.

    But for a step that the optimizer's guard has skipped (`jgd.transforms.SkipNonFinite`): it moved nothing, and is no
    ruin. The model's state freezes with the parameters. key: for a loss that draws. vectorized: False for a lane in no
    block, where a `cond` runs one branch only. losses_only: return "loss", aux and the numbers of
    `record` (names of RECORDABLE) in place of `StepMetrics`. filled: the batch has rows of weight 0.
    """
    at = lane.train_state.opt_state.step
    on_batch = OnBatch(loss, batch, key, lane.train_state.model_state, filled)
    train_state, seen = descend(on_batch, optimizer, lane.train_state)
    if losses_only:
        recorded = _recorded(record, optimizer, lane.train_state, train_state, seen)
        metrics: Any = {"loss": seen.value, **seen.aux, **recorded}
    else:
        metrics = metrics_of(optimizer, train_state, seen)
    skipped_by_guard = optimizer.info(train_state.opt_state).skipped
    sane = jnp.isfinite(seen.value) & (seen.value <= limit) | skipped_by_guard
    finite = tree.all_finite
    if not vectorized:  # they were finite after the first step, and most updates can't change that
        norm = tree.fast_global_norm(seen.updates) if losses_only else metrics.update_norm
        sure = (at > 0) & _cannot_overflow(train_state.params, norm)
        finite = lambda params: jax.lax.cond(sure, lambda _: jnp.ones((), bool), tree.all_finite, params)
    sound = sane & finite(train_state.params)
    floating = [leaf for leaf in tree.leaves(train_state.model_state) if jnp.issubdtype(leaf.dtype, jnp.floating)]
    sound = sound & tree.all_finite(floating) if floating else sound
    before = lane.diverged_at == NOT_DIVERGED
    kept = lambda state: (state.params, state.model_state)
    params, model_state = tree.select(before & sound, kept(train_state), kept(lane.train_state))
    train_state = replace(train_state, params=params, model_state=model_state)
    return replace(lane, train_state=train_state, diverged_at=jnp.where(before & ~sound, at, lane.diverged_at)), metrics


def _recorded(
    names: tuple[str, ...], optimizer: Optimizer, before: TrainState, after: TrainState, seen: Seen
) -> dict[str, Array]:
    """Name -> () of a step; weight_norm is that of the parameters before it."""
    if not names:
        return {}
    metrics, wide = metrics_of(optimizer, after, seen), tree.compute_dtype(before.params)
    known = {name: getattr(metrics, name) for name in RECORDABLE if name != "weight_norm"}
    known["weight_norm"] = tree.fast_global_norm(tree.widen(before.params, wide))
    return {name: known[name] for name in names}


def _cannot_overflow(params: Params, update_norm: Array) -> Array:
    """() bool: an update is so short that it takes no finite parameter beyond the largest number.

    Half of that number's last place would not yet; a quarter leaves room for the rounding of the norm.
    """
    kinds = [jnp.finfo(leaf.dtype) for leaf in tree.leaves(params)]
    return update_norm < min((float(kind.max) * float(kind.eps) / 8 for kind in kinds), default=0.0)
