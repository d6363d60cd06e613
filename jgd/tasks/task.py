"""Task: everything that a run or a sweep needs besides an optimizer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax.numpy as jnp
from jax import Array

from jgd.core import checks
from jgd.core.record import record, static_field
from jgd.core.types import Batch, Loss, Params
from jgd.models import Model


@dataclass(frozen=True)
class Task:
    """What is to be learned, ready to sweep: parameters, a loss, metrics and three parts of the rows.

    Args:
        name: what results call it.
        init: key -> params, a pytree of floating arrays.
        loss: (params, batch) -> () float; what is descended.
        train: rows to train on, a pytree of arrays with one leading axis, such as (inputs, targets).
        validation: rows that choose among runs, of the same structure.
        test: rows that confirm the choice; nothing else reads them.
        metrics: name -> function (params, rows) -> (), evaluated beside the loss.
        metric: "loss" or a name of `metrics`: what chooses.
        larger_is_better: whether its largest value is the best, or its smallest (default).
        init_state: key -> what a loss with a parameter `state` takes first (batch statistics, a target network); None
            without. It gets the key that `init` gets.
        evaluation_loss: the loss on validation and test rows, where it isn't `loss` itself; it gets key=None and the
            state, and what it returns beside its value is dropped.

    Raises:
        JgdValueError: a part has no rows, arrays of different lengths, or `metric` is unknown.
        JgdTypeError: `init_state` or `evaluation_loss` is no function.

    Example:
        >>> import numpy as np
        >>> x = np.linspace(-1, 1, 40, dtype=np.float32)
        >>> loss = lambda params, rows: jnp.mean((rows[0] * params["w"] - rows[1]) ** 2)
        >>> rows = [(part, 3 * part) for part in (x[:20], x[20:30], x[30:])]
        >>> task = Task("slope", lambda key: {"w": jnp.zeros(())}, loss, *rows)
        >>> import jgd
        >>> round(jgd.sweep(task, "sgd", {"learning_rate": [0.1, 0.5]}, seeds=2, steps=40).best.validation.mean, 4)
        0.0
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
    init_state: Callable[[Array], Any] | None = None
    evaluation_loss: Loss | None = None

    def __post_init__(self) -> None:
        for name in ("init_state", "evaluation_loss"):
            if getattr(self, name) is not None:
                checks.function(name, getattr(self, name))
        for part in ("train", "validation", "test"):
            checks.rows(part, getattr(self, part))
        checks.choice("metric", self.metric, ["loss", *self.metrics])

    @property
    def measure(self) -> Loss:
        """The loss where it is evaluated."""
        return self.loss if self.evaluation_loss is None else self.evaluation_loss

    def start(self, key: Array) -> tuple[Params, Any]:
        """What a seed's runs start from: (params, the model's state or None)."""
        return self.init(key), None if self.init_state is None else self.init_state(key)


@record
class Accuracy:
    """The share of rows whose label `model.classify` reads right, () in 0 … 1; rows are (inputs, integer labels)."""

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
