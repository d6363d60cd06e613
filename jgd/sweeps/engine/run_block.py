"""One block on one device, from its begin to its end: steps and evaluations, and what it leaves now and then."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from jax import Array

from jgd.core.types import Params
from jgd.lane import NOT_DIVERGED, Lane
from jgd.sweeps.engine.block import Block
from jgd.sweeps.engine.calls import advance, state_at_begin
from jgd.sweeps.engine.device_inputs import DeviceInputs
from jgd.sweeps.engine.programs import CAPACITY, BlockState, final_params
from jgd.sweeps.engine.progress import BlockEvaluation, BlockSteps
from jgd.sweeps.engine.work import Job, Outcome, Work
from jgd.sweeps.store.base import BlockResult
from jgd.sweeps.store.lanes import first_lanes, first_rows

SAVE_EVERY = 30.0  # seconds that a block runs at most between two parts that it leaves


@dataclass
class _Unsaved:
    """What a block has measured since it left its last part."""

    steps: list[dict[str, np.ndarray]] = field(default_factory=list)  # "loss" and aux of a segment's steps
    metrics: list[dict[str, np.ndarray]] = field(default_factory=list)
    evaluation_steps: list[int] = field(default_factory=list)
    begin: float = field(default_factory=time.perf_counter)

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.begin


def run_block(
    work: Work, inputs: DeviceInputs, job: Job, tell: Callable[[BlockSteps], None], stop: threading.Event
) -> Iterator[Outcome]:
    """Run a block: -> what it leaves, in parts where it takes long. tell: of every segment."""
    block, state = job.block, state_at_begin(work, inputs, job)
    lanes, width, done = len(block.configs), work.widths[block.group], block.begin
    diverged = _diverged(state.lanes, lanes) if block.begin else 0
    unsaved, before = _Unsaved(), None
    for until in sorted({*(step for step in work.evaluation_steps if block.begin < step < block.end), block.end}):
        while True:
            end = min(until, done + CAPACITY)
            after, seen, measured = advance(work, inputs, block, state, end)
            state = replace(state, lanes=after)
            kept = slice(-done % work.record_every, end - done, work.record_every)
            of_steps = lambda column: np.asarray(column)[kept, :lanes].copy()  # noqa: B023  # a view would keep all its room
            unsaved.steps.append({name: of_steps(column) for name, column in seen.items()})
            now, scored = _diverged(after, lanes), None
            if end == until:
                _note(unsaved, until, measured, lanes)
                scored = _scored(work, block, until, unsaved.metrics[-1], after)
            tell(BlockSteps(end - done, now - diverged, lanes, width, scored))
            done, diverged = end, now
            if done == until:
                break
            if stop.is_set():
                return
        if done < block.end and unsaved.seconds > SAVE_EVERY:
            part = replace(block, end=done)
            yield _outcome(part, state, unsaved, before, last=False)
            before, block, unsaved = part, replace(block, begin=done), _Unsaved()
    yield _outcome(block, state, unsaved, before, last=True)


def _diverged(lanes: Lane, count: int) -> int:
    """How many of the first `count` lanes have diverged."""
    return int((np.asarray(lanes.diverged_at)[:count] != NOT_DIVERGED).sum())


def _note(unsaved: _Unsaved, step: int, measured: dict[str, Array], lanes: int) -> None:
    unsaved.evaluation_steps.append(step)
    unsaved.metrics.append({name: np.asarray(value)[:lanes] for name, value in measured.items()})


def _scored(work: Work, block: Block, step: int, metrics: dict[str, np.ndarray], lanes: Lane) -> BlockEvaluation:
    """An evaluation as the callback gets it."""
    sound = np.asarray(lanes.diverged_at)[: len(block.configs)] == NOT_DIVERGED
    values = {name: np.where(sound, value, np.nan) for name, value in metrics.items()}
    return BlockEvaluation(block.configs, work.seeds[block.seed], step, values)


def _outcome(block: Block, state: BlockState, unsaved: _Unsaved, before: Block | None, *, last: bool) -> Outcome:
    """A block's result with the lanes at its end; a block that goes on will overwrite their arrays."""
    seconds, count = unsaved.seconds, len(block.configs)
    read = final_params(state.spec, state.lanes)
    lanes = first_lanes(state.lanes, count, copy=not last)
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
    return Outcome(result, lanes, before, last)
