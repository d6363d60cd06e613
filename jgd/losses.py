"""Layer 2: losses. Errors of a model's outputs, one number an example; `SupervisedLoss` makes a loss(params, batch) of them."""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd import error_functions, structured_errors
from jgd.core import checks, row_weights
from jgd.core.record import record, static_field
from jgd.core.supervised_batch import parts_of, told_of_other_params
from jgd.core.types import Batch, Params
from jgd.models import Model


def squared_error(outputs: Array, targets: Array) -> Array:
    """(ŷ − y)², (n,); summed over the trailing axes.

    Args:
        outputs: ŷ, (n, …).
        targets: y, of the shape of outputs.

    Returns:
        One error an example, (n,).

    Raises:
        JgdValueError: For outputs without an axis of examples, and for targets of another shape.

    Example:
        >>> squared_error(jnp.array([1.0, 4.0]), jnp.array([1.0, 2.0])).tolist()
        [0.0, 4.0]
    """
    if jnp.ndim(outputs) == 0:
        raise checks.JgdValueError(
            f"outputs must have a leading axis of examples, (n, …), got shape {jnp.shape(outputs)}", argument="outputs"
        )
    checks.same_shape("targets", targets, "the outputs", jnp.shape(outputs))
    squares = jnp.square(outputs - targets.astype(outputs.dtype))
    return squares.reshape(squares.shape[0], -1).sum(axis=1)


def gaussian_nll(outputs: Array, targets: Array, std: float = 1.0) -> Array:
    """(y − ŷ)²/(2σ²) + log σ + ½ log 2π, (n,): −log of the normal density at y; for any σ least where squares are.

    Args:
        outputs: The means ŷ, (n, …).
        targets: y, of the shape of outputs.
        std: σ > 0 of the noise, the same for all; another with `functools.partial(gaussian_nll, std=0.5)`.

    Returns:
        One error an example, (n,), summed over the trailing axes.

    Example:
        >>> gaussian_nll(jnp.array([0.0, 2.0]), jnp.zeros(2)).tolist()
        [0.918, 2.918]
    """
    checks.hyperparameter("std", std, "> 0", schedule=False)
    squares, entries = squared_error(outputs, targets), math.prod(jnp.shape(outputs)[1:])
    scale = jnp.asarray(std).astype(squares.dtype)
    return squares / (2 * scale * scale) + entries * (jnp.log(scale) + 0.5 * math.log(2 * math.pi))


def logistic_nll(outputs: Array, targets: Array) -> Array:
    """−log p(y | u) for labels y in {0, 1} and logits u, both (n,): softplus(u) − y u, finite for any u.

    NaN for a label outside [0, 1], such as −1: a loss that falls for ever would hide it.

    Args:
        outputs: The logits u, (n,).
        targets: The labels y, (n,), in [0, 1].

    Returns:
        One error an example, (n,).

    Raises:
        JgdValueError: For targets of another shape.

    Example:
        >>> logistic_nll(jnp.array([-200.0, 0.0]), jnp.array([1, 0])).tolist()
        [200.0, 0.693]
    """
    checks.same_shape("targets", targets, "the logits", jnp.shape(outputs))
    targets = targets.astype(outputs.dtype)
    return jnp.where((targets >= 0) & (targets <= 1), jax.nn.softplus(outputs) - targets * outputs, jnp.nan)


def softmax_cross_entropy(outputs: Array, targets: Array) -> Array:
    """log Σ exp(u) − u_y, (n,), for logits (n, classes) and integer labels (n,); NaN for a label outside 0 … classes − 1.

    Args:
        outputs: The logits u, (n, classes).
        targets: The classes y, (n,), integers.

    Returns:
        One error an example, (n,).

    Raises:
        JgdValueError: For logits or targets of another shape.
        JgdTypeError: For targets that are no integers.

    Example:
        >>> softmax_cross_entropy(jnp.array([[0.0, 0.0], [9.0, 0.0]]), jnp.array([0, 0])).tolist()
        [0.693, 0.0001]
    """
    if jnp.ndim(outputs) != 2:
        raise checks.JgdValueError(f"logits must have shape (n, classes), got {jnp.shape(outputs)}", argument="logits")
    if not jnp.issubdtype(targets.dtype, jnp.integer):
        raise checks.JgdTypeError(
            f"targets must be integer class labels, got dtype {targets.dtype}", argument="targets"
        )
    checks.same_shape("targets", targets, "one label a row of the logits", jnp.shape(outputs)[:1])
    # a masked sum, not a gather: its gradient is a subtraction instead of a scatter, much faster under vmap
    targets = targets.astype(jnp.int32)
    known = (targets >= 0) & (targets < outputs.shape[1])
    chosen = targets[:, None] == jnp.arange(outputs.shape[1], dtype=targets.dtype)[None, :]
    losses = jax.nn.logsumexp(outputs, axis=1) - jnp.sum(jnp.where(chosen, outputs, 0), axis=1)
    return jnp.where(known, losses, jnp.nan)


reductions: dict[str, Callable[[Array], Array]] = {
    "sum": jnp.sum,  # Σ e: the gradient grows with n
    "mean": jnp.mean,  # 1/n Σ e: the learning rate doesn't depend on n
    "half_mean": lambda errors: jnp.mean(errors) / 2,  # 1/(2n) Σ e: the 2 of the square cancels
}

errors: dict[str, Callable[[Array, Array], Array]] = {
    "squared_error": squared_error,
    "gaussian_nll": gaussian_nll,
    "logistic_nll": logistic_nll,
    "softmax_cross_entropy": softmax_cross_entropy,
    **error_functions.BY_NAME,
    **structured_errors.BY_NAME,
}


@record
class SupervisedLoss:
    """loss(params, batch) of a model: a reduction of its per-example errors on batch = (inputs, targets).

    A batch (inputs, targets, weights) counts each example by its weight ≥ 0, (n,): "sum" is Σ w e, "mean" Σ w e / Σ w
    (so that equal weights of any size change nothing), "half_mean" half of that; 0 where all weights are. An example of
    weight 0 is no part of the loss, but still of what the model does: its numbers must be finite, for 0 · NaN would be in
    the gradient, and a model that normalizes over the batch sees it too.

    Args:
        model: A record with `predict(params, inputs)`.
        error: A function (outputs, targets) -> (n,), or a name of `jgd.losses.errors`; structure.
        reduction: "mean", "sum" or "half_mean", so that sum : mean : half mean is 2n : 2 : 1 for the half mean's unit;
            structure. Default: "mean".

    Raises:
        JgdValueError: For an unknown error or reduction.

    Example:
        >>> from jgd.models import Linear
        >>> loss = SupervisedLoss(Linear(1, bias=False), "squared_error")
        >>> batch = (jnp.array([[1.0], [2.0], [3.0]]), jnp.array([2.0, 4.0, 6.0]))
        >>> float(loss({"weights": jnp.ones(1)}, batch))
        4.66
    """

    model: Model
    error: str | Callable[[Array, Array], Array] = static_field()
    reduction: str = static_field(default="mean")

    def __post_init__(self) -> None:
        if isinstance(self.model, type) or not callable(getattr(self.model, "predict", None)):
            raise checks.JgdTypeError(
                f"model must have predict(params, inputs), such as jgd.models.Linear(3), got {checks.shown(self.model)}",
                argument="model",
            )
        checks.choice("reduction", self.reduction, reductions)
        if not callable(self.error):
            checks.choice("error", self.error, errors)

    def outputs(self, params: Params, batch: Batch) -> Array:
        """The model's outputs, (n, …)."""
        inputs = parts_of("batch", batch)[0]
        with told_of_other_params(self.model, params):
            return self.model.predict(params, inputs)

    def _errors(self, outputs: Array, batch: Batch) -> Array:
        error = self.error if callable(self.error) else errors[self.error]
        return error(outputs, batch[1])

    def of_outputs(self, outputs: Array, batch: Batch) -> Array:
        """The loss as a function of the outputs, () floating."""
        each = self._errors(outputs, batch)
        if len(batch) == 2:
            return reductions[self.reduction](each)
        if self.reduction == "sum":
            return row_weights.weighed_sum(each, batch[2]).astype(each.dtype)
        mean = row_weights.weighed_mean(each, batch[2])
        return mean / 2 if self.reduction == "half_mean" else mean

    def weighted(self, batch: Batch, weights: Array) -> Batch:
        """The batch with each row counted by `weights`, (n,) ≥ 0, times the weight that it has.

        A loss with this method, by which rows of weight 0 are as if they weren't there, is compiled once where others
        are compiled twice: an epoch's short last batch is filled up to the size of the others. A class that derives from
        this one and overrides `outputs`, `of_outputs` or `__call__` is taken to have neither this method nor `row_share`
        unless it defines them again.
        """
        return row_weights.weighted(batch, weights)

    def row_share(self, piece: Batch, whole: Batch) -> Array:
        """What the loss of some of the rows counts for in that of all: Σ share · loss over the pieces is the loss."""
        return jnp.ones(()) if self.reduction == "sum" else row_weights.row_share(piece, whole)

    def per_example(self, params: Params, batch: Batch) -> Array:
        """The error of each example, (n,), weights aside."""
        return self._errors(self.outputs(params, batch), batch)

    def __call__(self, params: Params, batch: Batch) -> Array:
        with told_of_other_params(self.model, params):
            return self.of_outputs(self.outputs(params, batch), batch)


@record
class StochasticLoss(SupervisedLoss):
    """A `SupervisedLoss` of a model that draws: its `predict` gets the step's key, and None where it is evaluated.

    Args:
        model: A record with `predict(params, inputs, key)`, as `jgd.models.CNN` and `jgd.models.Transformer` with dropout.
        error: As in `SupervisedLoss`.
        reduction: As in `SupervisedLoss`.

    Raises:
        JgdValueError: For an unknown error or reduction.

    Example:
        >>> from jgd.models import CNN
        >>> model = CNN((2, 2, 1), (4,), 2, dropout=0.5)
        >>> loss, params = StochasticLoss(model, "softmax_cross_entropy"), model.init(jax.random.key(0))
        >>> batch = (jnp.ones((3, 4)), jnp.zeros(3, int))
        >>> bool(loss(params, batch, jax.random.key(1)) == loss(params, batch, jax.random.key(2)))
        False
    """

    weighted, row_share = SupervisedLoss.weighted, SupervisedLoss.row_share  # said again of a `__call__` of its own

    def __call__(self, params: Params, batch: Batch, key: Array | None = None) -> Array:
        predict: Any = self.model.predict
        inputs = parts_of("batch", batch)[0]
        with told_of_other_params(self.model, params):
            return self.of_outputs(predict(params, inputs, key), batch)
