"""Layer 1: errors of outputs that are more than one answer an example; `jgd.losses.errors` has them by name too.

Their numbers have defaults; for others give `functools.partial(triplet, margin=0.5)` to a `SupervisedLoss`, made once.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks

IMPOSSIBLE = -1e5  # a logarithm of 0 whose differences are still numbers, as optax has it


def ctc(outputs: Array, targets: Array) -> Array:
    """−log of the chance that a sequence of classes, repeats merged and blanks (class 0) left out, reads as the labels.

    Connectionist temporal classification: Graves et al. 2006, 10.1145/1143844.1143891, equations 5 to 8; `optax.ctc_loss`
    with no padding of the logits. Labels that are too many for the places give 1e5 or more; NaN for a label outside
    1 … classes − 1 that is not −1, and for one after a −1.

    Args:
        outputs: The logits, (n, places, classes), of which class 0 is the blank.
        targets: The labels, (n, length), integers from 1 on; those of −1 are padding, at the end.

    Returns:
        One error a sequence, (n,).

    Raises:
        JgdValueError: For outputs or targets of another shape.
        JgdTypeError: For targets that are no integers.

    Example:
        >>> ctc(jnp.zeros((1, 2, 2)), jnp.array([[1]])).tolist()  # 1 1, 1 blank, blank 1: three of four
        [0.287]
    """
    if jnp.ndim(outputs) != 3:
        raise checks.JgdValueError(f"logits must have shape (n, places, classes), got {jnp.shape(outputs)}")
    if not jnp.issubdtype(targets.dtype, jnp.integer):
        raise checks.JgdTypeError(f"targets must be integer class labels, got dtype {targets.dtype}")
    checks.same_shape("targets", targets, "labels (n, length)", (outputs.shape[0], *jnp.shape(targets)[1:2]))
    labels, classes = targets.astype(jnp.int32), outputs.shape[2]
    counts = jnp.sum(labels >= 0, axis=1)
    inside = jnp.arange(labels.shape[1])[None, :] < counts[:, None]
    known = jnp.where(inside, (labels > 0) & (labels < classes), labels == -1).all(axis=1)
    states = jnp.zeros((labels.shape[0], 2 * labels.shape[1] + 1), jnp.int32).at[:, 1::2].set(jnp.maximum(labels, 0))
    chosen = jax.nn.one_hot(states, classes, dtype=outputs.dtype)
    emitted = jnp.einsum("ntc,nsc->tns", jax.nn.log_softmax(outputs, axis=-1), chosen)
    before = jnp.pad(states, ((0, 0), (2, 0)), constant_values=-1)[:, :-2]
    skips = (states > 0) & (states != before)  # the blank between two labels that differ may be left out
    start = jnp.arange(states.shape[1])[None, :] < 2
    alphas, _ = jax.lax.scan(
        lambda alphas, one: (_moved(alphas, skips) + one, None),
        jnp.where(start, emitted[0], IMPOSSIBLE),
        emitted[1:],
    )
    ends = jnp.arange(states.shape[1])[None, :] - 2 * counts[:, None]
    reached = jnp.where((ends == 0) | (ends == -1), alphas, IMPOSSIBLE)
    return jnp.where(known, -jax.nn.logsumexp(reached, axis=1), jnp.nan)


def _moved(alphas: Array, skips: Array) -> Array:
    """Log chances of the states one place on: of those that stay, move by one state, or by two where they may."""
    back = lambda by: jnp.pad(alphas, ((0, 0), (by, 0)), constant_values=IMPOSSIBLE)[:, : alphas.shape[1]]
    return jnp.logaddexp(jnp.logaddexp(alphas, back(1)), jnp.where(skips, back(2), IMPOSSIBLE))


def triplet(outputs: Array, targets: Array, margin: float = 0.2) -> Array:
    """max(0, ‖a − p‖² − ‖a − n‖² + margin) of an anchor, one like it and one unlike it, each scaled to length 1.

    Schroff et al. 2015 (FaceNet), arXiv:1503.03832, equation 3, of triplets that the rows name. A zero vector stays 0.

    Args:
        outputs: The vectors a, p and n, (n, 3, d).
        targets: (n, …): triplets need none, so that anything with a row an example will do.
        margin: ≥ 0. Default: 0.2, the paper's.

    Returns:
        One error a triplet, (n,).

    Raises:
        JgdValueError: For outputs of another shape, or targets of other rows.

    Example:
        >>> vectors = jnp.array([[[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]])
        >>> triplet(vectors, jnp.zeros(2)).tolist()
        [0.0, 2.2]
    """
    checks.hyperparameter("margin", margin, ">= 0", schedule=False)
    if jnp.ndim(outputs) != 3 or outputs.shape[1] != 3:
        raise checks.JgdValueError(f"outputs must be triplets of vectors, (n, 3, d), got shape {jnp.shape(outputs)}")
    checks.same_shape("targets", targets, "a row a triplet", (outputs.shape[0], *jnp.shape(targets)[1:]))
    squares = jnp.sum(jnp.square(outputs), axis=-1, keepdims=True)
    unit = jnp.where(squares > 0, outputs * jax.lax.rsqrt(jnp.where(squares > 0, squares, 1)), 0)
    anchor, like, unlike = (unit[:, i] for i in range(3))
    return jax.nn.relu(jnp.sum(jnp.square(anchor - like) - jnp.square(anchor - unlike), axis=-1) + margin)


BY_NAME: dict[str, Callable[[Array, Array], Array]] = {"ctc": ctc, "triplet": triplet}
