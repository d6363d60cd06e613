"""Errors beyond the lectures': beside their formulas in float64, at their limits, and for labels that are none."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import log_softmax, rel_entr

import jgd
from jgd import error_functions as losses

RNG = np.random.default_rng(0)
U, V = RNG.normal(0, 2, (2, 7)).astype(np.float32)
LOGITS, OTHERS = RNG.normal(0, 2, (2, 7, 4)).astype(np.float32)
LABELS, SIGNS = RNG.integers(0, 4, 7), RNG.integers(0, 2, 7)
ONE_HOT = np.eye(4, dtype=np.float32)[LABELS]
CHANCES = np.asarray(jax.nn.softmax(OTHERS))


def picked(chances, labels):
    return np.take_along_axis(chances, labels[..., None], axis=-1)[..., 0]


def huber_by_hand(u, v, delta=1.0):
    e = np.abs(u - v)
    return np.where(e <= delta, e**2 / 2, delta * (e - delta / 2))


def smoothed_by_hand(u, y, smoothing=0.1):
    return -(((1 - smoothing) * np.eye(4)[y] + smoothing / 4) * log_softmax(u, axis=1)).sum(axis=1)


def focal_by_hand(u, y, gamma=2.0):
    p = np.exp(picked(log_softmax(u, axis=1), y))
    return -((1 - p) ** gamma) * np.log(p)


def by_places(u, y):
    each = -picked(log_softmax(u, axis=2), np.maximum(y, 0)) * (y >= 0)
    return each.sum(axis=1) / (y >= 0).sum(axis=1)


def cosine_by_hand(u, v):
    return 1 - (u * v).sum(axis=1) / np.linalg.norm(u, axis=1) / np.linalg.norm(v, axis=1)


PADDED = np.where(np.arange(7)[None, :] < 5, LABELS[None, :], -1)
ROWS = {
    "huber": (losses.huber, (U, V), huber_by_hand),
    "huber, narrow": (partial(losses.huber, delta=0.3), (U, V), partial(huber_by_hand, delta=0.3)),
    "log_cosh": (losses.log_cosh, (U, V), lambda u, v: np.log(np.cosh(u - v))),
    "hinge": (losses.hinge, (U, SIGNS), lambda u, y: np.maximum(0, 1 - (2 * y - 1) * u)),
    "poisson_nll": (losses.poisson_nll, (U, SIGNS), lambda u, y: np.exp(u) - y * u),
    "smoothed": (losses.smoothed_cross_entropy, (LOGITS, LABELS), smoothed_by_hand),
    "not smoothed": (
        partial(losses.smoothed_cross_entropy, smoothing=0.0),
        (LOGITS, LABELS),
        partial(smoothed_by_hand, smoothing=0.0),
    ),
    "focal": (losses.focal, (LOGITS, LABELS), focal_by_hand),
    "focal, flat": (partial(losses.focal, gamma=0.0), (LOGITS, LABELS), partial(focal_by_hand, gamma=0.0)),
    "kl": (losses.kl_divergence, (LOGITS, CHANCES), lambda u, q: rel_entr(q, np.exp(log_softmax(u, axis=1))).sum(1)),
    "kl of labels": (losses.kl_divergence, (LOGITS, ONE_HOT), lambda u, q: -picked(log_softmax(u, axis=1), LABELS)),
    "cosine": (losses.cosine_distance, (LOGITS, OTHERS), cosine_by_hand),
    "sequence": (losses.sequence_cross_entropy, (LOGITS[None], PADDED), by_places),
}


@pytest.mark.parametrize(("ours", "given", "theirs"), ROWS.values(), ids=ROWS)
def test_values_and_gradients(ours, given, theirs):
    outputs, targets = map(jnp.asarray, given)
    want = theirs(given[0].astype(np.float64), given[1])
    np.testing.assert_allclose(ours(outputs, targets), want, rtol=2e-5, atol=1e-6)
    slope = jax.grad(lambda u: jnp.sum(ours(u, targets)))(outputs)
    step = 1e-3 * jnp.asarray(RNG.normal(size=outputs.shape), outputs.dtype)
    rise = float(jnp.sum(ours(outputs + step, targets)) - jnp.sum(ours(outputs - step, targets)))
    assert float(2 * jnp.sum(slope * step)) == pytest.approx(rise, abs=2e-4)


@pytest.mark.slow
def test_far_out_all_is_finite_and_what_is_no_label_is_nan():
    far = jnp.array([1e4, -1e4])
    for error, targets in ((losses.huber, far * 0), (losses.log_cosh, far * 0), (losses.hinge, jnp.array([0, 1]))):
        value, slope = jax.value_and_grad(lambda u, error=error, y=targets: jnp.sum(error(u, y)))(far)
        assert np.isfinite(value)
        assert np.isfinite(slope).all()
    sure = jnp.array([[1e4, 0.0], [0.0, 1e4]])
    for error in (losses.focal, losses.smoothed_cross_entropy):
        value, slope = jax.value_and_grad(lambda u, error=error: jnp.sum(error(u, jnp.array([0, 0]))))(sure)
        assert np.isfinite(value)
        assert np.isfinite(slope).all()
        assert np.isnan(error(sure, jnp.array([2, -1]))).all()
    assert np.isnan(losses.hinge(far, jnp.array([-1, 2]))).all()
    zero = jax.grad(lambda u: jnp.sum(losses.cosine_distance(u, sure)))(jnp.zeros((2, 2)))
    assert not np.asarray(zero).any()
    padding = losses.sequence_cross_entropy(sure[None], jnp.array([[-1, -1]]))
    assert padding.tolist() == [0.0]
    assert np.isnan(losses.sequence_cross_entropy(sure[None], jnp.array([[-2, 0]]))).all()


@pytest.mark.parametrize("name", ["huber", "log_cosh", "poisson_nll", "hinge", "kl_divergence", "cosine_distance"])
def test_shapes_must_not_broadcast(name):
    with pytest.raises(jgd.JgdError, match="targets must"):
        jgd.losses.errors[name](jnp.ones((3, 2)), jnp.ones((3, 1)))


def test_a_table_takes_the_losses_that_suit_its_target():
    iris, diabetes = jgd.datasets.get("iris"), jgd.datasets.get("diabetes")
    assert jgd.tasks.of_table(iris, error="focal").loss.error == "focal"
    assert jgd.tasks.of_table(diabetes, error="huber").loss.error == "huber"
    with pytest.raises(jgd.JgdError, match="squared_error, huber, log_cosh"):
        jgd.tasks.of_table(diabetes, error="focal")
