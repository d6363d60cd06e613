"""The host's loop around the compiled segments: stop, save, tell; the numbers are none of its business.

The bits of a run don't depend on where segments are cut, so that their length follows the clock.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core.functions import OnBatch
from jgd.core.optimizer import Optimizer
from jgd.core.types import Batch, Loss, Params
from jgd.data.batches import Batches
from jgd.data.orders import HardMining
from jgd.descent import GOING, Lane, deployed, segment, start
from jgd.stopping import GOALS, NOT_YET, EarlyStopping, EarlyStoppingState, StoppingRule, Thresholds, ThresholdState
from jgd.training.diagnosis import diagnosis
from jgd.training.interrupt import uninterrupted
from jgd.training.loader import Loader
from jgd.training.run import Run
from jgd.training.run_state import Session
from jgd.training.validation import Validation, validated
from jgd.watch import Status

SEGMENT = 2000  # steps at most between two looks of the host, each of which costs a millisecond or two
LOOK = 0.25  # seconds that a segment should take, so that a bar moves and little is lost

_segment = jax.jit(segment, static_argnames=("capacity", "observe"), donate_argnames=("lane",))
_validated = jax.jit(validated, static_argnames=("capacity", "observe"), donate_argnames=("lane",))
_deployed = jax.jit(deployed)


@dataclass(frozen=True)
class TrainProgress:
    """What the host sees between two segments: what a progress bar or a callback gets."""

    done: int  # steps made
    total: int
    loss: float  # of the last step; NaN before the first
    learning_rate: float
    seconds: float
    evaluation: dict[str, float]  # the newest; {} before the first


@dataclass(frozen=True)
class Job:
    """Everything about a run that stays fixed; `Session` is what moves."""

    loss: Loss
    optimizer: Optimizer
    data: Batch
    validation: Validation | None
    batches: Batches
    key: Array  # the seed's ORDER stream
    limit: Array  # the loss above which the run has diverged
    stop: StoppingRule
    total: int
    observe: Callable[[Params], Any] | None
    loader: Loader | None  # of rows that are on the disk; None where `data` is in memory
    callback: Callable[[TrainProgress], None] | None

    @property
    def capacity(self) -> int:
        return SEGMENT if self.observe is None else max(1, min(SEGMENT, self.total))  # observations may be large

    def end(self, begin: int) -> int:
        """Where a segment from `begin` has to end, whatever the clock says."""
        ends = [self.total, begin + self.capacity]
        if isinstance(self.batches.order, HardMining):
            ends.append((begin // self.batches.order.every + 1) * self.batches.order.every)
        return min(ends)


@jax.jit
def begin(
    optimizer: Optimizer, params: Params, noise: Array, goals: Thresholds | None, judge: EarlyStopping | None
) -> Lane:
    """The lane before the first step."""
    progress = start(optimizer, params, noise)
    reached = () if goals is None else goals.start(jnp.result_type(float))
    return Lane(progress, jnp.asarray(GOING, jnp.int32), reached, () if judge is None else judge.start(params))


def go(
    job: Job, session: Session, save: Callable[[bool], None], show: Callable[[TrainProgress], None] | None = None
) -> None:
    """Advance the session until its status says why it ended. save(at_end) and show are called after every segment."""
    if session.status is not None:
        return  # a finished run came back from its store, which needs no other snapshot of it
    started = time.perf_counter() - session.seconds
    pace, paced = 1, False
    if job.validation is not None and not session.evaluations:
        with uninterrupted():
            _advance(job, session, 0)  # the start is evaluated by a segment without a step
    while session.status is None:
        session.status = _reason(job, session)
        if session.status is not None:
            break
        if isinstance(job.batches.order, HardMining) and session.done % job.batches.order.every == 0:
            session.ranked = _hardest(job.loss, session.lane.progress.params, job.data)
        since = time.perf_counter()
        with uninterrupted():
            fresh = _advance(job, session, pace)
        now = time.perf_counter()
        session.seconds = now - started
        per_second = fresh / max(now - since, 1e-9)
        pace = max(1, min(job.capacity, int(per_second * LOOK))) if paced else 10
        paced = True  # the first segment also compiles, and says nothing of the pace
        save(False)
        for told in (show, job.callback):
            if told is not None:
                told(_look(job, session))
    save(True)


def _advance(job: Job, session: Session, pace: int) -> int:
    """One segment, at most `pace` steps: -> steps made. What it leaves is fetched at once."""
    done, since = session.done, time.perf_counter()
    end = min(job.end(done), done + pace)
    data, batches = job.data, _batches(job, session)
    if job.loader is not None:
        data, batches, last = job.loader.take(done)
        end = min(end, last)
    run = _segment if job.validation is None else partial(_validated, job.validation)
    session.lane, *seen = run(
        job.loss, job.optimizer, session.lane, data, job.key, job.limit, jnp.asarray(end, jnp.int32),
        goals=job.stop.goals, batches=batches, capacity=job.capacity, observe=job.observe,
    )  # fmt: skip
    lane = session.lane
    broke, step, (report, observed, *made) = jax.device_get((lane.diverged_at, lane.progress.state.step, seen))
    session.done = int(step if broke == GOING else broke)
    fresh = session.done - done
    rows = fresh + int(broke != GOING)  # a refused step still saw its loss
    columns = {name: getattr(report, name)[:rows] for name in _COLUMNS}
    took = time.perf_counter() - since
    columns["seconds"] = session.seconds + took * np.arange(1, rows + 1) / max(rows, 1)
    session.history.absorb(columns)
    if job.observe is not None:
        session.observations.append(jax.tree.map(lambda a: a[:fresh].copy(), observed))
    for evaluations in made:
        session.evaluated(evaluations)
    quiet = np.flatnonzero(columns["gradient_norm"])  # steps at which there was a gradient
    session.still = session.still + rows if not len(quiet) else rows - 1 - int(quiet[-1])
    return fresh


_COLUMNS = ("loss", "gradient_norm", "update_norm", "learning_rate")


def _batches(job: Job, session: Session) -> Batches:
    return job.batches if session.ranked is None else job.batches.mined(jnp.asarray(session.ranked))


def _reason(job: Job, session: Session) -> Status | None:
    """Why the run ends here, or None."""
    lane, done = session.lane, session.done
    broke = int(lane.diverged_at)
    if broke != GOING:
        batch = _batches(job, session).at(job.data, job.key, broke)
        table = session.history.table()
        return diagnosis(job.loss, job.optimizer, lane.progress, batch, broke, table, float(job.limit))
    if isinstance(lane.reached, ThresholdState) and int(lane.reached.at) != NOT_YET:
        goal = GOALS[int(lane.reached.which)]
        asked = getattr(job.stop, goal)
        name = "target" if goal == "loss" else "converged"
        return Status(name, done, f"{goal} <= {asked:g} at the step before")
    if done >= job.total:
        still = done >= job.batches.per_epoch and session.still >= job.batches.per_epoch
        return Status("stationary" if still else "max_steps", done)
    if isinstance(lane.best, EarlyStoppingState) and bool(lane.best.enough):
        best, name = lane.best, "" if job.validation is None else job.validation.metric
        told = f"{float(best.value):g} at step {int(best.step)}" if int(best.step) >= 0 else "was never a number"
        return Status("no_progress", done, f"best validation {name} {told}")
    if job.stop.seconds is not None and session.seconds >= job.stop.seconds:
        return Status("time", done, f"{session.seconds:.1f} s of {job.stop.seconds:g} s")
    return None


def _look(job: Job, session: Session) -> TrainProgress:
    last = session.history.last
    return TrainProgress(
        done=session.done,
        total=job.total,
        loss=float(last["loss"][0]) if last else float("nan"),
        learning_rate=float(last["learning_rate"][0]) if last else float("nan"),
        seconds=session.seconds,
        evaluation={name: column[-1] for name, column in session.evaluations.items()},
    )


@jax.jit
def _row_losses(loss: Loss, params: Params, data: Batch) -> Array:
    one = lambda row: OnBatch(loss, jax.tree.map(lambda x: x[None], row))(params)
    return jax.lax.map(one, data, batch_size=1024)


def _hardest(loss: Loss, params: Params, data: Batch) -> np.ndarray:
    """(rows,) int32: row numbers from the largest loss on, a NaN before all others."""
    losses = np.nan_to_num(np.asarray(_row_losses(loss, params, data)), nan=np.inf)
    return np.argsort(-losses, kind="stable").astype(np.int32)


def left(job: Job, session: Session, notes: tuple[str, ...]) -> Run:
    """What the session leaves."""
    table = session.history.table()
    seconds = table.pop("seconds", np.zeros(0))
    return Run(
        params=_deployed(job.optimizer, session.lane),
        best=session.kept,
        progress=session.lane.progress,
        status=session.status or Status("interrupted", session.done),
        history=table,
        evaluations=session.table(),
        observations=session.observed(),
        seconds=seconds,
        notes=notes,
    )
