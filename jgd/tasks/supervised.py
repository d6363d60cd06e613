"""Tasks from tables: split, scaled, with the model and the loss that suit the target."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np

from jgd.core import checks
from jgd.data import MinMax, Scaling, Standard, datasets, split
from jgd.losses import SupervisedLoss, errors
from jgd.models import MLP, Linear, Logistic, Model, Softmax
from jgd.tasks.task import Accuracy, Start, Task

HIDDEN = 64  # units of the hidden layer, unless a model is given
STANDARD = Standard()


def supervised(
    data: datasets.Dataset,
    model: Model,
    error: str,
    *,
    seed: int = 0,
    scale: Standard | MinMax | Scaling | None = STANDARD,
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
        dtype: of the parameters.

    Returns:
        The `Task`, its inputs in float32.

    Raises:
        JgdValueError: too few rows for three parts, or an unknown error.

    Example:
        >>> task = supervised(datasets.get("iris"), Softmax(4, 3), "softmax_cross_entropy")
        >>> task.train[0].shape, task.metric
        ((90, 4), 'accuracy')
    """
    parts = split(data.rows, seed=seed)
    fitted = scale if isinstance(scale, Scaling) or scale is None else scale.fit(parts.train[0])
    inputs = (lambda x: x) if fitted is None else fitted
    table = lambda y: y.reshape(len(y), -1)
    values = None if data.classes else Standard().fit(table(parts.train[1]))
    targets = (lambda y: y) if values is None else (lambda y: values(table(y)).reshape(y.shape).astype(np.float32))
    train, validation, test = ((inputs(x).astype(np.float32), targets(y)) for x, y in parts)
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
    )


MODELS = ("linear", "logistic", "softmax", "mlp")  # for a table of one's own


def of_table(
    data: datasets.Dataset,
    model: str | None = None,
    error: str | None = None,
    *,
    seed: int = 0,
    scale: Standard | MinMax | Scaling | None = STANDARD,
) -> Task:
    """A task from a user's own table: the model and the loss follow from the target, unless they are given.

    Args:
        data: what `jgd.data.read` returns.
        model: "linear", "logistic", "softmax" or "mlp"; default "linear" for values, "logistic" for two classes,
            "softmax" for more.
        error: a name of `jgd.losses.errors` that suits target and model; default theirs.
        seed: of the split, 60 : 20 : 20 rows.
        scale: as in `supervised`.

    Returns:
        The `Task`.

    Raises:
        JgdValueError: a model or an error that doesn't suit the target.

    Example:
        >>> of_table(datasets.get("iris")).loss.error
        'softmax_cross_entropy'
    """
    features, classes = data.inputs.shape[1], data.classes
    default = "linear" if not classes else "logistic" if classes == 2 else "softmax"
    if classes and error == "softmax_cross_entropy":
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
    if checks.choice("loss", own if error is None else error, errors) != own:
        raise checks.JgdValueError(
            f"the loss {error!r} doesn't suit the model {name!r} and this target, which take {own!r}"
        )
    return supervised(data, built, own, seed=seed, scale=scale)
