"""Layer 1: more errors of a model's outputs, one number an example; `jgd.losses.errors` has them by name too.

Their numbers (delta, smoothing, gamma) have defaults; for others give `functools.partial(huber, delta=0.5)` to a
`SupervisedLoss`, made once, as it is structure.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks


def huber(outputs: Array, targets: Array, delta: float = 1.0) -> Array:
    """e²/2 where |e| = |ŷ − y| ≤ δ, else δ (|e| − δ/2): outliers weigh linearly. Huber 1964, 10.1214/aoms/1177703732.

    Args:
        outputs: ŷ, (n, …).
        targets: y, of the shape of outputs.
        delta: δ > 0, where the parabola ends.

    Returns:
        One error an example, (n,), summed over the trailing axes.

    Example:
        >>> huber(jnp.array([0.5, 3.0]), jnp.zeros(2)).tolist()
        [0.125, 2.5]
    """
    checks.hyperparameter("delta", delta, "> 0", schedule=False)
    far = jnp.abs(_difference(outputs, targets))
    near = jnp.minimum(far, delta)
    return _each(near * (far - near / 2))


def log_cosh(outputs: Array, targets: Array) -> Array:
    """log cosh(ŷ − y) = |e| + log1p(exp(−2|e|)) − log 2: smooth, and linear far out; finite for any e.

    Args:
        outputs: ŷ, (n, …).
        targets: y, of the shape of outputs.

    Returns:
        One error an example, (n,), summed over the trailing axes.

    Example:
        >>> log_cosh(jnp.array([0.0, 300.0]), jnp.zeros(2)).tolist()
        [0.0, 299.307]
    """
    difference = _difference(outputs, targets)
    return _each(jnp.logaddexp(difference, -difference) - jnp.log(2.0).astype(difference.dtype))


def hinge(outputs: Array, targets: Array) -> Array:
    """max(0, 1 − s u) for scores u, (n,), and labels y in {0, 1}, s = 2y − 1: a support vector machine's error.

    NaN for another label. Cortes and Vapnik 1995, 10.1007/BF00994018.

    Args:
        outputs: The scores u, (n,).
        targets: The labels y, (n,), 0 or 1.

    Returns:
        One error an example, (n,).

    Example:
        >>> hinge(jnp.array([2.0, 0.5]), jnp.array([1, 0])).tolist()
        [0.0, 1.5]
    """
    checks.same_shape("targets", targets, "the scores", jnp.shape(outputs))
    labels = targets.astype(outputs.dtype)
    known = (labels == 0) | (labels == 1)
    return jnp.where(known, jax.nn.relu(1 - (2 * labels - 1) * outputs), jnp.nan)


def poisson_nll(outputs: Array, targets: Array) -> Array:
    """exp(u) − y u, the negative log-likelihood of counts y at the rate exp(u), without log y!; u and y (n, …).

    Args:
        outputs: The logarithms u of the rates, (n, …).
        targets: The counts y ≥ 0, of the shape of outputs.

    Returns:
        One error an example, (n,), summed over the trailing axes.

    Example:
        >>> poisson_nll(jnp.array([0.0, 1.0]), jnp.array([3, 0])).tolist()
        [1.0, 2.718]
    """
    checks.same_shape("targets", targets, "the outputs", jnp.shape(outputs))
    return _each(jnp.exp(outputs) - targets.astype(outputs.dtype) * outputs)


def smoothed_cross_entropy(outputs: Array, targets: Array, smoothing: float = 0.1) -> Array:
    """Cross-entropy with (1 − ε) on the label and ε/classes on every class; ε = 0 is `softmax_cross_entropy`.

    NaN for a label outside 0 … classes − 1. Szegedy et al. 2016, arXiv:1512.00567.

    Args:
        outputs: The logits, (n, classes).
        targets: The classes, (n,), integers.
        smoothing: ε in [0, 1].

    Returns:
        One error an example, (n,).

    Example:
        >>> smoothed_cross_entropy(jnp.array([[9.0, 0.0]]), jnp.array([0])).tolist()
        [0.45]
    """
    checks.hyperparameter("smoothing", smoothing, "[0, 1]", schedule=False)
    chances, chosen, known = _chances(outputs, targets)
    right = jnp.sum(jnp.where(chosen, chances, 0), axis=-1)
    return jnp.where(known, -(1 - smoothing) * right - smoothing * jnp.mean(chances, axis=-1), jnp.nan)


def focal(outputs: Array, targets: Array, gamma: float = 2.0) -> Array:
    """−(1 − p_y)^γ log p_y: what is right already counts little; γ = 0 is `softmax_cross_entropy`.

    NaN for a label outside 0 … classes − 1. Lin et al. 2017, arXiv:1708.02002, of softmax instead of sigmoids.

    Args:
        outputs: The logits, (n, classes).
        targets: The classes, (n,), integers.
        gamma: γ ≥ 0.

    Returns:
        One error an example, (n,).

    Example:
        >>> focal(jnp.array([[0.0, 0.0], [9.0, 0.0]]), jnp.array([0, 0])).tolist()
        [0.173, 0.0]
    """
    checks.hyperparameter("gamma", gamma, ">= 0", schedule=False)
    chances, chosen, known = _chances(outputs, targets)
    log_p = jnp.sum(jnp.where(chosen, chances, 0), axis=-1)
    others = jnp.where(chosen, -jnp.inf, chances)
    log_rest = jax.nn.logsumexp(others, axis=-1)  # log(1 − p), exact also where p rounds to 1
    return jnp.where(known, -jnp.exp(gamma * log_rest) * log_p, jnp.nan)


def kl_divergence(outputs: Array, targets: Array) -> Array:
    """Σ q (log q − log p) of the softmax p of logits and probabilities q, both (n, classes); 0 log 0 is 0.

    Args:
        outputs: The logits, (n, classes).
        targets: The probabilities q, (n, classes), each row summing to 1, such as a teacher's.

    Returns:
        One error an example, (n,).

    Example:
        >>> kl_divergence(jnp.array([[0.0, 0.0]]), jnp.array([[1.0, 0.0]])).tolist()
        [0.693]
    """
    checks.same_shape("targets", targets, "the logits", jnp.shape(outputs))
    chances, wanted = jax.nn.log_softmax(outputs, axis=-1), targets.astype(outputs.dtype)
    return _each(jax.scipy.special.xlogy(wanted, wanted) - wanted * chances)


def cosine_distance(outputs: Array, targets: Array) -> Array:
    """1 − ŷ·y / (‖ŷ‖ ‖y‖) of vectors (n, d); 1, with a gradient of 0, where one of them is 0.

    Args:
        outputs: ŷ, (n, d).
        targets: y, (n, d).

    Returns:
        One error an example, (n,).

    Example:
        >>> cosine_distance(jnp.array([[2.0, 0.0], [0.0, 0.0]]), jnp.array([[1.0, 1.0], [1.0, 0.0]])).tolist()
        [0.292, 1.0]
    """
    checks.same_shape("targets", targets, "the outputs", jnp.shape(outputs))
    targets = targets.astype(outputs.dtype)
    squares = jnp.sum(outputs * outputs, axis=-1) * jnp.sum(targets * targets, axis=-1)
    known = squares > 0
    return 1 - jnp.where(known, jnp.sum(outputs * targets, axis=-1) / jnp.sqrt(jnp.where(known, squares, 1)), 0)


def sequence_cross_entropy(outputs: Array, targets: Array) -> Array:
    """The mean over a sequence's places of log Σ exp(u) − u_y; places labeled −1 are padding and count nothing.

    NaN for another label outside 0 … classes − 1; 0 for a sequence of padding.

    Args:
        outputs: The logits u, (n, length, classes).
        targets: The classes y, (n, length), integers.

    Returns:
        One error a sequence, (n,).

    Example:
        >>> sequence_cross_entropy(jnp.zeros((1, 3, 2)), jnp.array([[0, 1, -1]])).tolist()
        [0.693]
    """
    chances, chosen, known = _chances(outputs, targets)
    padding = targets == -1
    losses = jnp.where(known | padding, -jnp.sum(jnp.where(chosen, chances, 0), axis=-1), jnp.nan)
    count = jnp.sum(~padding, axis=-1).astype(outputs.dtype)
    return jnp.sum(losses, axis=-1) / jnp.maximum(count, 1)


def _difference(outputs: Array, targets: Array) -> Array:
    checks.same_shape("targets", targets, "the outputs", jnp.shape(outputs))
    return outputs - targets.astype(outputs.dtype)


def _each(errors: Array) -> Array:
    """Summed over the trailing axes, (n,)."""
    if errors.ndim == 0:
        raise checks.JgdValueError("outputs must have a leading axis of examples, (n, …), got shape ()")
    return errors.reshape(errors.shape[0], -1).sum(axis=1)


def _chances(outputs: Array, targets: Array) -> tuple[Array, Array, Array]:
    """-> (log p of each class, whether it is the label, whether the label is a class), classes along the last axis."""
    if jnp.ndim(outputs) < 2:
        raise checks.JgdValueError(f"logits must have shape (n, …, classes), got {jnp.shape(outputs)}")
    if not jnp.issubdtype(targets.dtype, jnp.integer):
        raise checks.JgdTypeError(f"targets must be integer class labels, got dtype {targets.dtype}")
    checks.same_shape("targets", targets, "one label a row of the logits", jnp.shape(outputs)[:-1])
    labels, classes = targets.astype(jnp.int32), outputs.shape[-1]
    places = jnp.arange(classes, dtype=jnp.int32).reshape((1,) * labels.ndim + (classes,))
    return jax.nn.log_softmax(outputs, axis=-1), labels[..., None] == places, (labels >= 0) & (labels < classes)


BY_NAME: dict[str, Callable[[Array, Array], Array]] = {
    "huber": huber,
    "log_cosh": log_cosh,
    "hinge": hinge,
    "poisson_nll": poisson_nll,
    "smoothed_cross_entropy": smoothed_cross_entropy,
    "focal": focal,
    "kl_divergence": kl_divergence,
    "cosine_distance": cosine_distance,
    "sequence_cross_entropy": sequence_cross_entropy,
}
