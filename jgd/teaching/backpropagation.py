"""Backpropagation written out: the gradient of a multilayer perceptron, layer by layer, without automatic help."""

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks
from jgd.core.record import record, static_field
from jgd.core.types import Batch, Params
from jgd.models import MLP
from jgd.models.linear import affine
from jgd.models.mlp import activations

# φ'(z) from z and h = φ(z), both kept by the forward pass
slopes = {
    "relu": lambda z, h: (z > 0).astype(z.dtype),  # at 0, where there is no slope, 0: as jax.nn.relu has it
    "tanh": lambda z, h: 1 - h * h,
    "sigmoid": lambda z, h: h * (1 - h),
}


def _cross_entropy(outputs: Array, targets: Array) -> Array:
    """(softmax(u) − Y) / n; see `derived.softmax_cross_entropy`."""
    checks.same_shape("targets", targets, "one label a row of the logits", outputs.shape[:1])
    hot = jax.nn.one_hot(targets, outputs.shape[1], dtype=outputs.dtype)
    return (jax.nn.softmax(outputs) - hot) / outputs.shape[0]


def _mean_squared_error(outputs: Array, targets: Array) -> Array:
    """2 (ŷ − y) / n; see `derived.linear_mse`."""
    checks.same_shape("targets", targets, "the outputs", outputs.shape)
    return 2 * (outputs - jnp.asarray(targets).astype(outputs.dtype)) / outputs.shape[0]


output_errors = {"softmax_cross_entropy": _cross_entropy, "squared_error": _mean_squared_error}


@record
class Backpropagation:
    """The gradient of an `MLP` with the mean of `error`, called with (params, batch): a tuple of layers, as params.

    Forward, kept for each layer l = 1 … K with h_0 = X:   z_l = h_{l−1}·W_l + b_l,   h_l = φ(z_l),   no φ at K.
    The error at the outputs, δ_K = ∂L/∂z_K, is that of the linear model with the same loss: (softmax(z_K) − Y) / n
    for cross-entropy, 2 (z_K − y) / n for squared error. The chain rule then takes it down one layer at a time:
        ∂L/∂W_l = h_{l−1}ᵀ δ_l,   ∂L/∂b_l = Σ_rows δ_l          (z_l is affine in W_l and b_l)
        δ_{l−1} = (δ_l W_lᵀ) ∘ φ'(z_{l−1})                      (through W_l to h_{l−1}, through φ to z_{l−1})
    Two products a layer where the forward pass has one: a gradient costs about two forward passes, for any number of
    parameters. Rumelhart, Hinton & Williams 1986.

    model: an `MLP` with any of its activations. error: "softmax_cross_entropy" (integer targets (n,)) or
    "squared_error" (targets (n, outputs), summed over outputs).

    >>> model = MLP((2, 3, 2), "tanh")
    >>> params = model.init(jax.random.key(0))
    >>> gradient = Backpropagation(model)(params, (jnp.ones((5, 2)), jnp.zeros(5, jnp.int32)))
    >>> [layer["weights"].shape for layer in gradient]
    [(2, 3), (3, 2)]
    """

    model: MLP
    error: str = static_field(default="softmax_cross_entropy")

    def __post_init__(self) -> None:
        checks.choice("error", self.error, output_errors)

    def __call__(self, params: Params, batch: Batch) -> Params:
        """The gradient, a tuple of layers as params."""
        inputs, targets = batch
        activate, slope = activations[self.model.activation], slopes[self.model.activation]
        h = jnp.asarray(inputs).astype(params[0]["weights"].dtype)
        kept = []  # (h_{l−1}, z_l) of each layer
        for layer in params:
            z = affine(layer, h)
            kept.append((h, z))
            h = activate(z)
        delta = output_errors[self.error](kept[-1][1], targets)
        grads = []
        for place in reversed(range(len(params))):
            h, _ = kept[place]
            grads.append({"weights": h.T @ delta, "bias": delta.sum(axis=0)})
            if place > 0:
                below = kept[place - 1][1]
                delta = (delta @ params[place]["weights"].T) * slope(below, h)  # h is φ of the layer below's z
        return tuple(reversed(grads))
