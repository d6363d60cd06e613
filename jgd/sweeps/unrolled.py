"""One training run as a pure function: hyperparameters -> how good its end is. What is differentiated *through* training.

    hyperparameters ─► recipe ─► step, step, … (a scan of scans, each checkpointed) ─► loss on the validation rows

The steps are those of `train` and `sweep`: the same start, batches, refusals. Going backwards needs the state after
every step. Only that of every √steps-th is kept; the others are computed again from it, ⌈√steps⌉ at a time.
"""

import math
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks, seeds
from jgd.core.functions import name_of
from jgd.core.loss_protocol import as_state, takes
from jgd.core.record import record, static_field
from jgd.core.types import Batch, Loss
from jgd.data.batches import Batches
from jgd.descent import start
from jgd.divergence import BASELINE_ROWS, initial_loss, loss_limit
from jgd.lane import NOT_DIVERGED, Lane, eval_params_of, guarded_step
from jgd.metrics import evaluation
from jgd.sweeps.run_spec import Build, of_arrays

Hyperparameters = dict[str, Array]
MODES = ("forward", "reverse")
# what jax says to a mode that a program can't be differentiated in
REFUSALS = {"forward": "forward-mode", "reverse": "Reverse-mode differentiation does not work"}


@record
class UnrolledRun:
    """A run of `steps` steps, as a function of (hyperparameters, data) with data = (start, train, validation).

    start: the parameters and the model's state; None where the recipe's `RunSpec` makes its own. loss and metrics are
    the task's, unless the spec has others. `metric` names what is measured at the end: "loss" or a metric.
    """

    build: Build = static_field()
    metric: str = static_field()
    steps: int = static_field()
    loss: Loss
    metrics: dict[str, Loss]
    batches: Batches
    init_key: Array  # of the seed's streams
    order_key: Array
    noise_key: Array
    loss_key: Array
    diverged_above: float
    evaluation_loss: Loss | None = None  # the task's, where it isn't the loss itself

    def __call__(self, hyperparameters: Hyperparameters, data: tuple[Any, Batch, Batch]) -> Array:
        """The measure after the last step, (); NaN where the run has diverged."""
        return self.measure_at_end(hyperparameters, data)[0]

    def measure_at_end(self, hyperparameters: Hyperparameters, data: tuple[Any, Batch, Batch]) -> tuple[Array, Array]:
        """-> (the measure, the step at which the run diverged or NOT_DIVERGED)."""
        begin, train, validation = data
        spec = of_arrays(self.build(**hyperparameters))
        params, own = (spec.start(self.init_key), None) if begin is None else begin
        own = spec.start_state(self.init_key, own)
        loss = self.loss if spec.loss is None else spec.loss
        own = None if own is None else as_state(own)
        first = jax.tree.map(lambda rows: rows[:BASELINE_ROWS], train)
        at_start, _ = initial_loss(loss, params, first, self.loss_key, own)
        limit = loss_limit(jax.lax.stop_gradient(at_start), self.diverged_above)
        state = start(spec.optimizer, params, self.noise_key, model_state=own)
        lane = Lane(state, jnp.asarray(NOT_DIVERGED, jnp.int32))

        def move(lane: Lane, batch: Batch) -> Lane:
            key = seeds.loss_key(self.loss_key, lane.train_state.opt_state.step) if takes(loss).key else None
            return guarded_step(loss, spec.optimizer, lane, limit, batch, key, losses_only=True)[0]

        lane = _advance(move, lane, train, self.batches, self.order_key, self.steps)
        task_measure = self.loss if self.evaluation_loss is None else self.evaluation_loss
        measure = task_measure if spec.measured_by is None else spec.measured_by
        metrics = self.metrics if spec.metrics is None else spec.metrics
        read, own = eval_params_of(spec.optimizer, lane), lane.train_state.model_state
        value = evaluation(metrics, measure, read, validation, own)[self.metric]
        return jnp.where(lane.diverged_at == NOT_DIVERGED, value, jnp.nan), lane.diverged_at


def _advance(move: Any, lane: Lane, train: Batch, batches: Batches, key: Array, steps: int) -> Lane:
    """The lane after `steps` steps, in segments of ⌈√steps⌉; the last one's surplus is passed over."""
    size, per_epoch = math.isqrt(max(steps, 1) - 1) + 1, batches.per_epoch
    segments, epochs = -(-steps // size), (size - 1) // per_epoch + 2  # that a segment can touch

    @partial(jax.checkpoint, prevent_cse=False)
    def segment(lane: Lane, number: Array) -> tuple[Lane, None]:
        first = number * size
        orders = jax.lax.map(
            partial(batches.permutation, key), first // per_epoch + jnp.arange(epochs, dtype=jnp.int32)
        )

        @partial(jax.checkpoint, prevent_cse=False)
        def one_step(lane: Lane, at: Array) -> tuple[Lane, None]:
            position, order = at % per_epoch, orders[at // per_epoch - first // per_epoch]
            on = lambda rows: lambda lane: move(lane, batches.take(train, order, position, rows))
            step = on(batches.size)
            if batches.rest:  # the short last batch of an epoch has a shape of its own
                whole, short = on(batches.size), on(batches.rest)
                step = lambda lane: jax.lax.cond(position == per_epoch - 1, short, whole, lane)
            return jax.lax.cond(at < steps, step, lambda lane: lane, lane), None

        return jax.lax.scan(one_step, lane, first + jnp.arange(size, dtype=jnp.int32))

    return jax.lax.scan(segment, lane, jnp.arange(segments, dtype=jnp.int32))[0]


@partial(jax.jit, static_argnames=("mode",))
def _slopes(run: UnrolledRun, values: dict[str, Any], data: Any, *, mode: str) -> tuple[Any, Any]:
    """-> (name -> derivative, (value, diverged at))."""
    values = {name: jnp.asarray(value, jnp.result_type(float)) for name, value in values.items()}

    def ended(values: dict[str, Any]) -> tuple[Any, Any]:
        value, diverged_at = run.measure_at_end(values, data)
        return value, (value, diverged_at)

    return (jax.jacfwd if mode == "forward" else jax.grad)(ended, has_aux=True)(values)


def differentiate(run: UnrolledRun, values: Any, data: Any, modes: tuple[str, ...]) -> tuple[str, Any, Any]:
    """-> (mode, name -> derivative, (value, diverged at)), in the first of the modes that the program allows."""
    refused: Exception | None = None
    for mode in modes:
        try:
            return mode, *_slopes(run, values, data, mode=mode)
        except jax.errors.ConcretizationTypeError as error:
            raise checks.JgdTypeError(
                f"the recipe {name_of(run.build.function)!r} needs the value of a traced number (a Python `if`, "
                "float() or int()): use jnp.where, or fix that number in the recipe"
            ) from error
        except (TypeError, ValueError) as error:
            if REFUSALS[mode] not in str(error):
                raise
            refused = error
    raise checks.JgdValueError(
        f"this run can't be differentiated in {' or '.join(modes)} mode: {refused}; "
        f"try mode={MODES[MODES.index(modes[0]) - 1]!r}"
    ) from refused
