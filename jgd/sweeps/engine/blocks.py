"""A block: a fixed number of lanes of one group of configs, at one seed, as one program with a lane axis.

All blocks of a sweep have one width, filled up by repeating the last config, so that a lane's bits don't depend
on how many lanes run or on who its neighbours are. A block's batch is one array, shared by its lanes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core import seeds, tree
from jgd.core.functions import OnBatch
from jgd.core.optimizer import Optimizer
from jgd.core.record import record
from jgd.core.tracing import traceable
from jgd.core.types import Batch, Loss, Params
from jgd.data.batches import Batches
from jgd.descent import start
from jgd.divergence import BASELINE_ROWS, loss_limit
from jgd.epoch_loop import LANE_AXES, NOT_DIVERGED, EpochLoop, Lane, eval_params_of, segment
from jgd.metrics import evaluation
from jgd.spaces.space import Config
from jgd.sweeps.run_spec import Build, RunSpec, of_arrays
from jgd.tasks import Task

# Lanes a block, by the number of parameters: small blocks stay in the cache and pad less, wide ones spread the cost of
# each operation. Never by the number of configs: a lane's bits depend on the width, and must not on who else runs.
WIDTHS = {
    "cpu": ((65536, 32), (2**20, 8)),  # measured on two cores
    "gpu": ((65536, 256), (2**20, 32)),
}
CAPACITY = 1000  # steps of a block at most between two looks of the host
LARGEST = 4  # lanes of models beyond the table


@dataclass(frozen=True)
class Block:
    """Lanes that run side by side: configs of one group, by their places, at one seed, all after `begin` steps."""

    group: int
    seed: int
    configs: tuple[int, ...]
    begin: int
    end: int

    @property
    def lane_steps(self) -> int:
        return len(self.configs) * (self.end - self.begin)


@record
class Feed:
    """What all blocks of a sweep share, one copy on each device."""

    loss: Loss
    metrics: dict[str, Loss]
    train: Batch
    validation: Batch

    @classmethod
    def of(cls, task: Task) -> "Feed":
        metrics = {name: traceable(metric) for name, metric in task.metrics.items()}
        return cls(traceable(task.loss), metrics, *jax.tree.map(jnp.asarray, (task.train, task.validation)))


@record
class Opened:
    """A block before its steps: the trials, the lanes at their start and the losses above which they have diverged."""

    trial: RunSpec
    lane: Lane
    limit: Array  # (lanes,)


def opening(build: Build, values: Mapping[str, np.ndarray], task: Task, *, width: int) -> Opened:
    """A block before its first step, as shapes and dtypes."""
    feed, key = Feed.of(task), seeds.key(0, seeds.Stream.INIT)
    dtype = jnp.result_type(float)
    numbers = {name: np.asarray(column, dtype) for name, column in values.items()}
    made = lambda numbers: opened(build, numbers, feed, task.init(key), key, key, jnp.ones((), dtype), width=width)
    return jax.eval_shape(made, numbers)


def shapes(build: Build, values: Mapping[str, np.ndarray], task: Task, *, width: int) -> tuple[Params, Lane]:
    """The parameters to keep and the lanes of a block, as shapes and dtypes."""
    block = opening(build, values, task, width=width)
    return jax.eval_shape(finished, block.trial, block.lane), block.lane


def width_for(parameters: int, platform: str) -> int:
    """Lanes a block for a model of so many parameters."""
    table = WIDTHS.get(platform, WIDTHS["gpu"])
    return next((width for most, width in table if parameters <= most), LARGEST)


def numbers(configs: Sequence[Config], names: Sequence[str], width: int) -> dict[str, np.ndarray]:
    """name -> (width,) values of a block's configs, the last one repeated to fill it."""
    padded = [*configs, *[configs[-1]] * (width - len(configs))]
    dtype = jnp.result_type(float)
    return {name: np.array([config[name] for config in padded], dtype) for name in names}


@partial(jax.jit, static_argnames=("build", "width"))
def opened(
    build: Build,
    values: Mapping[str, Array],
    feed: Feed,
    params: Params,
    init: Array,
    noise: Array,
    factor: Array,
    *,
    width: int,
) -> Opened:
    """A block before its first step. params: the task's start at this seed; init, noise: the seed's keys."""

    def one(_: Array, config: dict[str, Array]) -> Opened:
        trial = of_arrays(build(**config))
        begin = params if trial.init is None else trial.start(init)
        loss = feed.loss if trial.loss is None else trial.loss
        rows = jax.tree.map(lambda a: a[:BASELINE_ROWS], feed.train)
        at_start = OnBatch(loss, rows)(begin).astype(tree.compute_dtype(begin))
        lane = Lane(start(trial.optimizer, begin, noise), jnp.asarray(NOT_DIVERGED, jnp.int32))
        return Opened(replace(trial, init=None, measure=trial.measured_by), lane, loss_limit(at_start, factor))

    return jax.vmap(one, out_axes=Opened(0, LANE_AXES, 0))(jnp.arange(width), values)  # pyright: ignore


def finished(trial: RunSpec, lane: Lane) -> Params:
    """The parameters of every lane to evaluate and keep: the lanes' own arrays, or what the optimizer reads out."""
    read = _readouts(trial.optimizer, lane)
    return lane.train_state.params if read is None else read


@jax.jit
def _readouts(optimizer: Optimizer, lane: Lane) -> Params | None:
    """None where an optimizer deploys what it descends with, which needs no copy."""

    def one(optimizer: Optimizer, lane: Lane) -> Params | None:
        read = eval_params_of(optimizer, lane)
        return None if read is lane.train_state.params else read

    return jax.vmap(one, in_axes=(0, LANE_AXES))(optimizer, lane)


@jax.jit
def evaluated(trial: RunSpec, feed: Feed, params: Params, rows: Batch) -> dict[str, Array]:
    """name -> (lanes,): the measure and the metrics of every lane on the same rows."""

    def one(trial: RunSpec, params: Params) -> dict[str, Array]:
        metrics = feed.metrics if trial.metrics is None else trial.metrics
        return evaluation(metrics, feed.loss if trial.measure is None else trial.measure, params, rows)

    return jax.vmap(one)(trial, params)


@partial(jax.jit, static_argnames=("capacity",), donate_argnames=("lane",))
def advanced(
    trial: RunSpec, lane: Lane, limit: Array, feed: Feed, key: Array, end: Array, *, batches: Batches, capacity: int
) -> tuple[Lane, Array, dict[str, Array]]:
    """A block after its steps up to `end`: -> (lane, losses (capacity, lanes), validation name -> (lanes,))."""
    loss, own = (feed.loss, None) if trial.loss is None else (trial.loss, 0)
    loop = EpochLoop(
        loss, trial.optimizer, feed.train, key, limit, batches,
        capacity=capacity, lanes=limit.shape[0], loss_axis=own,
    )  # fmt: skip
    lane, losses, _ = segment(loop, lane, end)
    return lane, losses, evaluated(trial, feed, finished(trial, lane), feed.validation)
