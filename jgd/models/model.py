"""What a model is."""

from typing import Any, Protocol

from jax import Array

from jgd.core.types import Params


class Model(Protocol):
    """A record with two pure methods; the numbers that are learned are in params, not in the record."""

    def init(self, key: Array, dtype: Any = ...) -> Params:
        """The parameters at the start, drawn by `key`, in `dtype`."""
        ...

    def predict(self, params: Params, inputs: Array) -> Array:
        """The outputs for inputs (n, …), each by its own row: batches may be filled up, and rows evaluated in pieces.

        What normalizes by its batch is trained with a loss that has a state, not as the model of a `SupervisedLoss`.
        """
        ...
