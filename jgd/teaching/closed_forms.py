"""Gradients derived by hand, each with its derivation: what `jax.grad` computes, in one line of algebra.

Every function takes (params, batch) and answers the parameters' own tree, so it compares leaf by leaf with
`jax.grad` of the loss beside it in `registry`, which `get(name, model)` makes a pair of. Parameters are those of
`jgd.models`: weights w (features,) or W (features, classes), and a bias b, () or (classes,), which may be absent. The
batch is (inputs (n, features), targets). Results have the parameters' dtype.

All but the multilayer perceptron's (backpropagation.py) have two halves. The outputs are u = X·w + b, so by the chain
rule, with δ = ∂L/∂u,
    ∂L/∂w_j = Σ_i ∂L/∂u_i · ∂u_i/∂w_j = Σ_i δ_i x_ij,   that is   Xᵀ δ,
    ∂L/∂b   = Σ_i δ_i · 1.
What differs between losses is δ alone, and each docstring derives it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks
from jgd.core.record import record
from jgd.core.types import Batch, Loss, Params
from jgd.losses import SupervisedLoss
from jgd.models import MLP, Adaline, Linear, Logistic, Model, Softmax
from jgd.models.linear import affine
from jgd.teaching.backpropagation import Backpropagation

Gradient = Callable[[Params, Batch], Params]


@record
class SigmoidUnit(Linear):
    """p = σ(x · w + b), (n,): one unit with the sigmoid as its output, for squared error (the lectures' example).

    >>> SigmoidUnit(1).predict({"weights": jnp.array([0.0])}, jnp.ones((2, 1))).tolist()
    [0.5, 0.5]
    """

    def predict(self, params: Params, inputs: Array) -> Array:
        """The probabilities σ(x · w + b), (n,)."""
        return jax.nn.sigmoid(affine(params, inputs))


def _residual(params: Params, batch: Batch) -> Array:
    """ŷ − y of the affine model, (n,)."""
    inputs, targets = batch
    outputs = affine(params, inputs)
    checks.same_shape("targets", targets, "the outputs", outputs.shape)
    return outputs - jnp.asarray(targets).astype(outputs.dtype)


def _through_affine(params: Params, batch: Batch, delta: Array) -> Params:
    """∂L/∂w = Xᵀ δ and ∂L/∂b = Σ δ."""
    inputs = jnp.asarray(batch[0]).astype(delta.dtype)
    return {name: inputs.T @ delta if name == "weights" else delta.sum(axis=0) for name in params}


def linear_sse(params: Params, batch: Batch) -> Params:
    """L = Σ (ŷ − y)², ŷ = x·w + b.

    ∂L/∂ŷ_i = 2 (ŷ_i − y_i), the other terms don't contain ŷ_i, and the activation is the identity, σ' = 1:
    δ = 2 (ŷ − y), so ∂L/∂w_j = 2 Σ_i (ŷ_i − y_i) x_ij. It grows with n.

    >>> batch = (jnp.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.5]]), jnp.array([1.0, 0.0, 1.0]))
    >>> linear_sse({"weights": jnp.array([0.1, -0.2])}, batch)["weights"].tolist()
    [-0.65, -7.25]
    """
    return _through_affine(params, batch, 2 * _residual(params, batch))


def linear_mse(params: Params, batch: Batch) -> Params:
    """L = 1/n Σ (ŷ − y)²: the gradient of `linear_sse` over n, δ = 2 (ŷ − y) / n; no learning rate depends on n."""
    residual = _residual(params, batch)
    return _through_affine(params, batch, 2 * residual / residual.shape[0])


def linear_half_mse(params: Params, batch: Batch) -> Params:
    """L = 1/(2n) Σ (ŷ − y)²: the half cancels the square's 2, δ = (ŷ − y) / n."""
    residual = _residual(params, batch)
    return _through_affine(params, batch, residual / residual.shape[0])


def adaline(params: Params, batch: Batch) -> Params:
    """L = 1/(2n) Σ (ŷ − y)² for labels y in {0, 1}, ŷ = x·w + b *before* the threshold.

    The threshold is read only at prediction: its derivative is 0 wherever it has one, so nothing could be learned
    through it. Training is therefore linear regression on labels, δ = (ŷ − y) / n: Widrow & Hoff's rule.
    """
    return linear_half_mse(params, batch)


def sigmoid_sse(params: Params, batch: Batch) -> Params:
    """L = Σ (y − p)², p = σ(u), u = x·w + b.

    σ(u) = 1/(1 + e⁻ᵘ), so σ'(u) = e⁻ᵘ/(1 + e⁻ᵘ)² = σ(u) (1 − σ(u)). Three blocks in a row, with the error y − p:
    ∂L/∂p = −2 (y − p),  ∂p/∂u = p (1 − p):   δ = −2 (y − p) p (1 − p).
    The factor p (1 − p) is why a saturated unit that is wrong hardly learns; `logistic_nll` has it canceled.

    >>> batch = (jnp.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.5]]), jnp.array([1.0, 0.0, 1.0]))
    >>> sigmoid_sse({"weights": jnp.array([0.1, -0.2])}, batch)["weights"].tolist()
    [0.46878, -0.98231]
    """
    inputs, targets = batch
    p = jax.nn.sigmoid(affine(params, inputs))
    checks.same_shape("targets", targets, "the outputs", p.shape)
    error = jnp.asarray(targets).astype(p.dtype) - p
    return _through_affine(params, batch, -2 * error * p * (1 - p))


def logistic_nll(params: Params, batch: Batch) -> Params:
    """L = 1/n Σ −log p(y|u) for y in {0, 1}, p = σ(u), u = x·w + b.

    For y = 1: L = −log p, ∂L/∂p = −1/p, times ∂p/∂u = p (1 − p) is p − 1. For y = 0: L = −log(1 − p),
    ∂L/∂p = 1/(1 − p), times p (1 − p) is p. Both are p − y:   δ = (p − y) / n.
    """
    inputs, targets = batch
    p = jax.nn.sigmoid(affine(params, inputs))
    checks.same_shape("targets", targets, "the logits", p.shape)
    return _through_affine(params, batch, (p - jnp.asarray(targets).astype(p.dtype)) / p.shape[0])


def softmax_cross_entropy(params: Params, batch: Batch) -> Params:
    """L = 1/n Σ (log Σ_c e^{u_c} − u_y), integer labels y, logits u = x·W + b, (n, classes).

    ∂/∂u_c log Σ_k e^{u_k} = e^{u_c} / Σ_k e^{u_k} = p_c, the softmax; ∂u_y/∂u_c = 1 where c = y, else 0. With the
    labels' one-hot rows Y:   δ = (p − Y) / n,   ∂L/∂W = Xᵀ δ. Two classes give `logistic_nll` again.
    """
    inputs, targets = batch
    logits = affine(params, inputs)
    checks.same_shape("targets", targets, "one label a row of the logits", logits.shape[:1])
    delta = (jax.nn.softmax(logits) - jax.nn.one_hot(targets, logits.shape[1], dtype=logits.dtype)) / logits.shape[0]
    return _through_affine(params, batch, delta)


@dataclass(frozen=True)
class ClosedForm:
    """A loss and its gradient derived by hand; unpacks as `loss, gradient`.

    Attributes:
        loss: A function (params, batch) -> ().
        gradient: A function (params, batch) -> a tree like params.
    """

    loss: Loss
    gradient: Gradient

    def __iter__(self):
        return iter((self.loss, self.gradient))


# name -> the model's type, the loss's error and reduction, and the gradient's derivation, given the model
registry: dict[str, tuple[type, str, str, Callable[[Any], Gradient]]] = {
    "linear_sse": (Linear, "squared_error", "sum", lambda model: linear_sse),
    "linear_mse": (Linear, "squared_error", "mean", lambda model: linear_mse),
    "linear_half_mse": (Linear, "squared_error", "half_mean", lambda model: linear_half_mse),
    "adaline": (Adaline, "squared_error", "half_mean", lambda model: adaline),
    "sigmoid_sse": (SigmoidUnit, "squared_error", "sum", lambda model: sigmoid_sse),
    "logistic_nll": (Logistic, "logistic_nll", "mean", lambda model: logistic_nll),
    "softmax_cross_entropy": (Softmax, "softmax_cross_entropy", "mean", lambda model: softmax_cross_entropy),
    "mlp_cross_entropy": (MLP, "softmax_cross_entropy", "mean", Backpropagation),
    "mlp_mse": (MLP, "squared_error", "mean", lambda model: Backpropagation(model, "squared_error")),
}


def get(name: str, model: Model) -> ClosedForm:
    """A loss and its gradient derived by hand, for a model.

    Args:
        name: A name in `registry`.
        model: A model of the type that the name needs.

    Returns:
        The pair (loss, gradient), both functions of (params, batch).

    Raises:
        JgdTypeError: Another type of model.
        JgdValueError: An unknown name; it lists the choices.

    Example:
        >>> loss, gradient = get("linear_mse", Linear(1, bias=False))
        >>> params, batch = {"weights": jnp.ones(1)}, (jnp.array([[1.0], [2.0], [3.0]]), jnp.array([2.0, 4.0, 6.0]))
        >>> float(gradient(params, batch)["weights"][0]), float(jax.grad(loss)(params, batch)["weights"][0])
        (-9.333, -9.333)
    """
    kind, error, reduction, gradient = registry[checks.choice("closed form", name, registry)]
    # the affine models' predictions differ by type: a Logistic's squared error is not the sigmoid unit's
    if type(model) is not kind:
        raise checks.JgdTypeError(f"the closed form {name} needs a {kind.__name__} model, got {checks.shown(model)}")
    return ClosedForm(SupervisedLoss(model, error, reduction), gradient(model))
