"""The host's loop around the compiled segments: evaluate, stop, save, tell; the numbers are none of its business.

The bits of a run don't depend on where segments are cut, so that their length follows the clock.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
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
from jgd.links.plateau import tell
from jgd.stopping import GOALS, NOT_YET, Reached, Stop
from jgd.train.diagnosis import diagnosis
from jgd.train.interrupt import uninterrupted
from jgd.train.run import Run
from jgd.train.session import Session
from jgd.train.stream import Loader
from jgd.watch import Status, evaluation

SEGMENT = 1000  # steps at most between two looks of the host
LOOK = 0.25  # seconds that a segment should take, so that a bar moves and little is lost

_segment = jax.jit(segment, static_argnames=("capacity", "observe", "lanes"), donate_argnames=("lane",))
_evaluation = jax.jit(evaluation)
_deployed = jax.jit(deployed)


@dataclass(frozen=True)
class Look:
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
    validation: Batch | None
    metrics: Mapping[str, Callable[[Params, Batch], Array]]
    batches: Batches
    key: Array  # the seed's ORDER stream
    limit: Array  # the loss above which the run has diverged
    stop: Stop
    total: int
    every: int  # steps between evaluations
    select_by: str
    observe: Callable[[Params], Any] | None
    loader: Loader | None  # of rows that are on the disk; None where `data` is in memory
    callback: Callable[[Look], None] | None

    @property
    def capacity(self) -> int:
        return SEGMENT if self.observe is None else max(1, min(SEGMENT, self.total))  # observations may be large

    def end(self, begin: int) -> int:
        """Where a segment from `begin` has to end, whatever the clock says."""
        ends = [self.total, begin + self.capacity]
        if self.validation is not None:
            ends.append((begin // self.every + 1) * self.every)
        if isinstance(self.batches.order, HardMining):
            ends.append((begin // self.batches.order.every + 1) * self.batches.order.every)
        if self.loader is not None:
            ends.append(self.loader.end(begin))
        return min(ends)


@jax.jit
def begin(optimizer: Optimizer, params: Params, noise: Array, stop_goals: Any) -> Lane:
    """The lane before the first step."""
    progress = start(optimizer, params, noise)
    reached = () if stop_goals is None else stop_goals.start(jnp.result_type(float))
    return Lane(progress, jnp.asarray(GOING, jnp.int32), reached)


def go(job: Job, session: Session, save: Callable[[bool], None], show: Callable[[Look], None] | None = None) -> None:
    """Advance the session until its status says why it ended. save(at_end) and show are called after every segment."""
    started = time.perf_counter() - session.seconds
    pace, paced = 1, False
    while session.status is None:
        if job.validation is not None and (session.done % job.every == 0 or session.done == job.total):
            with uninterrupted():
                _evaluate(job, session)
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
        if not bool(session.lane.going) and job.validation is not None:
            with uninterrupted():
                _evaluate(job, session)
        save(False)
        for told in (show, job.callback):
            if told is not None:
                told(_look(job, session))
    save(True)


def _advance(job: Job, session: Session, pace: int) -> int:
    """One segment, at most `pace` steps: -> steps made."""
    done = session.done
    end = job.end(done) if job.loader is not None else min(job.end(done), done + pace)
    data, batches = job.data, _batches(job, session)
    if job.loader is not None:  # its windows are foreseen, so that the next is there when this one is done
        data, batches = job.loader.take(done, end, job.end)
    before = session.seconds, time.perf_counter()
    session.lane, report, observed = _segment(
        job.loss, job.optimizer, session.lane, data, job.key, job.limit, jnp.asarray(end, jnp.int32),
        goals=job.stop.goals, batches=batches, capacity=job.capacity, observe=job.observe,
    )  # fmt: skip
    broke = int(session.lane.diverged_at)
    met = int(session.lane.reached.at) if isinstance(session.lane.reached, Reached) else NOT_YET
    kept = broke if broke != GOING else met + 1 if met != NOT_YET else end
    made = kept - done + (broke != GOING)  # a refused step still saw its loss
    columns = {name: np.asarray(getattr(report, name))[:made] for name in _COLUMNS}
    took = time.perf_counter() - before[1]
    columns["seconds"] = before[0] + took * np.arange(1, made + 1) / max(made, 1)
    session.history.absorb(columns)
    if job.observe is not None:
        session.observations.append(jax.tree.map(lambda a: np.asarray(a)[: kept - done].copy(), observed))
    quiet = np.flatnonzero(columns["gradient_norm"])  # steps at which there was a gradient
    session.still = session.still + made if not len(quiet) else made - 1 - int(quiet[-1])
    session.done = kept
    return kept - done


def _batches(job: Job, session: Session) -> Batches:
    return job.batches if session.ranked is None else job.batches.mined(jnp.asarray(session.ranked))


_COLUMNS = ("loss", "gradient_norm", "update_norm", "learning_rate")


def _evaluate(job: Job, session: Session) -> None:
    if session.evaluations and session.evaluations["step"][-1] == session.done:
        return  # it was made before the run was stored
    params = _deployed(job.optimizer, session.lane)
    measured = jax.device_get(_evaluation(job.metrics, job.loss, params, job.validation))
    row = {"step": session.done, **{name: float(value) for name, value in measured.items()}}
    for name, value in row.items():
        session.evaluations.setdefault(name, []).append(value)
    session.lane = _told(session.lane, row[job.select_by])
    if session.best.absorb(session.done, row[job.select_by]):
        session.best_params = jax.tree.map(jnp.copy, params)  # the lane's own are donated


def _told(lane: Lane, value: float) -> Lane:
    """The lane whose plateau links, if any, have heard the evaluation."""
    state = lane.progress.state
    return replace(lane, progress=replace(lane.progress, state=tell(state, value)))


def _reason(job: Job, session: Session) -> Status | None:
    """Why the run ends here, or None."""
    lane, done = session.lane, session.done
    broke = int(lane.diverged_at)
    if broke != GOING:
        batch = _batches(job, session).at(job.data, job.key, broke)
        table = session.history.table()
        return diagnosis(job.loss, job.optimizer, lane.progress, batch, broke, table, float(job.limit))
    if isinstance(lane.reached, Reached) and int(lane.reached.at) != NOT_YET:
        goal = GOALS[int(lane.reached.which)]
        asked = getattr(job.stop, goal)
        name = "target" if goal == "loss" else "converged"
        return Status(name, done, f"{goal} <= {asked:g} at the step before")
    if done >= job.total:
        still = done >= job.batches.per_epoch and session.still >= job.batches.per_epoch
        return Status("stationary" if still else "max_steps", done)
    if job.stop.patience is not None and session.best.waited >= job.stop.patience:
        best = session.best
        return Status("no_progress", done, f"best validation {job.select_by} {best.value:g} at step {best.step}")
    if job.stop.seconds is not None and session.seconds >= job.stop.seconds:
        return Status("time", done, f"{session.seconds:.1f} s of {job.stop.seconds:g} s")
    return None


def _look(job: Job, session: Session) -> Look:
    last = session.history.last
    return Look(
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
        evaluations=session.evaluated(),
        observations=session.observed(),
        seconds=seconds,
        notes=notes,
    )
