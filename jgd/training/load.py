"""A run from its directory, without the call that made it. Enters: a path. Leaves: the `Run` as its snapshot has it."""

import os
from pathlib import Path
from typing import Any

import jax
import numpy as np

from jgd.core import atomic_files, checks, snapshots
from jgd.core.plain_trees import tree_of
from jgd.core.strict_json import fault_of, is_text
from jgd.core.types import Params
from jgd.descent import TrainState
from jgd.prediction.described import predictor_of
from jgd.status import RunEnd, Status
from jgd.training.history import History
from jgd.training.resume import AVERAGES, FACTS
from jgd.training.run import BestParams, Run

_CONTENT = {
    **FACTS,
    "trees": {"lane": list, "observations": lambda tree: True},
    "predictor": (None, dict),
    "end": (None, {"status": lambda word: word in {each.value for each in Status}, "step": int, "detail": is_text}),
}
_STRANGE = (ArithmeticError, LookupError, TypeError, ValueError, AttributeError)


def load_run(path: str | os.PathLike, model: Any = None) -> Run:
    """What `jgd.train(…, store=path)` has left in its directory, also while it runs or after it was killed.

    Nothing is run, imported or written. To go on with it, repeat the call with `resume=True`.

    Args:
        path: The directory.
        model: For predictions of a model of somebody's own, which no file holds: the record with
            `predict(params, inputs)`, or the function, that it was trained with.

    Returns:
        The `Run`. Its parameters, and the optimizer's state in `train_state`, are plain dictionaries, lists and tuples;
        the status of one that had not ended is "interrupted".

    Raises:
        JgdValueError: There is no run, or nothing of it is whole, or an older jgd wrote it.

    Example:
        >>> import jgd, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     run = jgd.train("iris", jgd.optimizers.adam(0.1), steps=50, store=folder)
        ...     again = jgd.load_run(folder)
        >>> again.status, again.best.step == run.best.step, again.predict([[5.0, 3.4, 1.5, 0.2]]).tolist()
        ('max_steps', True, ['setosa'])
    """
    directory = checks.path("path", path)
    if not directory.is_dir() or not snapshots.holds_a_run(directory):
        sweep = ": it holds a sweep, see jgd.load_sweep" if (directory / atomic_files.SWEEP).exists() else ""
        raise checks.JgdValueError(f"there is no run in {str(directory)!r}{sweep}", argument="path")
    snapshot = snapshots.RunDirectory(directory).load()
    if snapshot is None:
        raise checks.JgdValueError(f"no snapshot of the run in {str(directory)!r} is whole", argument="path")
    fault = fault_of(snapshot.facts, _CONTENT, "it")
    if fault:
        raise _strange(directory, fault)
    try:
        return _run(snapshot, model)
    except (checks.JgdError, *_STRANGE) as fault:
        raise _strange(directory, fault) from fault


def _run(snapshot: snapshots.Snapshot, model: Any) -> Run:
    facts = snapshot.facts
    arrays = {name: np.asarray(array) for name, array in snapshot.arrays.items()}
    part = lambda name: [array for key, array in arrays.items() if key.startswith(name)]
    lane = tree_of(facts["trees"]["lane"], part("lane"))
    there = lane["train_state"]
    state = TrainState(there["params"], there["opt_state"], there.get("model_state"))
    averages = part(AVERAGES)
    params = jax.tree.unflatten(jax.tree.structure(state.params), averages) if averages else state.params
    best = _best(lane["early_stopping"])
    history = _columns(History.of(arrays, None, **facts["history"]).table(), "history")
    seconds = history.pop("seconds", np.zeros(0))
    evaluated = (name for name in arrays if name.startswith("evaluations."))
    evaluations = _columns({name.removeprefix("evaluations."): arrays[name] for name in evaluated}, "evaluations")
    observed = part("observations")
    predictor = None
    if facts["predictor"] is not None:
        own = (params, state.model_state) if best is None else (best.params, best.model_state)
        predictor = predictor_of(facts["predictor"], own[0], model, own[1])
    end = facts["end"]
    return Run(
        params=params,
        best=best,
        train_state=state,
        end=RunEnd(Status.INTERRUPTED, facts["step"])
        if end is None
        else RunEnd(Status(end["status"]), end["step"], end["detail"]),
        history=history,
        evaluations=evaluations,
        observations=tree_of(facts["trees"]["observations"], observed) if observed else None,
        seconds=seconds,
        predictor=predictor,
    )


def _columns(table: dict[str, np.ndarray], name: str) -> dict[str, np.ndarray]:
    """A table, refused where its columns are not of one length."""
    if len({len(column) for column in table.values()}) > 1:
        raise ValueError(f"the columns of its {name} are not of one length")
    return table


def _best(early: Any) -> BestParams | None:
    """The best evaluation, of what a lane's early stopping remembers."""
    if not early or int(early["step"]) < 0:
        return None
    params: Params = early["params"]
    return BestParams(params, int(early["step"]), float(early["value"]), early.get("model_state"))


def _strange(directory: Path, fault: object) -> checks.JgdValueError:
    return checks.JgdValueError(
        f"the snapshot in {str(directory)!r} is whole, but no run that this jgd wrote: {fault}; the jgd.train(…) call that "
        "made it still resumes it"
    )
