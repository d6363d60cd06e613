"""One block on one device, from its begin to its end: steps, evaluations, and a save now and then."""

import threading
import time
from dataclasses import dataclass, field, replace

import numpy as np
from jax import Array

from jgd.core.types import Params
from jgd.lane import NOT_DIVERGED, Lane
from jgd.sweeps.engine.block import Block
from jgd.sweeps.engine.calls import advance, state_at_begin
from jgd.sweeps.engine.device_inputs import DeviceInputs
from jgd.sweeps.engine.programs import CAPACITY, BlockState, final_params
from jgd.sweeps.engine.progress import BlockEvaluation, Meter
from jgd.sweeps.plan import Plan
from jgd.sweeps.policies.policy import Round
from jgd.sweeps.store.base import BlockResult, Store
from jgd.sweeps.store.lanes import first_lanes, first_rows

SAVE_EVERY = 30.0  # seconds that a block runs at most between two saves


@dataclass
class _Unsaved:
    """What a block has measured since it was saved last."""

    steps: list[dict[str, np.ndarray]] = field(default_factory=list)  # "loss" and aux of a segment's steps
    metrics: list[dict[str, np.ndarray]] = field(default_factory=list)
    evaluation_steps: list[int] = field(default_factory=list)
    begin: float = field(default_factory=time.perf_counter)

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.begin


def run_block(
    plan: Plan,
    store: Store,
    meter: Meter,
    inputs: DeviceInputs,
    current: Round,
    block: Block,
    stop: threading.Event,
) -> None:
    """Run a block, tell of every segment, and save it at its end, and on the way where it takes long."""
    state = state_at_begin(plan, store, inputs, current, block)
    lanes, width, done = len(block.configs), plan.widths[block.group], block.begin
    diverged = _diverged(state.lanes, lanes) if block.begin else 0
    unsaved, saved = _Unsaved(), None  # the part that this run of the block has saved last
    for until in sorted({*(step for step in plan.evaluation_steps if block.begin < step < block.end), block.end}):
        while True:
            end = min(until, done + CAPACITY)
            after, seen, measured = advance(plan, inputs, block, state, end)
            state = replace(state, lanes=after)
            kept = slice(-done % plan.record_every, end - done, plan.record_every)
            of_steps = lambda column: np.asarray(column)[kept, :lanes].copy()  # noqa: B023  # a view would keep all its room
            unsaved.steps.append({name: of_steps(column) for name, column in seen.items()})
            now, scored = _diverged(after, lanes), None
            if end == until:
                _note(unsaved, until, measured, lanes)
                scored = _scored(plan, block, until, unsaved.metrics[-1], after)
            meter.report_steps(end - done, now - diverged, lanes, width, scored)
            done, diverged = end, now
            if done == until:
                break
            if stop.is_set():
                return
        if done < block.end and unsaved.seconds > SAVE_EVERY:
            part = replace(block, end=done)
            _save(plan, store, meter, part, state, unsaved, saved, goes_on=True)
            saved, block, unsaved = part, replace(block, begin=done), _Unsaved()
    _save(plan, store, meter, block, state, unsaved, saved, goes_on=False)
    with meter.lock:
        meter.blocks += 1


def _diverged(lanes: Lane, count: int) -> int:
    """How many of the first `count` lanes have diverged."""
    return int((np.asarray(lanes.diverged_at)[:count] != NOT_DIVERGED).sum())


def _note(unsaved: _Unsaved, step: int, measured: dict[str, Array], lanes: int) -> None:
    unsaved.evaluation_steps.append(step)
    unsaved.metrics.append({name: np.asarray(value)[:lanes] for name, value in measured.items()})


def _scored(plan: Plan, block: Block, step: int, metrics: dict[str, np.ndarray], lanes: Lane) -> BlockEvaluation:
    """An evaluation as the callback gets it."""
    sound = np.asarray(lanes.diverged_at)[: len(block.configs)] == NOT_DIVERGED
    values = {name: np.where(sound, value, np.nan) for name, value in metrics.items()}
    return BlockEvaluation(block.configs, plan.seeds[block.seed], step, values)


def _save(
    plan: Plan,
    store: Store,
    meter: Meter,
    block: Block,
    state: BlockState,
    unsaved: _Unsaved,
    before: Block | None,
    *,
    goes_on: bool,
) -> None:
    """A block's result into the store, with the lanes at its end; those at the end of `before` are let go."""
    seconds, count = unsaved.seconds, len(block.configs)
    read = final_params(state.spec, state.lanes)
    lanes = first_lanes(state.lanes, count, copy=goes_on)
    own = read is state.lanes.train_state.params
    params: Params = lanes.train_state.params if own else first_rows(read, count)
    seen = {name: np.concatenate([part[name] for part in unsaved.steps]) for name in unsaved.steps[0]}
    metrics = {name: np.stack([row[name] for row in unsaved.metrics]) for name in unsaved.metrics[0]}
    result = BlockResult(
        block=block,
        evaluation_steps=tuple(unsaved.evaluation_steps),
        losses=seen.pop("loss"),
        metrics=metrics,
        diverged_at=np.asarray(lanes.diverged_at),
        params=params,
        seconds=seconds,
        recorded=seen,
        model_state=lanes.train_state.model_state,
    )
    with meter.lock:
        store.add(result, lanes)
        meter.note_scores(metrics[plan.task.metric][:, result.diverged_at == NOT_DIVERGED])
        if before is not None:
            store.release(before)
