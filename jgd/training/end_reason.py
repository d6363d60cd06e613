"""Why a run ends at the step where it stands, or that it goes on."""

from typing import Any

from jgd.core.processes import gathered
from jgd.core.seeds import loss_key
from jgd.lane import NOT_DIVERGED
from jgd.status import RunEnd, Status
from jgd.stopping import NOT_MET, THRESHOLDS, EarlyStoppingState, ThresholdState
from jgd.training.diagnosis import diagnosis
from jgd.training.plan import TrainPlan
from jgd.training.run_state import RunState


def end_reason(plan: TrainPlan, state: RunState) -> RunEnd | None:
    """The first that holds of: broken, a threshold met, the budget of steps, patience, seconds."""
    return (
        _broken(plan, state)
        or _threshold_met(plan, state)
        or _out_of_steps(plan, state)
        or _out_of_patience(plan, state)
        or _out_of_time(plan, state)
    )


def may_go_on(end: RunEnd, plan: TrainPlan, state: RunState) -> bool:
    """Whether what ended a stored run does no longer: its budget of steps or of time has grown."""
    if end.status == Status.TIME:
        return plan.stop.seconds is None or state.seconds < plan.stop.seconds
    return end.status in (Status.MAX_STEPS, Status.STATIONARY) and plan.total_steps > state.step


def _broken(plan: TrainPlan, state: RunState) -> RunEnd | None:
    at = int(state.lane.diverged_at)
    if at == NOT_DIVERGED:
        return None
    loop = plan.loop
    batch = gathered(plan.batches(state).at(loop.data, loop.key, at))
    train_state, history = state.lane.train_state, state.history.table()
    key: Any = loss_key(loop.loss_key, at)
    return diagnosis(loop.loss, loop.optimizer, train_state, batch, key, at, history, float(loop.limit))


def _threshold_met(plan: TrainPlan, state: RunState) -> RunEnd | None:
    thresholds = state.lane.thresholds
    if not isinstance(thresholds, ThresholdState) or int(thresholds.at) == NOT_MET:
        return None
    name = THRESHOLDS[int(thresholds.which)]
    status = Status.TARGET if name == "loss" else Status.CONVERGED
    return RunEnd(status, state.step, f"{name} <= {getattr(plan.stop, name):g} at the step before")


def _out_of_steps(plan: TrainPlan, state: RunState) -> RunEnd | None:
    if state.step < plan.total_steps:
        return None
    per_epoch = plan.loop.batches.per_epoch
    stationary = state.step >= per_epoch and state.zero_gradients >= per_epoch
    return RunEnd(Status.STATIONARY if stationary else Status.MAX_STEPS, state.step)


def _out_of_patience(plan: TrainPlan, state: RunState) -> RunEnd | None:
    early = state.lane.early_stopping
    if not isinstance(early, EarlyStoppingState) or not bool(early.out_of_patience):
        return None
    name = "" if plan.validation is None else plan.validation.metric
    best = f"{float(early.value):g} at step {int(early.step)}" if int(early.step) >= 0 else "was never a number"
    return RunEnd(Status.NO_PROGRESS, state.step, f"best validation {name} {best}")


def _out_of_time(plan: TrainPlan, state: RunState) -> RunEnd | None:
    most = plan.stop.seconds
    if most is None or state.seconds < most:
        return None
    return RunEnd(Status.TIME, state.step, f"{state.seconds:.1f} s of {most:g} s")
