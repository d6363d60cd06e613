"""Reduce on plateau: smaller updates from when the loss has stopped getting better."""

from dataclasses import replace
from typing import Any

import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree
from jgd.core.record import hyper, record, static_field
from jgd.core.transform import Context, Transform, UpdateInfo
from jgd.core.types import Params, Scalar


@record
class PlateauState:
    """What a plateau is told by; () each."""

    scale: Array  # what the updates are multiplied by
    best: Array  # the lowest value that counted as better; +∞ before the first
    bad: Array  # int32: values since then that were not better
    resting: Array  # values to come during which no bad one is counted
    total: Array  # of the values that wait to be judged as one mean
    waiting: Array  # int32: how many they are
    observed: Array  # the validation metric observed since the last update; NaN: none


@record
class ReduceOnPlateau(Transform):
    """updates ← scale · updates; scale ← max(factor · scale, min_scale) when more than `patience` values were not better.

    A value v is better where v < best − threshold · |best| (threshold_mode "rel") or v < best − threshold ("abs"). It is
    context.value, the loss that `jgd.step` passes, or whatever is given as optimizer.update(..., value=...). A NaN doesn't
    count, neither as bad nor in a mean.

    The scale is judged with this update's value and used in this update. Put the transform last; the learning rate that is
    reported then is the scaled one.

    torch's ReduceLROnPlateau is this with its min_lr = min_scale · learning rate and eps = 0, stepped before the
    optimizer; it counts a NaN as bad, and below 0 its relative threshold takes values that are a little worse as better.
    optax.contrib.reduce_on_plateau counts one value more as the plateau: its patience is ours + 1. Its rtol or atol is
    the threshold, and a NaN spoils its mean.

    Args:
        factor: What the scale is multiplied by, also a schedule. In (0, 1). Default: 0.1.
        patience: How many values in a row may be no better. ≥ 0. Default: 10.0.
        threshold: By how much a value must be lower to be better. ≥ 0. Default: 0.0001.
        cooldown: How many values after a reduction are not counted as bad. ≥ 0. Default: 0.0.
        min_scale: The smallest scale. In [0, 1]. Default: 0.0.
        accumulation_size: The mean of so many values is judged as one: minibatch losses are noisy. ≥ 1. Default: 1.0.
        threshold_mode: "rel" or "abs". Structure. Default: "rel".
        mode: "min", or "max" for a value that should grow. Structure. Default: "min".
        metric: "loss", or "validation" for the `metric=` of each evaluation that `jgd.train` makes, judged at the next
            update: then patience counts evaluations. Only `jgd.train` does that; in `jgd.sweep`, `jgd.rollout` and loops
            that don't call `state = optimizer.observe(state, metric)` it observes nothing, and the scale stays 1. Structure.
            Default: "loss".

    Raises:
        JgdValueError: For a number outside its range, or an unknown word.
        JgdTypeError: At an update with metric="loss" that is given no value.

    Example:
        >>> import jgd
        >>> optimizer = jgd.chain(jgd.optimizers.sgd(1.0).transform, ReduceOnPlateau(factor=0.5, patience=1))
        >>> state = optimizer.init(jnp.zeros(()))
        >>> for value in (3.0, 2.0, 2.0, 2.0):
        ...     updates, state = optimizer.update(jnp.ones(()), state, jnp.zeros(()), value=value)
        ...     print(float(updates), float(optimizer.info(state).learning_rate))
        -1.0 1.0
        -1.0 1.0
        -1.0 1.0
        -0.5 0.5
    """

    factor: Scalar = hyper("(0, 1)", default=0.1)
    patience: Scalar = hyper(">= 0", default=10.0)
    threshold: Scalar = hyper(">= 0", default=1e-4)
    cooldown: Scalar = hyper(">= 0", default=0.0)
    min_scale: Scalar = hyper("[0, 1]", default=0.0)
    accumulation_size: Scalar = hyper("[1, inf)", default=1.0)
    threshold_mode: str = static_field(default="rel")
    mode: str = static_field(default="min")
    metric: str = static_field(default="loss")

    def __post_init__(self) -> None:
        checks.choice("threshold_mode", self.threshold_mode, ("rel", "abs"))
        checks.choice("mode", self.mode, ("min", "max"))
        checks.choice("metric", self.metric, ("loss", "validation"))

    def init(self, params: Params) -> PlateauState:
        number = lambda value: jnp.full((), value, tree.compute_dtype(params))
        count = lambda: jnp.zeros((), jnp.int32)
        return PlateauState(number(1), number(jnp.inf), count(), number(0), number(0), count(), number(jnp.nan))

    def update(self, updates: Params, state: PlateauState, context: Context) -> tuple[Params, PlateauState]:
        value = context.value_for("ReduceOnPlateau") if self.metric == "loss" else state.observed
        value = value * (1 if self.mode == "min" else -1)
        counts = ~jnp.isnan(value)
        total = state.total + jnp.where(counts, value, jnp.zeros_like(value))
        waiting = state.waiting + counts.astype(jnp.int32)
        due = counts & (waiting.astype(value.dtype) >= context.at(self.accumulation_size))
        judged = self._judged(total / jnp.maximum(waiting, 1).astype(total.dtype), state, context)
        state = tree.select(due, judged, replace(state, total=total, waiting=waiting))
        state = replace(state, observed=jnp.full_like(state.observed, jnp.nan))
        return tree.scale(state.scale, updates), state

    def _judged(self, value: Array, state: PlateauState, context: Context) -> PlateauState:
        """The state after one value more."""
        best, threshold = state.best, context.at(self.threshold)
        relative = best * jnp.where(best > 0, 1 - threshold, 1 + threshold)
        bar = relative if self.threshold_mode == "rel" else best - threshold
        better = value < jnp.where(jnp.isinf(best), best, bar)
        resting = state.resting > 0
        bad = jnp.where(better | resting, 0, state.bad + 1)
        plateau = bad.astype(value.dtype) > context.at(self.patience)
        reduced = jnp.maximum(context.at(self.factor) * state.scale, context.at(self.min_scale))
        return PlateauState(
            scale=jnp.where(plateau, reduced, state.scale),
            best=jnp.where(better, value, best),
            bad=jnp.where(plateau, 0, bad),
            resting=jnp.where(plateau, context.at(self.cooldown), jnp.maximum(state.resting - 1, 0)),
            total=jnp.zeros_like(state.total),
            waiting=jnp.zeros_like(state.waiting),
            observed=state.observed,
        )

    def info(self, state: PlateauState) -> UpdateInfo:
        """The scale, by which the chain's learning rate is multiplied."""
        return UpdateInfo(factor=state.scale)

    def observe(self, state: PlateauState, metric: Any) -> PlateauState:
        """The state that has observed a validation metric, (), which the next update judges."""
        return replace(state, observed=jnp.asarray(metric).astype(state.observed.dtype))
