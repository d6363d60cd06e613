"""Losses: the lectures' numbers (L1 to L15), stability far out, and shapes that must not broadcast."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import log_softmax

import jgd
from jgd.losses import gaussian_nll, logistic_nll, softmax_cross_entropy, squared_error
from jgd.models import Linear, Logistic

# the lectures' three rows, and weights to judge there
X = np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.5]])
Y = np.array([1.0, 0.0, 1.0])
W = {"weights": np.array([0.1, -0.2])}
REDUCTIONS = {
    "sum": (3.0425, [-0.65, -7.25]),
    "mean": (3.0425 / 3, [-0.65 / 3, -7.25 / 3]),
    "half_mean": (3.0425 / 6, [-0.65 / 6, -7.25 / 6]),
}


def squared(reduction="mean", features=2):
    return jgd.SupervisedLoss(Linear(features, bias=False), "squared_error", reduction)


def value_and_grad(loss, params=W, rows=(X, Y)):
    params, rows = jax.tree.map(jnp.asarray, (params, rows))
    value, grads = jax.value_and_grad(loss)(params, rows)
    return float(value), np.asarray(grads["weights"])


@pytest.mark.parametrize(("reduction", "want"), REDUCTIONS.items(), ids=REDUCTIONS)
def test_l3_l4_l5_the_three_scalings(reduction, want, x64):
    value, grads = value_and_grad(squared(reduction))
    np.testing.assert_allclose(value, want[0], rtol=1e-14)
    np.testing.assert_allclose(grads, want[1], rtol=1e-13)


def test_every_reduction_is_tabled():
    assert set(REDUCTIONS) == set(jgd.losses.reductions)


@pytest.mark.parametrize(("reduction", "grows"), [("sum", 4), ("mean", 1), ("half_mean", 1)])
def test_l6_averages_dont_grow_with_the_rows(reduction, grows, x64):
    _, once = value_and_grad(squared(reduction))
    _, repeated = value_and_grad(squared(reduction), rows=(np.tile(X, (4, 1)), np.tile(Y, 4)))
    np.testing.assert_allclose(repeated, grows * once, rtol=1e-14)


def test_l6_learning_rates_that_make_the_same_step(x64):
    rates = {"sum": 0.01 / 3, "mean": 0.01, "half_mean": 0.02}
    steps = [rate * value_and_grad(squared(reduction))[1] for reduction, rate in rates.items()]
    np.testing.assert_allclose(steps[1:], [steps[0], steps[0]], rtol=1e-14)


def test_l7_l8_one_error_an_example_and_outliers_weigh_their_square(x64):
    loss = squared("sum")
    each = loss.per_example(jax.tree.map(jnp.asarray, W), (jnp.asarray(X), jnp.asarray(Y)))
    np.testing.assert_allclose(each, (X @ W["weights"] - Y) ** 2, rtol=1e-14)
    np.testing.assert_allclose(each.sum(), 3.0425, rtol=1e-14)
    far, slope = jax.value_and_grad(lambda y: squared_error(jnp.zeros(1), y)[0])(jnp.array([7.0]))
    assert (float(far), float(slope[0])) == (49.0, 14.0)


def test_l10_sigmoid_with_squared_error(x64):
    """A loss of one's own is a function: here the lectures' sigmoid with a squared error."""
    value, grads = value_and_grad(lambda p, rows: jnp.sum((jax.nn.sigmoid(rows[0] @ p["weights"]) - rows[1]) ** 2))
    np.testing.assert_allclose(value, 0.9800934055242669, rtol=1e-14)
    np.testing.assert_allclose(grads, [0.4687827207586689, -0.9823138031033141], rtol=1e-13)


@pytest.mark.slow
def test_l11_logistic_nll(x64):
    loss = jgd.SupervisedLoss(Logistic(3, bias=False), "logistic_nll")
    value, grads = value_and_grad(
        loss, {"weights": np.array([0.5, -0.25, 1.0])}, (np.array([[2.0, 4.0, -1.0]]), np.array([1]))
    )
    np.testing.assert_allclose(value, 1.3132616875182228, rtol=1e-14)
    np.testing.assert_allclose(grads, [-1.46211715726, -2.92423431452, 0.731058578630], rtol=1e-11)


@pytest.mark.parametrize(
    ("logit", "label", "loss", "slope"),
    [
        (-200.0, 1, 200.0, -1.0),
        (200.0, 0, 200.0, 1.0),
        (200.0, 1, 0.0, 0.0),
        (-1000.0, 0, 0.0, 0.0),
        (0.0, 1, np.log(2), -0.5),
    ],
)
def test_l13_stable_far_out(logit, label, loss, slope):
    value, grad = jax.value_and_grad(lambda u: logistic_nll(u, jnp.array([label]))[0])(jnp.array([logit], jnp.float32))
    np.testing.assert_allclose([value, grad[0]], [loss, slope], rtol=1e-6, atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("size", [1.0, 1e4], ids=["near", "far out"])
def test_softmax_cross_entropy_is_scipys(size, x64):
    rng = np.random.default_rng(0)
    logits, labels = size * rng.normal(size=(6, 4)), rng.integers(0, 4, 6)
    mine = lambda u: softmax_cross_entropy(u, jnp.asarray(labels))
    np.testing.assert_allclose(mine(jnp.asarray(logits)), -log_softmax(logits, axis=1)[range(6), labels], rtol=1e-12)
    slope = jax.grad(lambda u: mine(u).sum())(jnp.asarray(logits))
    want = np.exp(log_softmax(logits, axis=1)) - np.eye(4)[labels]
    np.testing.assert_allclose(slope, want, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("error", "outputs", "targets", "said"),
    [
        (squared_error, (3,), (3, 1), r"\(3, 1\)"),
        (squared_error, (), (), r"leading axis of examples, \(n, …\), got shape \(\)"),
        (squared_error, (3, 1), (3,), r"\(3,\)"),
        (logistic_nll, (3,), (3, 1), r"\(3, 1\)"),
        (logistic_nll, (3, 2), (3,), r"\(3,\)"),
        (softmax_cross_entropy, (3, 2), (3, 1), r"\(3, 1\)"),
        (softmax_cross_entropy, (3, 2), (4,), r"\(4,\)"),
        (softmax_cross_entropy, (3,), (3,), r"\(n, classes\)"),
    ],
)
def test_shapes_that_would_broadcast_are_refused(error, outputs, targets, said):
    with pytest.raises(jgd.JgdError, match=said) as refused:
        error(jnp.zeros(outputs), jnp.zeros(targets, jnp.int32))
    assert isinstance(refused.value, ValueError)


def test_labels_of_classes_must_be_integers():
    with pytest.raises(jgd.JgdError, match="integer class labels, got dtype float32") as refused:
        softmax_cross_entropy(jnp.zeros((3, 2)), jnp.zeros(3, jnp.float32))
    assert isinstance(refused.value, TypeError)


@pytest.mark.parametrize("labels", [[0, 3], [-1, 0]])
def test_a_label_out_of_range_is_no_free_loss(labels):
    found = softmax_cross_entropy(jnp.zeros((2, 3), jnp.float32), jnp.array(labels, jnp.int32))
    assert np.isnan(found).tolist() == [not 0 <= label < 3 for label in labels]
    assert np.isnan(logistic_nll(jnp.zeros(2, jnp.float32), jnp.array([-1, 1], jnp.int32))).tolist() == [
        True,
        False,
    ]


def test_weights_count_each_example(x64):
    model, params = jgd.models.Linear(1, bias=False), {"weights": jnp.ones(1)}
    inputs, targets = jnp.array([[1.0], [2.0], [3.0]]), jnp.array([2.0, 4.0, 6.0])
    weights = jnp.array([1.0, 0.0, 3.0])
    for reduction, want in (("sum", 28.0), ("mean", 7.0), ("half_mean", 3.5)):
        loss = jgd.SupervisedLoss(model, "squared_error", reduction)
        np.testing.assert_allclose(loss(params, (inputs, targets, weights)), want)
    mean = jgd.SupervisedLoss(model, "squared_error")
    even = mean(params, (inputs, targets, jnp.full(3, 7.0)))
    np.testing.assert_allclose(even, mean(params, (inputs, targets)))  # equal weights change nothing
    assert float(mean(params, (inputs, targets, jnp.zeros(3)))) == 0
    bad = targets.at[1].set(jnp.nan)
    np.testing.assert_allclose(mean(params, (inputs, bad, weights)), 7.0)  # a NaN of weight 0 is no part of it
    half = jnp.full(1024, 100, jnp.float16)  # whose sum of squares is beyond the type
    assert mean({"weights": jnp.ones(1, jnp.float16)}, (half[:, None], 0 * half, jnp.ones(1024))) == 100**2
    assert mean.row_share((inputs[:1], {"any": targets[:1]}), (inputs, {"any": targets})) == jnp.asarray(1 / 3)
    with pytest.raises(jgd.JgdError, match="weights"):
        mean(params, (inputs, targets, weights[:, None]))


def test_l14_likelihood_and_squared_error_have_one_minimum():
    x, y = np.array([1.0, 2.0, 3.0]), np.array([2.1, 3.8, 6.3])
    for std in (0.5, 2.0):
        mine = gaussian_nll(jnp.asarray(1.5 * x), jnp.asarray(y), std)
        density = np.exp(-((y - 1.5 * x) ** 2) / (2 * std**2)) / (std * np.sqrt(2 * np.pi))
        np.testing.assert_allclose(mine, -np.log(density), rtol=1e-5)
        np.testing.assert_allclose(mine.sum(), -np.log(density.prod()), rtol=1e-5)
        slope = jax.grad(lambda w, std=std: gaussian_nll(w * x, jnp.asarray(y), std).sum())
        assert abs(slope(jnp.float32(x @ y / (x @ x)))) < 1e-4 < abs(slope(jnp.float32(2.1)))  # least squares
    pairs = gaussian_nll(jnp.ones((3, 2)), jnp.zeros((3, 2)))
    np.testing.assert_allclose(pairs, np.full(3, 2 * (0.5 + 0.5 * np.log(2 * np.pi))), rtol=1e-6)
    with pytest.raises(jgd.JgdError, match="std must be a finite number > 0"):
        gaussian_nll(jnp.ones(3), jnp.ones(3), 0.0)
