"""The task of a network and rows: its loss in training and in evaluation, its metrics, and how the rows become inputs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypedDict

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core import checks
from jgd.core.record import record, static_field
from jgd.core.row_weights import row_share, weighed_mean, weighted
from jgd.core.types import Batch, Params
from jgd.data.array_rows import written
from jgd.interop.network import Known, Network
from jgd.label_checks import CLASSES
from jgd.losses import errors
from jgd.prediction import OF_CLASSES, OF_VALUES
from jgd.tasks import Score, Task
from jgd.tasks.by_name import OF_NUMBERS
from jgd.tasks.own_rows import OwnRows, own_rows
from jgd.tasks.raw_rows import Scale


class TaskOptions(TypedDict, total=False):
    """How rows become a task; what `jgd.interop.flax.task`, `equinox.task` and `haiku.task` share.

    Attributes:
        name: What results call the task. Default: the model's class.
        metrics: Name -> function (outputs, targets) -> () or (n,), averaged. Default: "accuracy" of classes.
        metric: What chooses: "loss", one of `metrics`, or by its name one that `jgd.tasks.Score` knows. Default:
            "accuracy" of classes where there are no other metrics, else "loss".
        larger_is_better: Whether its largest value is the best. Default: as `Score` knows, else not.
        split_seed: Of the split of rows.
        scale: Of the inputs, fitted on the training rows: `jgd.Standard()`, `jgd.MinMax()`, a `Scaling` or None; of arrays
            along their last axis (columns, channels). Default: a `Dataset` is standardized, arrays stay as they are.
        target_scale: Of targets that are values, likewise; predictions return to the target's unit.
        class_weight: What a row counts in the loss: "balanced", or label -> weight, as in `jgd.tasks.supervised`.
        classes: What integer targets 0, 1, … are called, or the order of targets that are words. Default: their own.
    """

    name: str
    metrics: Mapping[str, Callable[[Array, Array], Array]]
    metric: str
    larger_is_better: bool
    split_seed: int
    scale: Scale | str
    target_scale: Scale | str
    class_weight: str | Mapping[Any, float]
    classes: Sequence[Any]


@record
class OutputLoss:
    """The mean of an error of a network's outputs; in training it draws by the key and moves the state on."""

    network: Network = static_field()
    error: Known = static_field()
    training: bool = static_field(default=True)

    def __call__(self, params: Params, batch: Batch, key: Array | None = None, state: Any = None) -> Any:
        inputs, targets, *weights = batch
        outputs, after = self.network.outputs(params, inputs, state, key, self.training)
        made = self.error.function(outputs, targets)
        value, aux = made if isinstance(made, tuple) else (made, {})
        if weights and jnp.ndim(value) == 0:
            raise checks.JgdTypeError(
                "weights of rows count where the loss returns an error a row, (n,), got one number"
            )
        each = value.reshape(len(value), -1).mean(axis=1) if weights else value
        mean = weighed_mean(each, weights[0]) if weights else jnp.mean(each)
        return (mean, aux) if state is None else (mean, aux, after)


@record
class RowLoss(OutputLoss):
    """One that has an error a row, of a network whose rows don't meet: a row of weight 0 is as if it weren't there."""

    weighted = staticmethod(weighted)
    row_share = staticmethod(row_share)


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
    """(n, …) whether the largest of the logits (n, …, classes) names the class."""
    return jnp.argmax(outputs, axis=-1) == targets


def rows_of(data: Any, options: TaskOptions) -> OwnRows:
    """The rows of a task by its options.

    Raises:
        JgdTypeError: An option that there isn't, or data of another kind.
    """
    for each in options:
        if each not in TaskOptions.__annotations__:
            raise checks.JgdTypeError(
                f"there is no option {each!r}: {', '.join(TaskOptions.__annotations__)}", argument=each
            )
    given: Any = options
    chosen = {each: given[each] for each in ("scale", "target_scale", "classes") if each in given}
    return own_rows(data, "data", seed=options.get("split_seed", 0), **chosen)


def task_of(network: Network, loss: str | Callable[[Array, Array], Any], rows: OwnRows, options: TaskOptions) -> Task:
    """The task of a network; what isn't said follows from the targets and the outputs."""
    if isinstance(loss, str):
        checks.choice("loss", loss, errors)
    error = Known(errors[loss] if isinstance(loss, str) else checks.function("loss", loss))
    state = jax.eval_shape(Start(network, True), jax.random.key(0))
    outputs, a_row_each = _shapes(network, error, rows, state)
    count = _classes(outputs, rows, loss)
    rows = rows.of_classes(count).weighed(options.get("class_weight"))
    by_row = lambda rowwise: RowLoss if a_row_each and rowwise else OutputLoss
    metrics, metric = options.get("metrics"), options.get("metric")
    known = lambda name, function: Known(checks.function(f"metrics[{name!r}]", function))
    own: dict[str, Any] = {name: OutputMetric(network, known(name, each)) for name, each in (metrics or {}).items()}
    if metrics is None and count:
        own = {"accuracy": Score("accuracy", network, count)}
    elif metrics is None and _are_tokens(outputs, rows.parts[0][1]):
        own = {"accuracy": OutputMetric(network, Known(correct))}
    by_accuracy = metrics is None and "accuracy" in own and metric in (None, "accuracy")
    by_name = metric is not None and metric not in own and metric in OF_CLASSES + OF_VALUES
    made = Task(
        options.get("name") or network.name,
        Start(network),
        by_row(state is None)(network, error),
        *rows.parts,
        metrics=own,
        metric="accuracy" if by_accuracy else "loss" if metric is None or by_name else metric,
        larger_is_better=by_accuracy,
        model=network,
        preprocessing=rows.ready,
        raw=rows.raw,
        init_state=None if state is None else Start(network, True),
        evaluation_loss=by_row(True)(network, error, False),
    )
    made = made.chosen_by(metric) if metric is not None and by_name else made
    larger = options.get("larger_is_better")
    return made if larger is None else replace(made, larger_is_better=larger)


def _shapes(network: Network, error: Known, rows: OwnRows, state: Any) -> tuple[tuple[int, ...], bool]:
    """-> (the shape of the outputs for some rows, whether the loss has an error for each of them)."""
    inputs, targets = jax.tree.map(lambda array: jnp.asarray(array[:3]), rows.parts[0][:2])
    count = len(jax.tree.leaves(inputs)[0])

    def made(params: Params, state: Any) -> Any:
        outputs, _ = network.outputs(params, inputs, state, None, False)
        value = error.function(outputs, targets)
        return outputs, value[0] if isinstance(value, tuple) else value

    try:
        outputs, value = jax.eval_shape(made, jax.eval_shape(Start(network), jax.random.key(0)), state)
    except Exception as fault:
        shapes = lambda tree: ", ".join(written(leaf.shape[1:]) for leaf in jax.tree.leaves(tree))
        fault.add_note(
            f"{network.name} was called with inputs {shapes(inputs)}, the loss with targets {shapes(targets)}"
        )
        raise
    value_shape = jnp.shape(value)
    return getattr(outputs, "shape", ()), value_shape[:1] == (count,)


def _classes(outputs: tuple[int, ...], rows: OwnRows, loss: Any) -> int:
    """How many classes the targets number; 0 for values, tokens and what is no array.

    Raises:
        JgdValueError: The outputs are no logits of the classes that the rows are known to have.
    """
    if rows.ready is None or rows.ready.unit is not None:
        return 0
    logits = outputs[1] if len(outputs) == 2 and outputs[1] > 1 else 2 if len(outputs) == 1 else 0
    known = len(rows.ready.classes)
    if known:
        if logits != known:
            raise checks.JgdValueError(
                f"the model must have a logit for each of the {known} classes, outputs (n, {known})"
                f"{' or (n,)' if known == 2 else ''}, got {written(outputs[1:])}",
                argument="model",
            )
        return known
    targets = np.concatenate([np.asarray(part[1]) for part in rows.parts])
    numbers = np.issubdtype(targets.dtype, np.integer) and targets.ndim == 1 and loss not in OF_NUMBERS
    outside = targets[(targets < 0) | (targets >= logits)] if numbers else targets[:0]
    if len(outside) and logits and isinstance(loss, str) and CLASSES.get(loss) == 0:
        raise checks.JgdValueError(
            f"data must hold labels 0 … {logits - 1}, the classes of the model's outputs, got the label {outside[0]}",
            argument="data",
        )
    return logits if numbers and not len(outside) else 0


def _are_tokens(outputs: tuple[int, ...], targets: Any) -> bool:
    """Whether targets number classes at each of several places."""
    dtype = getattr(targets, "dtype", None)
    return len(outputs) > 2 and np.shape(targets)[1:] == outputs[1:-1] and bool(np.issubdtype(dtype, np.integer))
