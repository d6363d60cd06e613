"""The multilayer perceptron."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks
from jgd.core.record import record, static_field
from jgd.core.types import Params
from jgd.models.initializers import GlorotUniform, Initializer, check, check_initializer
from jgd.models.linear import affine, affine_columns, init_affine
from jgd.models.own_params import check_params

activations = {"relu": jax.nn.relu, "tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid}


@record
class MLP:
    """h ← φ(h · W + b) for each layer, no φ on the last: outputs (n, sizes[-1]) are logits or regression values.

    The parameters are a tuple of layers; biases start at 0.

    Args:
        sizes: Features, hidden widths, outputs, as (64, 64, 10), each ≥ 1; structure.
        activation: "relu", "tanh" or "sigmoid"; structure. Default: "relu".
        initializer: Where the weights start. Default: GlorotUniform().

    Raises:
        JgdValueError: For fewer than two sizes, a size below 1 or an unknown activation.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> model = MLP((4, 8, 3))
        >>> model.predict(model.init(jax.random.key(0)), jnp.ones((5, 4))).shape
        (5, 3)
    """

    sizes: tuple[int, ...] = static_field()
    activation: str = static_field(default="relu")
    initializer: Initializer = GlorotUniform()

    def __post_init__(self) -> None:
        check_initializer(self.initializer)
        checks.choice("activation", self.activation, activations)
        if len(self.sizes) < 2:
            raise checks.JgdValueError(
                f"sizes must name at least the features and the outputs, got {self.sizes}", argument="sizes"
            )
        for size in self.sizes:
            checks.count("sizes", size, 1)

    def init(self, key: Array, dtype: Any = jnp.float32) -> Params:
        """The parameters at the start, drawn by `key`, in `dtype`."""
        shapes = list(zip(self.sizes, self.sizes[1:], strict=False))
        check(key, dtype)
        keys = jax.random.split(key, len(shapes))
        return tuple(
            init_affine(k, shape, True, self.initializer, dtype) for k, shape in zip(keys, shapes, strict=True)
        )

    def predict(self, params: Params, inputs: Array) -> Array:
        """The outputs for inputs (n, features)."""
        check_params(self, params)
        first, *others = params
        outputs = affine(first, inputs).T
        for layer in others:
            outputs = affine_columns(layer, activations[self.activation](outputs))
        return outputs.T

    def classify(self, params: Params, inputs: Array) -> Array:
        """The label that is predicted for each row, (n,) integers."""
        return jnp.argmax(self.predict(params, inputs), axis=1).astype(jnp.int32)
