"""Run, what training left."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from jgd.core.types import Params
from jgd.descent import TrainState
from jgd.watch import Status

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


@dataclass(frozen=True)
class Kept:
    """The parameters at the best evaluation: after `step` updates the validation metric was `value`."""

    params: Params
    step: int
    value: float


@dataclass(frozen=True, repr=False)
class Run:
    """What training left. Printed, it is one line: status, steps, last loss, best evaluation.

    params: to evaluate and deploy: those after the last step (or the optimizer's average of them, where it keeps one),
    or the last finite ones. best: those of the best evaluation, None without validation (the lowest point of a curve
    need not be its last). progress: the parameters that descend and the optimizer's state; after a divergence not one
    to go on from. status: why it ended.
    history: NumPy arrays (rows,): "step" (updates before this one), "loss" on the step's batch *before* its update,
    "gradient_norm" there, "update_norm" and the "learning_rate" used. All steps, or every 2nd, 4th … of a long run, and
    the last. seconds: (rows,) since the start when that step was done, spread evenly between two looks of the host.
    evaluations: NumPy arrays (evaluations,): "step" and the validation "loss" and metrics after that many updates. The
    one after a run's last step stays when the run is extended, also where `evaluate_every` would not have asked for it.
    observations: what `observe` returned after each update, stacked; None without it.
    notes: casts that were made on the way in, and what could not be saved.
    """

    params: Params
    best: Kept | None
    progress: TrainState
    status: Status
    history: dict[str, np.ndarray]
    evaluations: dict[str, np.ndarray]
    observations: Any
    seconds: np.ndarray
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        words = [str(self.status)]
        if len(self.history["step"]):
            words.append(f"last loss {self.history['loss'][-1]:.6g} at step {self.history['step'][-1]}")
        if self.best is not None:
            words.append(f"best validation {self.best.value:.6g} at step {self.best.step}")
        if self.notes:
            words.append(f"{len(self.notes)} notes")
        return f"Run({'; '.join(words)})"

    def to_dataframe(self) -> "pd.DataFrame":
        """One row a step of the history; evaluations are in its columns "validation_…", NaN where there was none.

        Raises `ImportError` without pandas.
        """
        return self.to_xarray().to_dataframe()

    def to_xarray(self) -> "xr.Dataset":
        """History and evaluations, labelled by "step": the updates made before what the row tells."""
        import xarray as xr

        rows = {name: ("step", column) for name, column in self.history.items() if name != "step"}
        seen = {f"validation_{name}": ("step", c) for name, c in self.evaluations.items() if name != "step"}
        rows["seconds"] = ("step", self.seconds)
        history = xr.Dataset(rows, {"step": self.history["step"]})
        evaluations = xr.Dataset(seen, {"step": self.evaluations["step"]} if seen else {})
        out = xr.merge([history, evaluations], join="outer") if seen else history
        return out.assign_attrs(status=self.status.name, status_step=self.status.step)
