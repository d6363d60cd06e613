"""The host's loop around the compiled segments: stop, save, call back; the numbers are none of its business.

The bits of a run don't depend on where segments are cut, so that their length follows the clock.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import jax
import numpy as np

from jgd.core.processes import gathered, is_first, now
from jgd.epoch_loop import segment
from jgd.lane import NOT_DIVERGED
from jgd.status import RunEnd, Status
from jgd.training.end_reason import end_reason
from jgd.training.forewarned import of_the_end
from jgd.training.hard_mining import hardest_rows
from jgd.training.interrupt import uninterrupted
from jgd.training.plan import TrainPlan
from jgd.training.progress import TrainProgress
from jgd.training.progress_bar import progress_bar
from jgd.training.resume import Saver, eval_params
from jgd.training.run import Run
from jgd.training.run_state import RunState
from jgd.training.validation import evaluated_segment

SEGMENT_SECONDS = 0.25  # that a segment should take, so that a bar moves and little is lost
COLUMNS = ("loss", "gradient_norm", "update_norm", "learning_rate")  # of a history, besides "seconds"

_segment = jax.jit(segment, donate_argnames=("lane",))
_evaluated_segment = jax.jit(evaluated_segment, donate_argnames=("lane",))


def run_to_end(plan: TrainPlan, state: RunState, saver: Saver, progress: bool | None) -> Run:
    """The run from where it stands to its end; what interrupts it carries the `Run` so far."""
    try:
        with progress_bar(progress if is_first(plan.together) else False, plan.total_steps) as show:
            _run_loop(plan, state, saver, show)
    except BaseException as fault:
        if any(leaf.is_deleted() for leaf in jax.tree.leaves(state.lane)):
            raise  # a segment failed half-way, and took what it had been given along
        if saver.newest < state.step and not plan.together:  # the others would have to help
            saver.save(state, at_end=True)
        left = _left(plan, state, (*plan.notes, f"ended by {fault!r}"))
        fault.run = left  # pyright: ignore[reportAttributeAccessIssue]  # an attribute of our own
        raise
    finally:
        if plan.loader is not None:
            plan.loader.close()
    return _left(plan, state, (*plan.notes, *([saver.fault] if saver.fault else [])))


def _run_loop(plan: TrainPlan, state: RunState, saver: Saver, show: Callable[[TrainProgress], None] | None) -> None:
    """Segment after segment until the run has an end; it is saved, shown and called back after each."""
    if state.end is not None:
        return  # a finished run came back from its store, which needs no other snapshot of it
    together = plan.together
    started = now(together) - state.seconds
    watching = [each for each in (show, plan.callback) if each is not None and is_first(together)]
    pace, paced, told = 1, False, len(state.evaluations.get("step", ()))
    if plan.validation is not None and not state.evaluations:
        with uninterrupted():
            _run_segment(plan, state, 0)  # the start is evaluated by a segment without a step
    while state.end is None:
        state.end = end_reason(plan, state)
        if state.end is not None:
            break
        if plan.mines and state.step % plan.loop.batches.order.update_every == 0:
            at = state.lane.train_state
            state.ranked = hardest_rows(plan.measure, at.params, plan.loop.data, at.model_state)
        since = now(together)
        with uninterrupted():
            made = _run_segment(plan, state, pace)
        state.seconds = now(together) - started
        per_second = made / max(state.seconds + started - since, 1e-9)
        pace = max(1, min(plan.loop.capacity, int(per_second * SEGMENT_SECONDS))) if paced else 10
        paced = True  # the first segment also compiles, and says nothing of the pace
        saver.save(state, at_end=False)
        seen = _progress(plan, state, told)
        for callback in watching:
            callback(seen)
        told += len(seen.new_evaluations)
    saver.save(state, at_end=True)


def _run_segment(plan: TrainPlan, state: RunState, pace: int) -> int:
    """One segment, at most `pace` steps: -> updates made. What it leaves is fetched at once."""
    begin, since = state.step, time.perf_counter()
    end = min(plan.segment_end(begin), begin + pace)
    loop = replace(plan.loop, batches=plan.batches(state))
    if plan.loader is not None:
        data, batches, last = plan.loader.take(begin)
        data, batches = plan.placed((data, batches))
        loop, end = replace(loop, data=data, batches=batches), min(end, last)
    run = _segment if plan.validation is None else partial(_evaluated_segment, plan.validation)
    state.lane, *seen = run(loop, state.lane, np.asarray(end, np.int32))
    lane = state.lane
    diverged_at, step, seen = jax.device_get(gathered((lane.diverged_at, lane.train_state.opt_state.step, seen)))
    metrics, observed, *evaluations = seen
    state.step = int(step if diverged_at == NOT_DIVERGED else diverged_at)
    made = state.step - begin
    rows = made + int(diverged_at != NOT_DIVERGED)  # a refused step still saw its loss
    columns = {name: getattr(metrics, name)[:rows] for name in COLUMNS}
    columns |= {name: column[:rows] for name, column in metrics.aux.items()}
    took = time.perf_counter() - since
    columns["seconds"] = state.seconds + took * np.arange(1, rows + 1) / max(rows, 1)
    state.history.absorb(columns)
    if loop.observe is not None:
        state.observations.append(jax.tree.map(lambda a: a[:made].copy(), observed))
    for one in evaluations:
        state.add_evaluations(one)
    moving = np.flatnonzero(columns["gradient_norm"])  # steps at which there was a gradient
    state.zero_gradients = state.zero_gradients + rows if not len(moving) else rows - 1 - int(moving[-1])
    return made


def _progress(plan: TrainPlan, state: RunState, told: int) -> TrainProgress:
    """told: how many evaluations the callback has been given."""
    last, evaluations = state.history.last, state.evaluations
    new = range(told, len(evaluations.get("step", ())))
    return TrainProgress(
        step=state.step,
        total_steps=plan.total_steps,
        loss=float(last["loss"][0]) if last else float("nan"),
        learning_rate=float(last["learning_rate"][0]) if last else float("nan"),
        seconds=state.seconds,
        evaluation={name: column[-1] for name, column in evaluations.items()},
        new_evaluations=tuple({name: column[i] for name, column in evaluations.items()} for i in new),
    )


def _no_rows(plan: TrainPlan) -> dict[str, np.ndarray]:
    """The history of a run without a step: each column, empty."""
    rows = np.zeros(0, np.dtype(plan.loop.limit.dtype))
    return {"step": np.zeros(0, int), **dict.fromkeys((*COLUMNS, *plan.loop.aux), rows), "seconds": np.zeros(0)}


def _left(plan: TrainPlan, state: RunState, notes: tuple[str, ...]) -> Run:
    """What the run leaves where it stands."""
    history = state.history.table() if state.history.done else _no_rows(plan)
    seconds = history.pop("seconds")
    params, best = eval_params(plan.loop.optimizer, state.lane), state.best
    last, own = state.lane.train_state, state.lane.train_state.model_state
    if state.end is not None and not state.end.status.broken:
        notes = (*notes, *of_the_end(plan.loop.optimizer, plan.params, last.params, history))
    deployed = (params, own) if best is None else (best.params, best.model_state)
    return Run(
        params=params,
        best=best,
        train_state=last,
        end=state.end or RunEnd(Status.INTERRUPTED, state.step),
        history=history,
        evaluations=state.evaluation_table(),
        observations=state.observed(),
        seconds=seconds,
        notes=notes,
        predictor=plan.predictor and plan.predictor.with_params(*deployed),
    )
