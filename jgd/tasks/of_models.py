"""What a model gives a task: its start, and the accuracy of its labels."""

import jax.numpy as jnp
from jax import Array

from jgd.core.record import record, static_field
from jgd.core.types import Batch, Params
from jgd.models import Model


@record
class Accuracy:
    """The share of rows whose label `model.classify` reads right, () in 0 … 1; rows are (inputs, integer labels)."""

    model: Model
    larger_is_better = True

    def row_share(self, piece: Batch, whole: Batch) -> float:
        """The share of a piece's rows in the whole: a mean over rows."""
        return len(piece[1]) / len(whole[1])

    def __call__(self, params: Params, rows: Batch) -> Array:
        inputs, labels = rows[:2]  # weights, where there are some, are those of the loss
        # a model of classes has it
        return jnp.mean(self.model.classify(params, inputs) == labels)  # pyright: ignore[reportAttributeAccessIssue]


@record
class Start:
    """key -> the model's parameters in `dtype`; two of one model are equal, so a recipe may make its task afresh."""

    model: Model
    dtype: str = static_field(default="float32")

    def __call__(self, key: Array) -> Params:
        return self.model.init(key, jnp.dtype(self.dtype))
