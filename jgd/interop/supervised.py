"""The task of a network and rows: its loss in training and in evaluation, its metrics, and the parts of the rows."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core import checks
from jgd.core.record import record, static_field
from jgd.core.types import Batch, Params
from jgd.data import Dataset, split
from jgd.interop.network import Known, Network
from jgd.losses import errors
from jgd.tasks import Task


@record
class OutputLoss:
    """The mean of an error of a network's outputs; in training it draws by the key and moves the state on."""

    network: Network = static_field()
    error: Known = static_field()
    training: bool = static_field(default=True)

    def __call__(self, params: Params, batch: Batch, key: Array | None = None, state: Any = None) -> Any:
        inputs, targets = batch[:2]
        outputs, after = self.network.outputs(params, inputs, state, key, self.training)
        made = self.error.function(outputs, targets)
        value, aux = made if isinstance(made, tuple) else (made, {})
        return (jnp.mean(value), aux) if state is None else (jnp.mean(value), aux, after)


@record
class OutputMetric:
    """The mean of a function of a network's outputs in evaluation."""

    network: Network = static_field()
    measure: Known = static_field()

    def __call__(self, params: Params, rows: Batch, state: Any = None) -> Array:
        inputs, targets = rows[:2]
        return jnp.mean(self.measure.function(self.network.predict(params, inputs, state), targets))


@record
class Start:
    """key -> a network's parameters, or its state."""

    network: Network = static_field()
    of_state: bool = static_field(default=False)

    def __call__(self, key: Array) -> Any:
        return self.network.start(key)[int(self.of_state)]


def correct(outputs: Array, targets: Array) -> Array:
    """(n,) whether the largest of the logits (n, classes), or the sign of one (n,), names the class."""
    said = jnp.argmax(outputs, axis=-1) if outputs.ndim > 1 else outputs >= 0
    return said == targets


def task_of(
    network: Network,
    loss: str | Callable[[Array, Array], Any],
    parts: tuple[Batch, Batch, Batch],
    name: str | None,
    metrics: Mapping[str, Callable[[Array, Array], Array]] | None,
    metric: str | None,
    larger_is_better: bool | None,
) -> Task:
    """The task of a network; what isn't said follows from the targets, see `jgd.interop.flax.task`."""
    if isinstance(loss, str):
        checks.choice("loss", loss, errors)
    error = Known(errors[loss] if isinstance(loss, str) else checks.function("loss", loss))
    classes = np.issubdtype(np.asarray(parts[0][1]).dtype, np.integer)
    chosen = ({"accuracy": correct} if classes else {}) if metrics is None else dict(metrics)
    has_state = jax.eval_shape(Start(network, True), jax.random.key(0)) is not None
    by_accuracy = metrics is None and classes and metric in (None, "accuracy")
    return Task(
        network.name if name is None else name,
        Start(network),
        OutputLoss(network, error),
        *parts,
        metrics={each: OutputMetric(network, Known(function)) for each, function in chosen.items()},
        metric=metric or ("accuracy" if by_accuracy else "loss"),
        larger_is_better=by_accuracy if larger_is_better is None else larger_is_better,
        model=network,
        init_state=Start(network, True) if has_state else None,
        evaluation_loss=OutputLoss(network, error, False),
    )


def parts_of(data: Any, seed: int) -> tuple[Batch, Batch, Batch]:
    """Training, validation and test rows: three parts as they are, rows split by `seed`."""
    rows = _rows_of(data) if isinstance(data, Dataset) else data
    if isinstance(rows, tuple | list) and len(rows) == 3 and all(isinstance(part, tuple | list) for part in rows):
        parts = [tuple(part) for part in rows]
    elif isinstance(rows, tuple | list) and len(rows) == 2:
        parts = list(split(tuple(rows), seed=seed))
    else:
        raise checks.JgdTypeError(
            "data must be rows (inputs, targets), which are split, or three parts (train, validation, test) of such rows, "
            f"got {type(data).__name__}",
            argument="data",
        )
    if any(len(part) != 2 for part in parts):
        raise checks.JgdTypeError(
            "data must have parts of (inputs, targets): weights of rows count in no loss of (outputs, targets)",
            argument="data",
        )
    return parts[0], parts[1], parts[2]


def _rows_of(data: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Its rows, refused where they are not numbers yet: what encodes words and fills gaps is fitted on training rows."""
    if any(column.kind == "words" for column in data.columns) or np.isnan(data.inputs).any():
        raise checks.JgdTypeError(
            f"the data set {data.name!r} has words or gaps: encode them first, made = jgd.tasks.of_table(data), and give "
            "(made.train, made.validation, made.test)",
            argument="data",
        )
    return data.rows
