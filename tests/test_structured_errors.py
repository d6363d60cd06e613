"""CTC beside the sum over all paths and optax; triplets beside their formula; what is refused."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import log_softmax

import jgd
from jgd.structured_errors import ctc, triplet

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(0, 2, (6, 5, 3)).astype(np.float32)
LABELS = np.array([[1, 2], [1, 1], [2, -1], [-1, -1], [2, 2], [2, 1]])


def over_all_paths(logits, labels):
    """−log Σ of the chances of all sequences of classes that read as the labels."""
    chances, total = np.exp(log_softmax(logits.astype(np.float64), axis=1)), 0.0
    for path in itertools.product(range(logits.shape[1]), repeat=len(logits)):
        read = [each for each, _ in itertools.groupby(path) if each]
        if read == [label for label in labels if label >= 0]:
            total += np.prod(chances[range(len(path)), path])
    return -np.log(total)


def test_ctc_is_the_sum_over_all_paths():
    values, grads = jax.jit(jax.vmap(jax.value_and_grad(lambda u, y: ctc(u[None], y[None])[0])))(LOGITS, LABELS)
    np.testing.assert_allclose(values, [over_all_paths(*row) for row in zip(LOGITS, LABELS, strict=True)], rtol=1e-5)
    assert np.isfinite(grads).all()
    np.testing.assert_allclose(grads.sum(-1), 0, atol=1e-5)  # of logits: a constant added to a place changes nothing
    assert jgd.losses.errors["ctc"] is ctc


@pytest.mark.slow
def test_ctc_is_optax_and_its_gradient_is_right():
    optax = pytest.importorskip("optax")
    padding = (LABELS < 0).astype(np.float32)
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        theirs = optax.ctc_loss(LOGITS, np.zeros((6, 5), np.float32), np.maximum(LABELS, 0), padding)
    np.testing.assert_allclose(ctc(jnp.asarray(LOGITS), LABELS), theirs, rtol=1e-5)
    loss = lambda params, rows: ctc(params, rows).mean()
    assert jgd.check_gradients(loss, jnp.asarray(LOGITS), LABELS).ok


def test_ctc_of_what_can_not_be():
    few = jax.jit(ctc)(jnp.asarray(LOGITS[:4, :2]), np.array([[1, 1], [3, 1], [-1, 1], [0, 1]]))
    assert few[0] > 9e4  # two ones need a blank between them: three places
    assert np.isnan(few[1:]).all()
    with pytest.raises(jgd.JgdError, match="places, classes"):
        ctc(jnp.zeros((2, 3)), LABELS)
    with pytest.raises(jgd.JgdError, match="integer"):
        ctc(jnp.zeros((6, 2, 3)), LABELS.astype(float))
    with pytest.raises(jgd.JgdError, match="targets"):
        ctc(jnp.zeros((2, 3, 3)), LABELS)


def test_triplets():
    vectors = RNG.normal(size=(5, 3, 4)).astype(np.float32)
    unit = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    square = lambda i: ((unit[:, 0] - unit[:, i]) ** 2).sum(-1)
    both = lambda v: (triplet(v, np.zeros(5), margin=0.5), jax.grad(lambda v: triplet(v, np.zeros(5)).sum())(v))
    value, _ = jax.jit(both)(vectors)
    np.testing.assert_allclose(value, np.maximum(0, square(1) - square(2) + 0.5), rtol=1e-5, atol=1e-6)
    _, slope = jax.jit(both)(np.zeros_like(vectors))
    assert np.isfinite(slope).all()
    with pytest.raises(jgd.JgdError, match="triplets of vectors"):
        triplet(jnp.zeros((5, 4)), np.zeros(5))
    with pytest.raises(jgd.JgdError, match="margin"):
        triplet(jnp.asarray(vectors), np.zeros(5), margin=-1.0)
