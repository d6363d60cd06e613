"""The affine map and the models that are one: linear regression, adaline, logistic and softmax regression.

They share parameters and outputs; what differs is the loss they are trained with and how a label is read off.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks
from jgd.core.record import record, static_field
from jgd.core.types import Params
from jgd.models.initializers import Initializer, Zeros, check, check_initializer
from jgd.models.own_params import check_params

LABELS = ((0, 1), (-1, 1))  # what two classes may be called as numbers


def affine(params: Params, inputs: Array) -> Array:
    """inputs · weights + bias, in the weights' dtype; inputs (n, features), the bias may be absent."""
    weights = params["weights"]
    if jnp.ndim(inputs) == 1:
        raise checks.JgdValueError(
            f"inputs must have shape (n, features), got {jnp.shape(inputs)}; reshape with inputs[:, None]",
            argument="inputs",
        )
    if jnp.shape(inputs)[1:] != weights.shape[:1]:
        raise checks.JgdValueError(
            f"inputs must have {weights.shape[0]} features, shape (n, {weights.shape[0]}), got {jnp.shape(inputs)}",
            argument="inputs",
        )
    columns = jnp.asarray(inputs).astype(weights.dtype).T
    if weights.ndim == 2:
        return affine_columns(params, columns).T
    outputs = columns.T @ weights
    return outputs + jnp.broadcast_to(params["bias"], outputs.shape) if "bias" in params else outputs


def affine_columns(params: Params, columns: Array) -> Array:
    """weightsᵀ · columns + bias: an example is a column here, (features, n) -> (outputs, n), which a CPU does faster."""
    outputs = jax.lax.dot_general(params["weights"], columns, (((0,), (0,)), ((), ())))
    return outputs + jnp.broadcast_to(params["bias"][:, None], outputs.shape) if "bias" in params else outputs


def init_affine(key: Array, shape: tuple[int, ...], bias: bool, initializer: Initializer, dtype: Any) -> Params:
    """{"weights": shape, "bias": shape[1:]}; the bias starts at 0."""
    check(key, dtype)
    weights = initializer(key, shape, dtype)
    return {"weights": weights, "bias": jnp.zeros(shape[1:], dtype)} if bias else {"weights": weights}


def with_ones(inputs: Array) -> Array:
    """The inputs with a column of ones appended: a model without bias on it is the model with bias, folded in.

    >>> with_ones(jnp.array([[2.0], [3.0]])).tolist()
    [[2.0, 1.0], [3.0, 1.0]]
    """
    if getattr(inputs, "ndim", 0) != 2:
        raise checks.JgdValueError(
            f"inputs must be an array (n, features), got {checks.shown(inputs)}", argument="inputs"
        )
    return jnp.concatenate([inputs, jnp.ones((jnp.shape(inputs)[0], 1), jnp.asarray(inputs).dtype)], axis=1)


@record
class Linear:
    """ŷ = x · w + b, (n,): linear regression, with squared error.

    Args:
        features: Columns of x, ≥ 1; structure.
        bias: False leaves b out; structure. Default: True.
        initializer: Where the weights start. Default: Zeros().

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> model = Linear(2)
        >>> params = model.init(jax.random.key(0))
        >>> model.predict(params, jnp.ones((3, 2))).tolist()
        [0.0, 0.0, 0.0]
    """

    features: int = static_field()
    bias: bool = static_field(default=True)
    initializer: Initializer = Zeros()

    def __post_init__(self) -> None:
        check_initializer(self.initializer)
        checks.count("features", self.features, 1)

    def init(self, key: Array, dtype: Any = jnp.float32) -> Params:
        """The parameters at the start, drawn by `key`, in `dtype`."""
        return init_affine(key, (self.features,), self.bias, self.initializer, dtype)

    def predict(self, params: Params, inputs: Array) -> Array:
        """The outputs for inputs (n, features)."""
        check_params(self, params)
        return affine(params, inputs)


@record
class Adaline(Linear):
    """Widrow & Hoff's adaline: a linear output trained with squared error on two labels; the threshold is only read.

    Its attribute `labels` are the two numbers that stand for the classes, (0, 1) or (−1, 1), the lower one first; what lies
    above their middle is predicted to be the second.

    >>> Adaline(1).classify({"weights": jnp.array([1.0]), "bias": jnp.array(0.0)}, jnp.array([[0.2], [0.7]])).tolist()
    [0, 1]
    >>> signs = Adaline(1, labels=(-1, 1))
    >>> signs.classify({"weights": jnp.array([1.0]), "bias": jnp.array(0.0)}, jnp.array([[-0.2], [0.7]])).tolist()
    [-1, 1]
    """

    labels: tuple[int, int] = static_field(default=(0, 1))

    def __post_init__(self) -> None:
        super().__post_init__()
        if tuple(self.labels) not in LABELS:
            raise checks.JgdValueError(
                f"labels must be (0, 1) or (-1, 1), got {checks.shown(self.labels)}", argument="labels"
            )

    @property
    def threshold(self) -> float:
        """Between the labels."""
        return sum(self.labels) / 2

    def classify(self, params: Params, inputs: Array) -> Array:
        """The label that is predicted for each row, (n,) integers."""
        low, high = self.labels
        return jnp.where(self.predict(params, inputs) >= self.threshold, high, low).astype(jnp.int32)


@record
class Logistic(Linear):
    """Logistic regression for labels 0/1: the outputs (n,) are logits u, p = σ(u); trained with `logistic_nll`.

    >>> model, params = Logistic(1), {"weights": jnp.array([2.0]), "bias": jnp.array(0.0)}
    >>> model.probability(params, jnp.array([[0.0]])).tolist(), model.classify(params, jnp.array([[1.0]])).tolist()
    ([0.5], [1])
    """

    def probability(self, params: Params, inputs: Array) -> Array:
        """The probability of class 1 for each row, (n,)."""
        return jax.nn.sigmoid(self.predict(params, inputs))

    def classify(self, params: Params, inputs: Array) -> Array:
        """The label that is predicted for each row, (n,) integers."""
        return (self.predict(params, inputs) >= 0).astype(jnp.int32)


@record
class Softmax:
    """Softmax regression: the outputs (n, classes) are logits; trained with `softmax_cross_entropy`.

    Args:
        features: Columns of the inputs, ≥ 1; structure.
        classes: Classes, ≥ 2; structure.
        bias: False leaves the bias out; structure. Default: True.
        initializer: Where the weights start. Default: Zeros().

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> Softmax(4, 3).predict(Softmax(4, 3).init(jax.random.key(0)), jnp.ones((5, 4))).shape
        (5, 3)
    """

    features: int = static_field()
    classes: int = static_field()
    bias: bool = static_field(default=True)
    initializer: Initializer = Zeros()

    def __post_init__(self) -> None:
        check_initializer(self.initializer)
        checks.count("features", self.features, 1)
        checks.count("classes", self.classes, 2)

    def init(self, key: Array, dtype: Any = jnp.float32) -> Params:
        """The parameters at the start, drawn by `key`, in `dtype`."""
        return init_affine(key, (self.features, self.classes), self.bias, self.initializer, dtype)

    def predict(self, params: Params, inputs: Array) -> Array:
        """The outputs for inputs (n, features)."""
        check_params(self, params)
        return affine(params, inputs)

    def classify(self, params: Params, inputs: Array) -> Array:
        """The label that is predicted for each row, (n,) integers."""
        return jnp.argmax(self.predict(params, inputs), axis=1).astype(jnp.int32)
