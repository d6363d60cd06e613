"""Layer 6: a Task, everything that a run or a sweep needs besides an optimizer: init, loss, metrics, three splits."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core import checks
from jgd.core.record import record, static_field
from jgd.core.types import Batch, Loss, Params
from jgd.data import MinMax, Scaling, Standard, datasets, split
from jgd.losses import SupervisedLoss, errors
from jgd.models import MLP, Linear, Logistic, Model, Normal, Softmax


@dataclass(frozen=True)
class Task:
    """What is to be learned, ready to train or sweep.

    init: key -> params. loss: (params, batch) -> (). metrics: name -> (params, rows) -> (), with which name
    `metric` ("loss" is always there) chooses among configs on the validation rows, the largest where
    `larger_is_better`. train, validation, test: trees of rows; the test rows are read once, for what was chosen.
    """

    name: str
    init: Callable[[Array], Params]
    loss: Loss
    train: Batch
    validation: Batch
    test: Batch
    metrics: dict[str, Callable[[Params, Batch], Array]] = field(default_factory=dict)
    metric: str = "loss"
    larger_is_better: bool = False

    def __post_init__(self) -> None:
        for part in ("train", "validation", "test"):
            checks.rows(part, getattr(self, part))
        checks.choice("metric", self.metric, ["loss", *self.metrics])


@record
class Accuracy:
    """The share of rows whose label `model.classify` reads right, ()."""

    model: Model

    def __call__(self, params: Params, rows: Batch) -> Array:
        inputs, labels = rows
        return jnp.mean(self.model.classify(params, inputs) == labels)  # pyright: ignore[reportAttributeAccessIssue]


@record
class Start:
    """key -> the model's parameters in `dtype`; two of one model are equal, so a recipe may make its task afresh."""

    model: Model
    dtype: str = static_field(default="float32")

    def __call__(self, key: Array) -> Params:
        return self.model.init(key, jnp.dtype(self.dtype))


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
    """A task from a data set, a model and an error of `jgd.losses.errors`.

    Rows are split 60 : 20 : 20 by `seed`. `scale` is fitted on the training inputs (a `Scaling` is taken as it is,
    None leaves them raw); targets of a regression are standardized by the training targets. Classifiers are chosen by
    validation accuracy, regressions by validation loss.

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
    """A task from a user's own table (`jgd.data.read`): 60 : 20 : 20 rows, scaled by the training rows.

    scale: as in `supervised`.
    model: one of MODELS; default "linear" for values, "logistic" for two classes, "softmax" for more. error: a name of
    `jgd.losses.errors` that suits target and model; default theirs.

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
            f"the model 'logistic' tells two classes apart, the target has {classes or 'values'}"
        )
    if (name == "linear" and classes) or (name == "softmax" and not classes):
        raise checks.JgdValueError(
            f"the model {name!r} doesn't suit a target of {f'{classes} classes' if classes else 'values'}"
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


PIXELS = Scaling(shift=np.zeros(64), factor=np.full(64, 1 / 16), base=0.0)  # 0 … 16 to 0 … 1; some pixels never change
HIDDEN = 64


def _classes(name: str, kind: str) -> Task:
    data = datasets.get(name)
    features = data.inputs.shape[1]
    scale = PIXELS if name == "digits" else Standard()
    if kind == "logistic":
        return supervised(data, Logistic(features), "logistic_nll", scale=scale)
    model = MLP((features, HIDDEN, data.classes)) if kind == "mlp" else Softmax(features, data.classes)
    return supervised(data, model, "softmax_cross_entropy", scale=scale)


def _values(name: str, kind: str) -> Task:
    data = datasets.get(name)
    return supervised(data, Linear(data.inputs.shape[1]), "squared_error")


def _hours_points(name: str, kind: str) -> Task:
    """Trained on the lectures' three rows; validation and test are later hours of the same rule, y = 2 x."""
    data, model = datasets.hours_points(), Linear(1, bias=False, initializer=Normal(1.0))
    validation, test = ((np.array([[hour]], np.float32), np.array([2 * hour], np.float32)) for hour in (4.0, 5.0))
    train = (data.inputs.astype(np.float32), data.targets.astype(np.float32))
    return Task(data.name, Start(model), SupervisedLoss(model, "squared_error"), train, validation, test)


# name -> the models it is offered with, the default first, and what builds it
registry: dict[str, tuple[tuple[str, ...], Callable[[str, str], Task]]] = {
    "digits": (("mlp", "softmax"), _classes),
    "iris": (("softmax", "mlp"), _classes),
    "wine": (("softmax", "mlp"), _classes),
    "breast_cancer": (("logistic", "softmax", "mlp"), _classes),
    "diabetes": (("linear",), _values),
    "linear_regression": (("linear",), _values),
    "age_income": (("linear",), _values),
    "hours_points": (("linear",), _hours_points),
}


def get(name: str, model: str | None = None) -> Task:
    """The bundled task `name` with one of its models (`registry` lists them; the first is the default).

    >>> get("digits").train[0].shape
    (1079, 64)
    """
    models, build = registry[checks.choice("task", name, registry)]
    return build(name, models[0] if model is None else checks.choice(f"model for {name}", model, models))
