"""The programs of a block, compiled once a group of configs: its start, its steps, its evaluation.

Every array of a block has a lane axis; only the step counter and the batch are shared. A block of one lane is computed
without the axis (`over_lanes`).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core import seeds
from jgd.core.loss_protocol import as_state
from jgd.core.optimizer import Optimizer
from jgd.core.record import record, static_field
from jgd.core.tracing import traceable
from jgd.core.types import Batch, Loss, Params
from jgd.data.batches import Batches
from jgd.descent import start
from jgd.divergence import BASELINE_ROWS, initial_loss, loss_limit
from jgd.epoch_loop import EpochLoop, segment
from jgd.lane import LANE_AXES, NOT_DIVERGED, Lane, eval_params_of, over_lanes
from jgd.metrics import evaluation
from jgd.sweeps.engine import compiler
from jgd.sweeps.engine.layout import Layout
from jgd.sweeps.engine.observing import observed
from jgd.sweeps.run_spec import Build, RunSpec, of_arrays
from jgd.tasks import Task

CAPACITY = 1000  # steps of a block at most between two calls of the host


@record
class SharedData:
    """What all blocks of a sweep share, one copy on each device."""

    loss: Loss
    metrics: dict[str, Loss]
    train: Batch
    validation: Batch
    evaluation_loss: Loss | None = None  # where it isn't the loss itself

    @classmethod
    def of(cls, task: Task) -> "SharedData":
        metrics = {name: traceable(metric) for name, metric in task.metrics.items()}
        measure = None if task.evaluation_loss is None else traceable(task.evaluation_loss)
        train, validation = jax.device_put((task.train, task.validation))  # no program, as jnp.asarray would be
        return cls(traceable(task.loss), metrics, train, validation, measure)

    @property
    def measure(self) -> Loss:
        """The loss where it is evaluated."""
        return self.loss if self.evaluation_loss is None else self.evaluation_loss


@record
class BlockState:
    """A block between two segments: what its lanes descend by, the lanes, and the losses above which they have diverged."""

    spec: RunSpec
    lanes: Lane
    limit: Array  # (lanes,)
    aux: tuple[str, ...] = static_field(default=())  # what the loss returns beside its value, by name


@partial(jax.jit, static_argnames=("build", "width"))
def init_block(
    build: Build,
    values: Mapping[str, Array],
    shared: SharedData,
    params: tuple[Params, Any],
    init_key: Array,
    noise_key: Array,
    loss_key: Array,
    factor: Array,
    *,
    width: int,
) -> BlockState:
    """A block before its first step. params: the task's start at this seed, with the model's state; the keys are its."""
    names: list[tuple[str, ...]] = []

    def one(config: Mapping[str, Array]) -> BlockState:
        spec = of_arrays(build(**config))
        begin, model_state = (
            params[0] if spec.init is None else spec.start(init_key),
            spec.start_state(init_key, params[1]),
        )
        loss = shared.loss if spec.loss is None else spec.loss
        model_state = None if model_state is None else as_state(model_state)
        rows = jax.tree.map(lambda a: a[:BASELINE_ROWS], shared.train)
        at_start, aux = initial_loss(loss, begin, rows, loss_key, model_state)
        lane = Lane(
            start(spec.optimizer, begin, noise_key, model_state=model_state), jnp.asarray(NOT_DIVERGED, jnp.int32)
        )
        names.append(tuple(aux))
        return BlockState(
            replace(spec, init=None, measure=spec.measured_by, init_state=None), lane, loss_limit(at_start, factor)
        )

    axes = BlockState(0, LANE_AXES, 0)  # pyright: ignore  # axes in the places of arrays
    return replace(over_lanes(one, (0,), axes, width)(dict(values)), aux=names[0])


@cache
def init_program() -> Any:
    """`init_block`, compiled."""
    return jax.jit(init_block, static_argnames=("build", "width"), compiler_options=compiler.options())


def block_shapes(build: Build, values: Mapping[str, np.ndarray], task: Task, *, width: int) -> BlockState:
    """A block before its first step, as shapes and dtypes."""
    shared, key = SharedData.of(task), seeds.key(0, seeds.Stream.INIT)
    dtype = jnp.result_type(float)
    numbers = {name: np.asarray(column, dtype) for name, column in values.items()}
    one = np.ones((), dtype)
    init = lambda numbers: init_block(build, numbers, shared, task.start(key), key, key, key, one, width=width)
    return jax.eval_shape(init, numbers)


def result_shapes(build: Build, values: Mapping[str, np.ndarray], task: Task, *, width: int) -> tuple[Params, Lane]:
    """The parameters to keep and the lanes of a block, as shapes and dtypes."""
    block = block_shapes(build, values, task, width=width)
    return jax.eval_shape(final_params, block.spec, block.lanes), block.lanes


def final_params(spec: RunSpec, lanes: Lane) -> Params:
    """The parameters of every lane to evaluate and keep: the lanes' own arrays, or the optimizer's `eval_params`."""
    read = _eval_params(spec.optimizer, lanes)
    return lanes.train_state.params if read is None else read


@jax.jit
def _eval_params(optimizer: Optimizer, lanes: Lane) -> Params | None:
    """None where an optimizer evaluates what it descends with, which needs no copy."""

    def one(optimizer: Optimizer, lane: Lane) -> Params | None:
        read = eval_params_of(optimizer, lane)
        return None if read is lane.train_state.params else read

    return over_lanes(one, (0, LANE_AXES), 0, len(lanes.diverged_at))(optimizer, lanes)


@jax.jit
def evaluate(
    spec: RunSpec, shared: SharedData, params: Params, rows: Batch, model_state: Any = None
) -> dict[str, Array]:
    """Name -> (lanes,): the measure and the metrics of every lane on the same rows. model_state: of every lane."""

    def one(spec: RunSpec, params: Params, model_state: Any) -> dict[str, Array]:
        metrics = shared.metrics if spec.metrics is None else spec.metrics
        return evaluation(metrics, shared.measure if spec.measure is None else spec.measure, params, rows, model_state)

    width = max(len(leaf) for leaf in jax.tree.leaves((spec, params)))
    return over_lanes(one, (0, 0, 0), 0, width)(spec, params, model_state)


@cache
def segment_program() -> Any:
    """`run_segment`, compiled."""
    static = ("capacity", "aux", "record", "observe")
    return jax.jit(run_segment, static_argnames=static, donate_argnames=("lanes",), compiler_options=compiler.options())


def run_segment(
    spec: RunSpec,
    lanes: Lane,
    limit: Array,
    shared: SharedData,
    keys: tuple[Array, Array],
    end: Array,
    *,
    batches: Batches,
    capacity: int,
    aux: tuple[str, ...],
    record: tuple[str, ...] = (),
    observe: Callable[[Params], Any] | None = None,
) -> tuple[Lane, dict[str, Array], dict[str, Array]]:
    """A block after its steps up to `end`: -> (lanes, "loss" and what is recorded (capacity, lanes), validation (lanes,)).

    keys: of the seed's ORDER and LOSS streams. aux: the names that the loss records. record: other numbers of a step.
    observe: of the parameters after each step, recorded with an axis of lanes behind that of steps.
    """
    key, loss_key = keys
    options = {"batches": batches, "capacity": capacity, "losses_only": True, "loss_key": loss_key}
    options |= {"aux": aux, "record": record}
    look = None if observe is None else partial(observed, observe)
    if len(limit) == 1:

        def alone(spec: RunSpec, lane: Lane, limit: Array) -> tuple[Lane, dict[str, Array]]:
            loss = shared.loss if spec.loss is None else spec.loss
            loop = EpochLoop(loss, spec.optimizer, shared.train, key, limit, observe=look, **options)
            lane, seen, looked = segment(loop, lane, end)
            return lane, {**seen, **(looked or {})}

        lanes, seen = over_lanes(alone, (0, LANE_AXES, 0), (LANE_AXES, 1), 1)(spec, lanes, limit)
    else:
        loss, axis = (shared.loss, None) if spec.loss is None else (spec.loss, 0)
        rows = jax.tree.map(lambda array: array[: batches.size], shared.train)
        layout = Layout.of(spec, loss, axis, lanes.train_state, rows, loss_key)
        options |= {"lanes": len(limit), "loss_axis": axis}
        each = None if look is None else jax.vmap(layout.of_params(look))
        loop = EpochLoop(layout.loss(loss), spec.optimizer, shared.train, key, limit, observe=each, **options)
        lanes, seen, looked = segment(loop, layout.turn(lanes), end)
        lanes, seen = layout.turn(lanes), {**seen, **(looked or {})}
    own = lanes.train_state.model_state
    return lanes, seen, evaluate(spec, shared, final_params(spec, lanes), shared.validation, own)
