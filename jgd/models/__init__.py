"""Layer 1: models, pure init/predict pairs in records. Enters: a key, inputs. Leaves: parameters, outputs.

linear.py        linear, adaline, logistic and softmax regression     mlp.py   the multilayer perceptron
initializers.py  where weights start
"""

from typing import Any, Protocol

from jax import Array

from jgd.core.types import Params
from jgd.models.initializers import GlorotUniform, Normal, Zeros
from jgd.models.linear import Adaline, Linear, Logistic, Softmax, with_ones
from jgd.models.mlp import MLP


class Model(Protocol):
    """A record with `init(key, dtype) -> params` and `predict(params, inputs) -> outputs`, both pure."""

    def init(self, key: Array, dtype: Any = ...) -> Params: ...

    def predict(self, params: Params, inputs: Array) -> Array: ...


__all__ = [
    "MLP",
    "Adaline",
    "GlorotUniform",
    "Linear",
    "Logistic",
    "Model",
    "Normal",
    "Softmax",
    "Zeros",
    "with_ones",
]
