"""Layer 1: when a run stops early. Enters: what each step or evaluation saw. Leaves: the reason to stop, or none.

`StoppingRule` is what a person asks for. Its `Thresholds` are watched inside the compiled loop at every step, and its
`EarlyStopping` at every evaluation, so that the step at which one ends a run doesn't depend on when the host looks.
"""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree
from jgd.core.record import record, static_field
from jgd.core.spellings import builder
from jgd.core.types import Params

NOT_MET = -1  # `ThresholdState.at` until a threshold is met
THRESHOLDS = ("gradient_norm", "loss_change", "loss")


@record
class ThresholdState:
    """What the thresholds of a run remember, () each."""

    at: Array  # int32: the step that met a threshold first; `NOT_MET` until then
    which: Array  # int32: its place in THRESHOLDS
    total: Array  # the losses of this epoch so far
    mean: Array  # the mean loss of the epoch before it; NaN before the first


@record
class Thresholds:
    """What a step can meet; None is no threshold."""

    gradient_norm: Array | float | None = None
    loss_change: Array | float | None = None
    loss: Array | float | None = None

    def init(self, dtype: jnp.dtype) -> ThresholdState:
        """Before the first step; `dtype`: of the losses."""
        unmet = jnp.full((), NOT_MET, jnp.int32)
        return ThresholdState(unmet, unmet, jnp.zeros((), dtype), jnp.full((), jnp.nan, dtype))

    def update(
        self, state: ThresholdState, loss: Array, gradient_norm: Array, at: Array, per_epoch: int
    ) -> ThresholdState:
        """After step number `at`: what was met first stays."""
        total, mean = state.total + loss, state.mean
        ends = (at + 1) % per_epoch == 0
        average = total / per_epoch
        below = lambda value, threshold: jnp.asarray(False) if threshold is None else value <= threshold
        met = (  # in the order of THRESHOLDS
            below(gradient_norm, self.gradient_norm),
            below(jnp.abs(average - mean), self.loss_change) & ends,
            below(loss, self.loss),
        )
        first, which = state.at, state.which
        for place, now in enumerate(met):
            new = now & (first == NOT_MET)
            first, which = jnp.where(new, at, first), jnp.where(new, place, which)
        return ThresholdState(first, which, jnp.where(ends, 0, total), jnp.where(ends, average, mean))


@record
class EarlyStoppingState:
    """What the evaluations of a run remember; () each but the parameters."""

    params: Params  # at the best evaluation; 0 before the first
    step: Array  # int32: updates made before the best value; −1 before the first that is a number
    value: Array
    to_beat: Array  # the value that has to be beaten by more than min_delta
    waited: Array  # int32: evaluations since one did
    evaluated_at: Array  # int32: updates made before the newest evaluation; −1 before the first
    out_of_patience: Array  # bool: patience has run out
    model_state: Any = None  # the model's at the best evaluation


@record
class EarlyStopping:
    """Which evaluation is the best, and how many in a row may be no better."""

    min_delta: Array | float = 0.0
    patience: Array | int = 2**31 - 1
    larger_is_better: bool = static_field(default=False)

    def init(self, params: Params, model_state: Any = None) -> EarlyStoppingState:
        """Before the first evaluation."""
        count, value = jnp.full((), -1, jnp.int32), jnp.full((), jnp.nan, tree.compute_dtype(params))
        zeros, own = jax.tree.map(jnp.zeros_like, (params, model_state))
        return EarlyStoppingState(zeros, count, value, value, jnp.zeros((), jnp.int32), count, jnp.zeros((), bool), own)

    def update(
        self, state: EarlyStoppingState, params: Params, step: Array, value: Array, model_state: Any = None
    ) -> EarlyStoppingState:
        """One evaluation, after `step` updates. A NaN is never better, and counts as waiting."""
        value = value.astype(state.value.dtype)
        below = lambda than: -value < -than if self.larger_is_better else value < than
        first = (state.step < 0) & ~jnp.isnan(value)
        margin = jnp.asarray(self.min_delta, value.dtype)
        beats = first | below(state.to_beat + margin if self.larger_is_better else state.to_beat - margin)
        wins = first | below(state.value)
        waited = jnp.where(beats, 0, state.waited + 1)
        return EarlyStoppingState(
            params=tree.select(wins, params, state.params),
            step=jnp.where(wins, step, state.step),
            value=jnp.where(wins, value, state.value),
            to_beat=jnp.where(beats, value, state.to_beat),
            waited=waited,
            evaluated_at=step,
            out_of_patience=waited >= self.patience,
            model_state=tree.select(wins, model_state, state.model_state),
        )


@builder
@dataclass(frozen=True)
class StoppingRule:
    """When to stop before the budget of steps runs out; the first that is met ends the run and names its status.

    The update of the step that met a threshold is still made.

    Attributes:
        gradient_norm: "converged", once the gradient's norm on the step's batch is ≤ this.
        loss_change: "converged", once the mean training loss of an epoch differs by ≤ this from the epoch before (on
            full batches an epoch is a step).
        loss: "target", once a step's training loss is ≤ this.
        patience: "no_progress", after this many evaluations in a row whose validation value is not better than the
            best by more than min_delta; a NaN is not better.
        min_delta: ≥ 0, what is too small a gain.
        seconds: "time", at the first segment's end after so long, which a repeated run need not share; there is no
            evaluation of its own there, so that the run can go on with the same bits.

    Raises:
        JgdValueError: A number is below 0, or patience below 1.

    Example:
        >>> StoppingRule(gradient_norm=1e-6, patience=5)
        StoppingRule(gradient_norm=1e-06, loss_change=None, loss=None, patience=5, min_delta=0.0, seconds=None)
    """

    gradient_norm: float | None = None
    loss_change: float | None = None
    loss: float | None = None
    patience: int | None = None
    min_delta: float = 0.0
    seconds: float | None = None

    def __post_init__(self) -> None:
        for name in ("gradient_norm", "loss_change", "min_delta", "seconds"):
            if getattr(self, name) is not None:
                checks.number(name, getattr(self, name), ">= 0")
        if self.loss is not None:
            checks.number("loss", self.loss, "(-inf, inf)")
        if self.patience is not None:
            checks.count("patience", self.patience, 1)

    @property
    def thresholds(self) -> Thresholds | None:
        """Those that are watched at every step; None without any, which costs nothing."""
        numbers = (self.gradient_norm, self.loss_change, self.loss)
        return None if all(number is None for number in numbers) else Thresholds(*numbers)

    def early_stopping(self, larger_is_better: bool) -> EarlyStopping:
        """The rule for the validation value, applied at every evaluation; smaller is better unless said otherwise."""
        most = jnp.iinfo(jnp.int32).max
        patience = most if self.patience is None else min(self.patience, most)
        return EarlyStopping(
            jnp.asarray(self.min_delta, jnp.result_type(float)), jnp.asarray(patience, jnp.int32), larger_is_better
        )
