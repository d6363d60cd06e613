"""Everything about a run that stays fixed, and its state before the first step."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core import seeds
from jgd.core.loss_protocol import as_state
from jgd.core.optimizer import Optimizer
from jgd.core.sharding import Sharding
from jgd.core.tracing import traceable
from jgd.core.types import Batch, Loss, Params
from jgd.data.batches import Batches
from jgd.data.orders import HardMining
from jgd.descent import start
from jgd.divergence import BASELINE_ROWS, initial_loss, loss_limit
from jgd.epoch_loop import EpochLoop
from jgd.lane import NOT_DIVERGED, Lane
from jgd.prediction import Predictor
from jgd.stopping import EarlyStopping, StoppingRule, Thresholds
from jgd.training.arguments import TrainArguments
from jgd.training.batch_source import BatchLoader
from jgd.training.history import History
from jgd.training.loader import Loader, on_disk
from jgd.training.progress import TrainProgress
from jgd.training.run_state import RunState
from jgd.training.validation import Validation

SEGMENT_STEPS = 8000  # at most between two returns to the host, each of which costs a millisecond
HELD_STEPS = 2000  # at most, where a segment holds more than a few numbers a step: observations, or rows from the disk


@dataclass(frozen=True)
class TrainPlan:
    """Everything about a run that stays fixed; `RunState` is what moves."""

    loop: EpochLoop
    params: Params  # at the start
    model_state: Any  # at the start; None without
    measure: Loss  # the loss where it is evaluated
    validation: Validation | None
    stop: StoppingRule
    total_steps: int
    loader: Loader | None  # of rows on the disk, or of batches as they come; None where the loop's data are in memory
    callback: Callable[[TrainProgress], None] | None
    settings: dict[str, Any]  # name -> what the caller gave, of what the numbers depend on besides
    notes: tuple[str, ...]
    predictor: Predictor | None  # with any parameters

    @property
    def mines(self) -> bool:
        """Whether the hardest rows are looked for now and then."""
        return isinstance(self.loop.batches.order, HardMining)

    @property
    def together(self) -> bool:
        """Whether several processes compute the run."""
        return self.loop.sharding is not None and self.loop.sharding.together

    def placed(self, tree: Any) -> Any:
        """Arrays of the host on the run's devices, a copy on each."""
        return jax.tree.map(jnp.asarray, tree) if self.loop.sharding is None else self.loop.sharding.replicate(tree)

    def batches(self, state: RunState) -> Batches:
        """Those of the next step."""
        batches = self.loop.batches
        return batches if state.ranked is None else batches.mined(self.placed(state.ranked))

    def segment_end(self, begin: int) -> int:
        """Where a segment from `begin` has to end, whatever the clock says."""
        ends = [self.total_steps, begin + self.loop.capacity]
        if self.mines:
            every = self.loop.batches.order.update_every
            ends.append((begin // every + 1) * every)
        return min(ends)


def plan_run(arguments: TrainArguments) -> tuple[TrainPlan, RunState]:
    """The arrays on their devices, the loop that steps over them, and the state before the first step."""
    loss, total_steps = traceable(arguments.loss), arguments.total_steps
    optimizer = jax.tree.map(
        lambda x: jnp.asarray(x, jnp.result_type(float)), arguments.optimizer
    )  # 1, 1.0: one program
    params, model_state, data, batches = _placed(arguments)
    key = seeds.key(arguments.seed, seeds.Stream.ORDER)
    loader = _loader(arguments, data, batches, key)
    everywhere = (lambda tree: tree) if arguments.sharding is None else arguments.sharding.replicate
    first = everywhere(jax.tree.map(lambda a: jnp.asarray(a[:BASELINE_ROWS]), data))
    draws = everywhere(seeds.key(arguments.seed, seeds.Stream.LOSS))
    loss, optimizer, thresholds = everywhere((loss, optimizer, arguments.rule.thresholds))
    at_start, aux = initial_loss(loss, params, first, draws, model_state)
    measure = loss if arguments.evaluation_loss is None else everywhere(traceable(arguments.evaluation_loss))
    loop = EpochLoop(
        loss=loss,
        optimizer=optimizer,
        data=data,
        key=everywhere(key),
        limit=loss_limit(at_start, arguments.diverged_above),
        batches=everywhere(batches),
        thresholds=thresholds,
        capacity=SEGMENT_STEPS if arguments.observe is None else max(1, min(SEGMENT_STEPS, HELD_STEPS, total_steps)),
        observe=arguments.observe,
        loss_key=draws,
        aux=tuple(aux),
        sharding=arguments.sharding,
    )
    names = ("seed", "evaluate_every", "diverged_above", "metric", "larger_is_better", "history", "record_every")
    plan = TrainPlan(
        loop=loop,
        params=params,
        model_state=model_state,
        measure=measure,
        validation=_validation(arguments, measure),
        stop=arguments.rule,
        total_steps=total_steps,
        loader=loader,
        callback=arguments.callback,
        settings={name: getattr(arguments, name) for name in names},
        notes=arguments.notes,
        predictor=arguments.predictor,
    )
    early = None if plan.validation is None else plan.validation.early_stopping
    noise = everywhere(seeds.key(arguments.seed, seeds.Stream.NOISE))
    lane = _init_lane(optimizer, params, noise, loop.thresholds, early, model_state, loop.sharding)
    state = RunState(lane, History(arguments.history, arguments.record_every))
    if plan.mines:
        state.ranked = np.arange(batches.rows, dtype=np.int32)
    return plan, state


def _loader(arguments: TrainArguments, data: Batch, batches: Batches, key: Array) -> Loader | None:
    """What brings the rows of each segment, where they aren't in memory."""
    held, total = min(SEGMENT_STEPS, HELD_STEPS), arguments.total_steps
    if arguments.source is not None:
        return BatchLoader.reading(arguments.source, batches, key, held, total)
    return Loader.of(data, batches, key, held, total) if on_disk(data) else None


def _placed(arguments: TrainArguments) -> tuple[Params, Any, Batch, Batches]:
    """The parameters, the model's state, data and batches on the devices of the run."""
    data, batches, sharding = arguments.data, arguments.batches, arguments.sharding
    own = None if arguments.model_state is None else as_state(arguments.model_state)
    if sharding is None:
        # copies: segments donate theirs
        params = jax.tree.map(lambda x: jnp.array(x, dtype=jnp.asarray(x).dtype), arguments.params)
        return params, own, data if on_disk(data) else jax.tree.map(jnp.asarray, data), batches
    if not on_disk(data):
        data = sharding.share(data) if batches.whole else sharding.replicate(data)
    params = sharding.place(arguments.params, arguments.params)
    return params, sharding.place(own, params), data, replace(batches, cut=sharding.cut)


def _validation(arguments: TrainArguments, measure: Loss) -> Validation | None:
    rows, sharding = arguments.validation, arguments.sharding
    if rows is None:
        return None
    made = Validation(
        measure,
        {name: traceable(metric) for name, metric in (arguments.metrics or {}).items()},
        None,
        arguments.rule.early_stopping(arguments.larger_is_better),
        every=jnp.asarray(min(arguments.evaluate_every or 1, 2**31 - 1), jnp.int32),
        total_steps=jnp.asarray(arguments.total_steps, jnp.int32),
        metric=arguments.metric,
    )
    if sharding is None:
        return replace(made, rows=jax.tree.map(jnp.asarray, rows))
    return replace(sharding.replicate(made), rows=sharding.share(rows))


@partial(jax.jit, static_argnames="sharding")
def _init_lane(
    optimizer: Optimizer,
    params: Params,
    noise: Array,
    thresholds: Thresholds | None,
    early: EarlyStopping | None,
    model_state: Any,
    sharding: Sharding | None,
) -> Lane:
    """The lane before the first step."""
    watched = () if thresholds is None else thresholds.init(jnp.result_type(float))
    evaluated = () if early is None else early.init(params, model_state)
    begin = start(optimizer, params, noise, model_state=model_state)
    lane = Lane(begin, jnp.asarray(NOT_DIVERGED, jnp.int32), watched, evaluated)
    return lane if sharding is None else sharding.pin(lane, params)
