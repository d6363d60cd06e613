"""The tasks that come with jgd, by name."""

from collections.abc import Callable

import numpy as np

from jgd.core import checks
from jgd.data import MarkovSource, Scaling, Standard, datasets
from jgd.losses import SupervisedLoss
from jgd.models import CNN, MLP, Linear, Logistic, Normal, Softmax, Transformer
from jgd.tasks.of_models import Accuracy, Start
from jgd.tasks.supervised import HIDDEN, supervised
from jgd.tasks.task import Task

CHANNELS = (16, 32)  # of the digits' convolutions
LENGTH = 32  # of the sequences of synthetic text
PIXELS = Scaling(shift=np.zeros(64), factor=np.full(64, 1 / 16), base=0.0)  # 0 … 16 to 0 … 1; some pixels never change


def _classes(name: str, kind: str) -> Task:
    data = datasets.get(name)
    features = data.inputs.shape[1]
    scale = PIXELS if name == "digits" else Standard()
    if kind == "logistic":
        return supervised(data, Logistic(features), "logistic_nll", scale=scale)
    model = MLP((features, HIDDEN, data.classes)) if kind == "mlp" else Softmax(features, data.classes)
    if kind == "cnn":
        model = CNN((8, 8, 1), CHANNELS, data.classes)
    return supervised(data, model, "softmax_cross_entropy", scale=scale)


def _values(name: str, kind: str) -> Task:
    data = datasets.get(name)
    return supervised(data, Linear(data.inputs.shape[1]), "squared_error")


def _hours_points(name: str, kind: str) -> Task:
    """Trained on the lectures' three rows; validation and test are later hours of the same rule, y = 2 x."""
    data, model = datasets.hours_points(), Linear(1, bias=False, initializer=Normal(std=1.0))
    validation, test = ((np.array([[hour]], np.float32), np.array([2 * hour], np.float32)) for hour in (4.0, 5.0))
    train = (data.inputs.astype(np.float32), data.targets.astype(np.float32))
    return Task(data.name, Start(model), SupervisedLoss(model, "squared_error"), train, validation, test)


def _markov(name: str, kind: str) -> Task:
    """The next token of synthetic text; its loss can't fall below `MarkovSource().least_loss(LENGTH + 1)`, but by luck of rows."""
    source = MarkovSource()
    model = Transformer(source.symbols, LENGTH)
    parts = [source.draw(rows, LENGTH + 1, seed) for seed, rows in enumerate((2048, 512, 512))]
    train, validation, test = ((tokens[:, :-1], tokens[:, 1:]) for tokens in parts)
    loss, metrics = SupervisedLoss(model, "sequence_cross_entropy"), {"accuracy": Accuracy(model)}
    return Task(name, Start(model), loss, train, validation, test, metrics)


# name -> the models it is offered with, the default first, and what builds it
registry: dict[str, tuple[tuple[str, ...], Callable[[str, str], Task]]] = {
    "digits": (("mlp", "softmax", "cnn"), _classes),
    "iris": (("softmax", "mlp"), _classes),
    "wine": (("softmax", "mlp"), _classes),
    "breast_cancer": (("logistic", "softmax", "mlp"), _classes),
    "diabetes": (("linear",), _values),
    "linear_regression": (("linear",), _values),
    "age_income": (("linear",), _values),
    "hours_points": (("linear",), _hours_points),
    "markov": (("transformer",), _markov),
}


def get(name: str, model: str | None = None) -> Task:
    """A bundled task.

    Args:
        name: a name of `registry`.
        model: one of the task's models there; default the first.

    Returns:
        The `Task`.

    Raises:
        JgdValueError: an unknown name or model; the message suggests the nearest.

    Example:
        >>> get("digits").train[0].shape
        (1079, 64)
    """
    models, build = registry[checks.choice("task", name, registry)]
    return build(name, models[0] if model is None else checks.choice(f"model for {name}", model, models))
