"""Tasks from tables: split, scaled, with the model and the loss that suit the target."""

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import jax.numpy as jnp
import numpy as np

from jgd.core import checks
from jgd.core.spellings import builder
from jgd.data import MinMax, Scaling, Splits, Standard, datasets, split
from jgd.losses import SupervisedLoss, errors
from jgd.models import MLP, Linear, Logistic, Model, Softmax
from jgd.tasks.of_models import Accuracy, Start
from jgd.tasks.raw_rows import STANDARD, RawRows, encoder_of
from jgd.tasks.task import Task

HIDDEN = 64  # units of the hidden layer, unless a model is given


@builder
def supervised(
    data: datasets.Dataset,
    model: Model,
    error: str,
    *,
    seed: int = 0,
    scale: Standard | MinMax | Scaling | None = STANDARD,
    class_weight: str | Mapping[Any, float] | None = None,
    dtype=jnp.float32,
) -> Task:
    """A task from a data set, a model and an error; rows are split 60 : 20 : 20.

    Targets of a regression are standardized by the training targets. Classifiers are chosen by validation accuracy,
    regressions by validation loss.

    Args:
        data: rows in float64, see `jgd.data.read` and `jgd.datasets`.
        model: a record with `init` and `predict`, such as those of `jgd.models`.
        error: a name of `jgd.losses.errors`.
        seed: of the split.
        scale: fitted on the training inputs; a `Scaling` is taken as it is, None leaves the inputs raw.
        class_weight: what a row counts in the loss, also on the validation and test rows: label -> weight ≥ 0, or
            "balanced" for training rows / (classes · training rows of the class). None: all rows count alike.
        dtype: of the parameters.

    Returns:
        The `Task`, its inputs in float32.

    Raises:
        JgdValueError: too few rows for three parts, an unknown error, or weights of classes that are none.

    Example:
        >>> task = supervised(datasets.get("iris"), Softmax(4, 3), "softmax_cross_entropy")
        >>> task.train[0].shape, task.metric
        ((90, 4), 'accuracy')
    """
    return _task(data, split(data.rows, seed=seed), model, error, scale, class_weight, dtype)


def _task(
    data: datasets.Dataset,
    parts: Splits,
    model: Model,
    error: str,
    scale: Standard | MinMax | Scaling | None,
    class_weight: str | Mapping[Any, float] | None,
    dtype: Any = jnp.float32,
) -> Task:
    """A task of rows that are cut already."""
    raw, ready = RawRows(data, parts, scale, class_weight).fitted()
    assert raw.made is not None
    train, validation, test = raw.made
    classifies = data.classes > 0 and hasattr(model, "classify")  # a perceptron can do both
    return Task(
        name=data.name,
        init=Start(model, jnp.dtype(dtype).name),
        loss=SupervisedLoss(model, error),
        train=train,
        validation=validation,
        test=test,
        metrics={"accuracy": Accuracy(model)} if classifies else {},
        metric="accuracy" if classifies else "loss",
        larger_is_better=classifies,
        preprocessing=ready,
        raw=raw,
    )


SUITABLE = {  # losses of a table, the usual one first: of values, of logits (n,), of logits (n, classes)
    "squared_error": ("squared_error", "huber", "log_cosh"),
    "logistic_nll": ("logistic_nll", "hinge"),
    "softmax_cross_entropy": ("softmax_cross_entropy", "smoothed_cross_entropy", "focal"),
}
MODELS = ("linear", "logistic", "softmax", "mlp")  # for a table of one's own


def of_table(
    data: datasets.Dataset,
    model: str | None = None,
    error: str | None = None,
    *,
    seed: int = 0,
    scale: Standard | MinMax | Scaling | None = STANDARD,
    class_weight: str | Mapping[Any, float] | None = None,
    stratify: bool = True,
) -> Task:
    """A task from a user's own table: the model and the loss follow from the target, unless they are given.

    Held-out rows that repeat training rows are warned about where they are a tenth or more: a score on them flatters.

    Args:
        data: what `jgd.data.read` returns.
        model: "linear", "logistic", "softmax" or "mlp"; default "linear" for values, "logistic" for two classes,
            "softmax" for more.
        error: a name of `jgd.losses.errors` that suits target and model; default theirs.
        seed: of the split, 60 : 20 : 20 rows.
        scale: as in `supervised`.
        class_weight: as in `supervised`.
        stratify: whether each part has its share of every class (see `jgd.split`); of values no matter.

    Returns:
        The `Task`.

    Raises:
        JgdValueError: a model or an error that doesn't suit the target.

    Example:
        >>> of_table(datasets.get("iris")).loss.error
        'softmax_cross_entropy'
    """
    parts = split(data.rows, seed=seed, by=data.targets if checks.flag("stratify", stratify) and data.classes else None)
    _warn_of_repeats(data.name, parts)
    features, classes = len(encoder_of(data, parts.train[0]).features), data.classes
    default = "linear" if not classes else "logistic" if classes == 2 else "softmax"
    if classes and error in SUITABLE["softmax_cross_entropy"]:
        default = "softmax"
    name = checks.choice("model", default if model is None else model, MODELS)
    if name == "logistic" and classes != 2:
        raise checks.JgdValueError(
            f"the model 'logistic' tells two classes apart, the target has {classes or 'values'}", argument="model"
        )
    if (name == "linear" and classes) or (name == "softmax" and not classes):
        raise checks.JgdValueError(
            f"the model {name!r} doesn't suit a target of {f'{classes} classes' if classes else 'values'}",
            argument="model",
        )
    built: Model
    if name == "linear":
        built, own = Linear(features), "squared_error"
    elif name == "logistic":
        built, own = Logistic(features), "logistic_nll"
    elif classes:
        built = MLP((features, HIDDEN, classes)) if name == "mlp" else Softmax(features, classes)
        own = "softmax_cross_entropy"
    else:
        built, own = MLP((features, HIDDEN, 1)), "squared_error"
        data = replace(data, targets=data.targets[:, None])  # the shape of its outputs
        parts = Splits(*((x, y[:, None]) for x, y in parts))
    chosen = checks.choice("loss", own if error is None else error, errors)
    if chosen not in SUITABLE[own]:
        raise checks.JgdValueError(
            f"the loss {error!r} doesn't suit the model {name!r} and this target, which take {', '.join(SUITABLE[own])}"
        )
    return _task(data, parts, built, chosen, scale, class_weight)


def _warn_of_repeats(name: str, parts: Splits) -> None:
    """Warn where many of the rows held out are among those that train."""
    rows = [np.ascontiguousarray(np.column_stack(part)) for part in parts]
    seen = {row.tobytes() for row in rows[0]}
    held = [row.tobytes() in seen for part in rows[1:] for row in part]
    if sum(held) >= 0.1 * len(held):
        warnings.warn(
            f"{sum(held)} of the {len(held)} validation and test rows of {name} are also among the training rows: scores on "
            "them say little of new rows",
            stacklevel=3,
        )
