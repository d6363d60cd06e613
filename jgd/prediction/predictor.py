"""Predictor: a trained model with its preprocessing, from raw rows to answers."""

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from jgd.core import checks
from jgd.core.forked import refuse_fork
from jgd.core.loss_protocol import takes
from jgd.core.types import Params
from jgd.data import Preprocessing
from jgd.data.columns import columns_of
from jgd.prediction.scores import score

if TYPE_CHECKING:
    import pandas as pd

ROWS = 16_384  # at once: what a model makes of them on the way stays small


@dataclass(frozen=True, repr=False)
class Predictor:
    """What training leaves for use: it answers for raw rows, in the target's own labels and units.

    `jgd.save_model` keeps it in a file without code, `jgd.load_model` brings it back, also in another process.

    Args:
        model: A record with `predict(params, inputs)`, such as those of `jgd.models`, or a function of these two. One with a
            parameter `state` is also given the model's state.
        params: The parameters to predict with.
        preprocessing: What was fitted on the training rows; None takes inputs as the model does, and answers with its
            outputs, or with the numbers of classes where the model has `classify`.
        task: The name of the task.
        model_state: What the model keeps beside its parameters (batch statistics), for one whose `predict` has a
            parameter `state`.

    Example:
        >>> import jgd
        >>> run = jgd.train(jgd.tasks.get("iris"), jgd.optimizers.adam(0.1), steps=50)
        >>> run.predictor.predict([[5.0, 3.4, 1.5, 0.2], [6.5, 3.0, 5.5, 2.0]]).tolist()
        ['setosa', 'virginica']
    """

    model: Any
    params: Params
    preprocessing: Preprocessing | None = None
    task: str = ""
    model_state: Any = None

    def __repr__(self) -> str:
        leaves = jax.tree.leaves(self.params)
        return f"Predictor({self.task!r}; {type(self.model).__name__}, {sum(map(np.size, leaves)):,} numbers in {len(leaves)} arrays)"

    @property
    def classes(self) -> tuple[Any, ...]:
        """The labels of a classification; () for values."""
        return () if self.preprocessing is None else self.preprocessing.classes

    def outputs(self, rows: Any, table: str = "the rows") -> np.ndarray:
        """The model's outputs, (n, …): logits, or values as they were trained.

        Args:
            rows: As `Preprocessing.inputs` takes them.
            table: What errors call them.

        Returns:
            (n, …).

        Raises:
            JgdTypeError: There is no model.
            JgdValueError: Rows without the columns that the model was trained on.
        """
        if self.model is None:
            raise checks.JgdTypeError(
                "there is no model to predict with: train on a task whose loss has one, such as jgd.SupervisedLoss, or give "
                "it as jgd.Task(…, model=…)"
            )
        refuse_fork("a prediction")
        inputs = self._inputs(rows, table)
        if not len(inputs):
            raise checks.JgdValueError(f"{table} must have at least one row")
        predict = getattr(self.model, "predict", self.model)
        params, state = jax.tree.map(jax.numpy.asarray, (self.params, self.model_state))
        own = {"state": state} if state is not None and takes(predict).state else {}
        blocks = [inputs[begin : begin + ROWS] for begin in range(0, len(inputs), ROWS)]
        with checks.renamed(inputs=table):
            return np.concatenate([np.asarray(predict(params, block, **own)) for block in blocks])

    def _inputs(self, rows: Any, table: str) -> np.ndarray:
        rows = self._read(rows)
        return np.asarray(rows) if self.preprocessing is None else self.preprocessing.inputs(rows, table)

    def _read(self, rows: Any) -> Any:
        """The rows of a file, where they are one's path."""
        ready = self.preprocessing
        return (
            rows if ready is None or not isinstance(rows, str | os.PathLike) else ready.read(checks.path("rows", rows))
        )

    def library_model(self) -> Any:
        """The object of a library's own with these parameters, see `Run.model`.

        Returns:
            A module of the library.

        Raises:
            JgdTypeError: The model is none that `jgd.interop` made a task of.
        """
        if not hasattr(self.model, "build"):
            raise checks.JgdTypeError(
                "the model is of no other library: its parameters are `params`; jgd.interop.flax.task and "
                "jgd.interop.equinox.task make tasks of theirs"
            )
        return self.model.build(self.params, self.model_state)

    def predict(self, rows: Any, table: str = "the rows") -> np.ndarray:
        """A label of each row, or its value in the target's unit.

        Args:
            rows: A frame, a mapping of names to arrays, an array (n, columns), or a file of them, as before any scaling.
            table: What errors call them.

        Returns:
            (n,).

        Raises:
            JgdValueError: Rows without the columns that the model was trained on.
            JgdTypeError: A task without a model.
        """
        outputs = self.outputs(rows, table)
        if self.classes:
            assert self.preprocessing is not None
            return self.preprocessing.labels(self._numbers(outputs))
        if self.preprocessing is None:
            numbers = self._numbers(outputs) if hasattr(self.model, "classify") else outputs
            return np.asarray(self.model.labels)[numbers] if hasattr(self.model, "labels") else numbers
        return self.preprocessing.values(outputs)

    def _numbers(self, outputs: np.ndarray) -> np.ndarray:
        """(n,) class numbers of outputs."""
        if outputs.ndim == 2:
            return np.argmax(outputs, axis=1)
        return (outputs >= getattr(self.model, "threshold", 0.0)).astype(np.int64)

    def probabilities(self, rows: Any, table: str = "the rows") -> np.ndarray:
        """The probability of each class.

        Args:
            rows: As in `predict`.
            table: What errors call them.

        Returns:
            (n, classes), in the order of `classes`.

        Raises:
            JgdTypeError: A regression, or a model whose outputs are no logits.
        """
        if self.preprocessing is not None and not self.classes:
            raise checks.JgdTypeError("a regression has values, and no probabilities")
        outputs = self.outputs(rows, table).astype(np.float64)
        if outputs.ndim == 1:
            labels = hasattr(self.model, "classify")
            if not hasattr(self.model, "probability") and (labels or self.preprocessing is None):
                raise checks.JgdTypeError(f"{type(self.model).__name__} has no logits, and so no probabilities")
            outputs = np.stack([np.zeros_like(outputs), outputs], axis=1)
        powers = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def score(self, rows: Any, metric: str | None = None, targets: Any = None, table: str = "the rows") -> float:
        """A metric by its name on raw rows, computed by scikit-learn.

        Args:
            rows: As in `predict`, with the target among the columns unless `targets` are given.
            metric: "accuracy", "balanced_accuracy", "f1", "roc_auc" or "log_loss" of classes, "rmse", "mae" or "r2" of
                values, as `jgd.tasks.Score` says what they are. Default: accuracy, or r2.
            targets: (n,) what is true, labels or values in the target's unit.
            table: What errors call the rows.

        Returns:
            The metric.

        Raises:
            JgdValueError: An unknown metric, or one that doesn't suit the target.
            ImportError: scikit-learn is not installed.

        Example:
            >>> import jgd
            >>> run = jgd.train(jgd.tasks.get("iris"), jgd.optimizers.adam(0.1), steps=100)
            >>> flowers = jgd.datasets.iris()
            >>> run.predictor.score(flowers.inputs, targets=np.array(run.predictor.classes)[flowers.targets]) > 0.9
            True
        """
        if self.preprocessing is None:
            raise checks.JgdTypeError(
                "rows are scored where the task knows how they become inputs: train on a task of a table"
            )
        rows = self._read(rows)
        if targets is None:
            found = columns_of(rows, table)
            checks.choice(f"target column of {table}", self.preprocessing.target, found)
            targets = found[self.preprocessing.target]
        elif len(targets) != len(self._inputs(rows, table)):
            raise checks.JgdValueError(
                f"targets must be one a row of {table}, {len(self._inputs(rows, table))}, got {len(targets)}",
                argument="targets",
            )
        return score(self, rows, self.preprocessing.targets(targets, table), metric, table)

    def to_dataframe(self, rows: Any, probabilities: bool = False, table: str = "the rows") -> "pd.DataFrame":
        """The answers as a frame: a column named like the target, and with `probabilities` one for each class.

        Args:
            rows: As in `predict`.
            probabilities: Whether "p(LABEL)" columns follow.
            table: What errors call the rows.

        Returns:
            A frame of n rows; several values a row are columns "NAME[0]", "NAME[1]", ….

        Raises:
            JgdError: As `predict` and `probabilities` do.
        """
        import pandas as pd  # xarray brings it

        name = "prediction" if self.preprocessing is None else self.preprocessing.target
        answers = self.predict(rows, table)
        if answers.ndim > 2:
            raise checks.JgdTypeError(f"answers of shape {answers.shape} are no columns: take predict")
        out = {name: answers} if answers.ndim == 1 else {f"{name}[{i}]": each for i, each in enumerate(answers.T)}
        if probabilities:
            chances = self.probabilities(rows, table)
            labels = self.classes or range(chances.shape[1])
            out |= {f"p({label})": chances[:, place] for place, label in enumerate(labels)}
        return pd.DataFrame(out)

    def with_params(self, params: Params, model_state: Any = None) -> "Predictor":
        """The same with other parameters.

        Args:
            params: A tree like its own.
            model_state: What the model keeps beside them; None without.

        Returns:
            A new `Predictor`.
        """
        return replace(self, params=params, model_state=model_state)
