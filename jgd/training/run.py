"""Run, what training left."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from jgd.core import checks, notebook
from jgd.core.types import Params
from jgd.descent import TrainState
from jgd.prediction import Predictor
from jgd.status import RunEnd, Status

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


@dataclass(frozen=True, repr=False)
class BestParams:
    """The parameters at the best evaluation. Printed, it is one line.

    Attributes:
        params: Those to evaluate and deploy.
        step: Updates made before them.
        value: The validation metric there.
        model_state: The model's state there; None without.
    """

    params: Params
    step: int
    value: float
    model_state: Any = None

    def __repr__(self) -> str:
        sizes = [np.size(leaf) for leaf in jax.tree.leaves(self.params)]
        return f"BestParams(value={self.value:.6g}, step={self.step}, params={sum(sizes):,} in {len(sizes)} arrays)"


@dataclass(frozen=True, repr=False)
class Run:
    """What training left. Printed, it is one line: status, steps, last loss, best evaluation.

    Attributes:
        params: To evaluate and deploy: those after the last step (or the optimizer's average of them, where it keeps
            one), or the last finite ones.
        best: Those of the best evaluation, None without validation (the lowest point of a curve need not be its last).
        train_state: The parameters that descend and the optimizer's state; after a divergence not one to go on from.
        end: Why it ended: its `status` (also `run.status`), the `step` and the `detail`.
        history: NumPy arrays (rows,): "step" (updates before this one), "loss" on the step's batch *before* its update,
            "gradient_norm" there, "update_norm", the "learning_rate" used, and what the loss returned as aux. All steps,
            or every 2nd, 4th … of a long run, and the last.
        evaluations: NumPy arrays (evaluations,): "step" and the validation "loss" and metrics after that many updates.
            The one after a run's last step stays when the run is extended, also where `evaluate_every` would not have
            asked for it.
        observations: What `observe` returned after each update, stacked; None without it.
        seconds: (rows,) since the start when that step was done, spread evenly over the steps of a segment.
        notes: Casts that were made on the way in, and what could not be saved.
        reproduced: Of a replay, whether its losses are bit for bit the stored run's; None of any other run.
        predictor: What answers for rows, by the parameters of the best evaluation where there is one, else by `params`;
            for raw rows where the run was trained on a task. None where the loss has no model.
    """

    params: Params
    best: BestParams | None
    train_state: TrainState
    end: RunEnd
    history: dict[str, np.ndarray]
    evaluations: dict[str, np.ndarray]
    observations: Any
    seconds: np.ndarray
    notes: tuple[str, ...] = ()
    reproduced: bool | None = None
    predictor: Predictor | None = None

    def predict(self, rows: Any) -> np.ndarray:
        """A label of each row, or its value in the target's unit; see `Predictor.predict`.

        Args:
            rows: A frame, a mapping of names to arrays, an array (n, columns), or a file of them, as before any scaling.

        Returns:
            (n,).

        Raises:
            JgdTypeError: A run without a predictor.

        Example:
            >>> import jgd
            >>> jgd.train("iris", jgd.optimizers.adam(0.1), steps=50).predict([[5.0, 3.4, 1.5, 0.2]]).tolist()
            ['setosa']
        """
        return self._predicting("predict").predict(rows)

    def probabilities(self, rows: Any) -> np.ndarray:
        """The probability of each class; see `Predictor.probabilities`.

        Args:
            rows: As in `predict`.

        Returns:
            (n, classes), in the order of `predictor.classes`.

        Raises:
            JgdTypeError: A run without a predictor, a regression, or a model whose outputs are no logits.

        Example:
            >>> import jgd
            >>> run = jgd.train("iris", jgd.optimizers.adam(0.1), steps=50)
            >>> run.probabilities([[5.0, 3.4, 1.5, 0.2]]).round(1).tolist()
            [[1.0, 0.0, 0.0]]
        """
        return self._predicting("predict").probabilities(rows)

    def score(self, rows: Any, metric: str | None = None, targets: Any = None) -> float:
        """A metric by its name on raw rows; see `Predictor.score`.

        Args:
            rows: As in `predict`, with the target among the columns unless `targets` are given.
            metric: "accuracy", "f1", "rmse", and so on. Default: accuracy, or r2.
            targets: (n,) what is true, labels or values in the target's unit.

        Returns:
            The metric.

        Raises:
            JgdTypeError: A run without a predictor, or of a task that doesn't know how rows become inputs.
            JgdValueError: A metric that doesn't suit, or rows without a target.

        Example:
            >>> import jgd
            >>> run = jgd.train("iris", jgd.optimizers.adam(0.1), steps=50)
            >>> run.score([[5.0, 3.4, 1.5, 0.2], [6.7, 3.1, 5.6, 2.4]], targets=["setosa", "virginica"])
            1.0
        """
        return self._predicting("score").score(rows, metric, targets)

    def model(self) -> Any:
        """The model as its library has it, with the parameters and the state of the best evaluation, or of the end.

        Returns:
            Of a task of `jgd.interop.flax` or `jgd.interop.equinox`, a module of that library, ready to evaluate.

        Raises:
            JgdTypeError: The run's model is of no other library.
        """
        return self._predicting("answer").library_model()

    def _predicting(self, what: str) -> Predictor:
        if self.predictor is None:
            raise checks.JgdTypeError(
                f"the run has no model to {what} with: train on a jgd.Task, or with a loss that has one, as "
                "jgd.SupervisedLoss"
            )
        return self.predictor

    @property
    def model_state(self) -> Any:
        """What the model keeps beside its parameters, after the last step that was not refused; None without."""
        return self.train_state.model_state

    @property
    def status(self) -> Status:
        """Why it ended, a member of `Status` that is its text: `run.status == "max_steps"`."""
        return self.end.status

    def __repr__(self) -> str:
        words = [str(self.end)]
        if len(self.history["step"]):
            words.append(f"last loss {self.history['loss'][-1]:.6g} at step {self.history['step'][-1]}")
        if self.best is not None:
            words.append(f"best validation {self.best.value:.6g} at step {self.best.step}")
        if self.notes:
            words.append(f"{len(self.notes)} notes")
        return f"Run({'; '.join(words)})"

    def _repr_html_(self) -> str:
        """What a notebook's cell shows: how it ended, its best evaluation, and its curves."""
        rows = [("ended", str(self.end))]
        if self.best is not None:
            rows.append(("best validation", f"{self.best.value:.6g} at step {self.best.step}"))
        rows += [("note", note) for note in self.notes]
        losses = self.history.get("loss", np.zeros(0))
        curves = [notebook.curve(losses, "loss", log=bool(len(losses)) and bool((losses > 0).all()))]
        curves += [
            notebook.curve(values, f"validation {name}") for name, values in self.evaluations.items() if name != "step"
        ]
        return notebook.table((), rows, "Run") + "".join(curves)

    def to_dataframe(self) -> "pd.DataFrame":
        """One row a step of the history; evaluations are in its columns "validation_…", NaN where there was none.

        The last evaluation, which is after the last step, has no row: it is in `evaluations`.

        Returns:
            A frame with the step as its index.

        Raises:
            ImportError: pandas is not installed.
        """
        out: Any = self.to_xarray().to_dataframe()
        return out[out.index <= self.history["step"][-1]] if len(self.history["step"]) else out

    def to_xarray(self) -> "xr.Dataset":
        """History and evaluations, labeled by "step": the updates made before what the row tells.

        Returns:
            A data set with the status and its step among the attributes.

        Example:
            >>> import jgd
            >>> run = jgd.train("iris", jgd.optimizers.adam(0.1), steps=20)
            >>> run.to_xarray()["loss"].sel(step=0).item() > run.to_xarray()["loss"].sel(step=19).item()
            True
        """
        import xarray as xr

        rows = {name: ("step", column) for name, column in self.history.items() if name != "step"}
        seen = {f"validation_{name}": ("step", c) for name, c in self.evaluations.items() if name != "step"}
        rows["seconds"] = ("step", self.seconds)
        history = xr.Dataset(rows, {"step": self.history["step"]})
        evaluations = xr.Dataset(seen, {"step": self.evaluations["step"]} if seen else {})
        out = xr.merge([history, evaluations], join="outer") if seen else history
        return out.assign_attrs(status=str(self.status), status_step=self.end.step)
