"""Metrics by their names, as functions of parameters and rows that a compiled program evaluates.

What scikit-learn's functions of these names return, to rounding; `Predictor.score` asks scikit-learn itself.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks
from jgd.core.loss_protocol import takes
from jgd.core.record import record, static_field
from jgd.core.statistics import ERRORS
from jgd.core.types import Batch, Params
from jgd.prediction.scores import OF_CLASSES, OF_VALUES

ROW_MEANS = ("accuracy", "log_loss", "mae")


@record
class Score:
    """A metric of a model by its name: (params, rows, state) -> (), rows are (inputs, targets) or (inputs, targets, weights).

    Weights are those of a loss, and count in none of these:

    * accuracy: the share of right labels; balanced_accuracy: the mean over classes of the share of their rows.
    * f1: of two classes 2 tp / (2 tp + fp + fn) of class 1, of more the mean over classes.
    * roc_auc: the probability that a row of class 1 is ranked above one of class 0; of more classes the mean over each
      against the rest, of those that the rows have.
    * log_loss: the mean of −log p(label).
    * rmse and mae: the root of the mean squared, and the mean absolute error, in the target's unit.
    * r2: 1 − Σ (y − ŷ)² / Σ (y − mean y)².

    Args:
        name: Its name; structure.
        model: What predicts: a record with `predict(params, inputs)` or a function of these two; also with a parameter
            `state`. Labels are those of its `classify` where it has one, else of its outputs as logits.
        classes: How many, 0 for values; structure.
        unit: What 1 of the rows' targets is in the target's unit.

    Raises:
        JgdValueError: A metric of values for classes, or the other way round.

    Example:
        >>> from jgd.models import Linear
        >>> score = Score("mae", Linear(1, bias=False), unit=10.0)
        >>> float(score({"weights": jnp.ones(1)}, (jnp.array([[1.0], [2.0]]), jnp.array([1.0, 4.0]))))
        10.0
    """

    name: str = static_field()
    model: Any
    classes: int = static_field(default=0)
    unit: float = 1.0

    def __post_init__(self) -> None:
        checks.choice("metric", self.name, OF_CLASSES if self.classes else OF_VALUES)

    @property
    def larger_is_better(self) -> bool:
        """Whether a larger value is the better one."""
        return self.name not in ERRORS

    def row_share(self, piece: Batch, whole: Batch) -> float | None:
        """The share of a piece's rows in the whole, for a mean over rows; None for what isn't one."""
        return len(piece[1]) / len(whole[1]) if self.name in ROW_MEANS else None

    def __call__(self, params: Params, rows: Batch, state: Any = None) -> Array:
        inputs, targets = rows[:2]
        if self.name in _OF_LABELS:
            return _OF_LABELS[self.name](self._labels(params, inputs, state), targets, self.classes)
        outputs = outputs_of(self.model, params, inputs, state)
        if self.name in OF_VALUES:
            return _OF_NUMBERS[self.name](outputs.reshape(-1), targets.reshape(-1).astype(outputs.dtype), self.unit)
        chances = log_probabilities(self.model, outputs)
        if self.name == "log_loss":
            return -jnp.mean(jnp.take_along_axis(chances, targets[:, None].astype(jnp.int32), axis=1))
        return _roc_auc(outputs, targets, self.classes)

    def _labels(self, params: Params, inputs: Array, state: Any) -> Array:
        """(n,) class numbers."""
        if hasattr(self.model, "classify"):
            return self.model.classify(params, inputs)
        outputs = outputs_of(self.model, params, inputs, state)
        return jnp.argmax(outputs, axis=1) if outputs.ndim == 2 else (outputs >= 0).astype(jnp.int32)


def outputs_of(model: Any, params: Params, inputs: Array, state: Any) -> Array:
    """What a model, a record with `predict` or a function, makes of inputs; of its state where it has a parameter for it."""
    predict = getattr(model, "predict", model)
    return predict(params, inputs, **({"state": state} if state is not None and takes(predict).state else {}))


def log_probabilities(model: Any, outputs: Array) -> Array:
    """log p of each class, (n, classes), of logits (n, classes), or (n,) of two classes.

    Raises:
        JgdTypeError: A model whose outputs are no logits.
    """
    if outputs.ndim == 2:
        return jax.nn.log_softmax(outputs)
    if hasattr(model, "classify") and not hasattr(model, "probability"):
        raise checks.JgdTypeError(
            f"the outputs of {type(model).__name__} are no logits: it has labels, and no probabilities"
        )
    return jnp.stack([jax.nn.log_sigmoid(-outputs), jax.nn.log_sigmoid(outputs)], axis=1)


def _accuracy(guess: Array, labels: Array, classes: int) -> Array:
    return jnp.mean(guess == labels)


def _counts(guess: Array, labels: Array, classes: int) -> tuple[Array, Array, Array]:
    """(classes,) each: rows that are right, rows of the class, rows that are guessed to be of it."""
    known = jnp.arange(classes)[None, :]
    true, said = labels[:, None] == known, guess[:, None] == known
    return _number(true & said), _number(true), _number(said)


def _number(which: Array) -> Array:
    """How many are true, along the first axis."""
    return jnp.sum(which, axis=0).astype(jnp.float32)


def _balanced_accuracy(guess: Array, labels: Array, classes: int) -> Array:
    right, true, _ = _counts(guess, labels, classes)
    return jnp.sum(right / jnp.maximum(true, 1)) / _number(true > 0)


def _f1(guess: Array, labels: Array, classes: int) -> Array:
    right, true, said = _counts(guess, labels, classes)
    each = 2 * right / jnp.maximum(true + said, 1)
    return each[1] if classes == 2 else jnp.sum(each) / _number(true + said > 0)


def _roc_auc(outputs: Array, labels: Array, classes: int) -> Array:
    if outputs.ndim == 1:
        return _area(outputs, labels == 1)
    if classes == 2:
        return _area(outputs[:, 1] - outputs[:, 0], labels == 1)
    chances = jax.nn.softmax(outputs)
    areas = jnp.stack([_area(chances[:, each], labels == each) for each in range(classes)])
    return jnp.nanmean(areas)


def _area(scores: Array, positive: Array) -> Array:
    """Mann and Whitney's U over its largest value: ranks with ties in the middle; NaN without rows of both kinds."""
    ordered = jnp.sort(scores)
    below, upto = (jnp.searchsorted(ordered, scores, side=side) for side in ("left", "right"))
    ranks = (below + upto + 1).astype(jnp.float32) / 2
    n = _number(positive)
    rest = len(scores) - n
    return (jnp.sum(jnp.where(positive, ranks, 0)) - n * (n + 1) / 2) / (n * rest)


def _rmse(outputs: Array, targets: Array, unit: float) -> Array:
    return unit * jnp.sqrt(jnp.mean(jnp.square(outputs - targets)))


def _mae(outputs: Array, targets: Array, unit: float) -> Array:
    return unit * jnp.mean(jnp.abs(outputs - targets))


def _r2(outputs: Array, targets: Array, unit: float) -> Array:
    return 1 - jnp.sum(jnp.square(outputs - targets)) / jnp.sum(jnp.square(targets - jnp.mean(targets)))


_OF_LABELS: dict[str, Callable[[Array, Array, int], Array]] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "f1": _f1,
}
_OF_NUMBERS: dict[str, Callable[[Array, Array, float], Array]] = {"rmse": _rmse, "mae": _mae, "r2": _r2}
