"""Closed forms equal the automatic gradient, and the lectures' golden numbers; attached, training uses them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jgd
from jgd.gradients.custom_gradient import with_custom_gradient
from jgd.models import MLP, Adaline, Linear, Logistic, Softmax
from jgd.teaching import closed_forms

LECTURE = (np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.5]]), np.array([1.0, 0.0, 1.0]))
WEIGHTS = {"weights": np.array([0.1, -0.2])}


@pytest.fixture(autouse=True)
def double(x64):
    return None


def model_for(name: str, features: int, bias: bool = True, activation: str = "tanh"):
    kind = closed_forms.registry[name][0]
    if kind is MLP:
        return MLP((features, 5, 4, 3), activation)
    return Softmax(features, 3, bias) if kind is Softmax else kind(features, bias)


def problem(name: str, seed: int, rows: int, features: int, bias: bool = True, activation: str = "tanh"):
    """-> (model, params, batch), everything random, float64."""
    rng = np.random.default_rng(seed)
    model = model_for(name, features, bias, activation)
    shapes = jax.eval_shape(lambda: model.init(jax.random.key(0), jnp.float64))
    params = jax.tree.map(lambda leaf: rng.standard_normal(leaf.shape), shapes)
    values = {
        "softmax_cross_entropy": lambda: rng.integers(0, 3, rows).astype(np.int32),
        "logistic_nll": lambda: rng.integers(0, 2, rows).astype(np.float64),
        "squared_error": lambda: rng.standard_normal((rows, 3) if isinstance(model, MLP) else rows),
    }[closed_forms.registry[name][1]]()
    return model, jax.tree.map(jnp.asarray, params), (rng.standard_normal((rows, features)), values)


def assert_equal(got, want, relative=1e-12):
    """Leaf by leaf, relative to its norm and a hundredth of the whole: a leaf may be a difference of large terms."""
    whole = np.sqrt(sum(np.sum(np.square(leaf)) for leaf in jax.tree.leaves(want)))
    assert jax.tree.structure(got) == jax.tree.structure(want)
    for a, b in zip(jax.tree.leaves(got), jax.tree.leaves(want), strict=True):
        assert a.shape == b.shape
        assert a.dtype == b.dtype
        assert np.linalg.norm(a - b) <= relative * (np.linalg.norm(b) + whole / 100) + 1e-15


@pytest.mark.slow
@pytest.mark.parametrize("name", closed_forms.registry)
@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.sampled_from([(1, 3), (7, 1), (7, 3)]),  # few: each compiles anew
    bias=st.booleans(),
    activation=st.sampled_from(["relu", "tanh", "sigmoid"]),
)
def test_automatic_equals_derived(name, seed, shape, bias, activation):
    model, params, batch = problem(name, seed, *shape, bias, activation)
    loss, gradient = closed_forms.get(name, model)
    automatic = jax.grad(loss)(params, batch)
    assert_equal(gradient(params, batch), automatic)


@pytest.mark.parametrize(
    ("name", "golden"),
    [
        ("linear_sse", [-0.65, -7.25]),
        ("linear_mse", [-0.65 / 3, -7.25 / 3]),
        ("linear_half_mse", [-0.65 / 6, -7.25 / 6]),
        ("sigmoid_sse", [0.4687827207586689, -0.9823138031033141]),
    ],
)
def test_golden(name, golden):
    loss, gradient = closed_forms.get(name, model_for(name, 2, bias=False))
    np.testing.assert_allclose(gradient(WEIGHTS, LECTURE)["weights"], golden, rtol=1e-14)
    value = {"linear_sse": 3.0425, "sigmoid_sse": 0.9800934055242669}.get(name)
    if value is not None:
        assert float(loss(jax.tree.map(jnp.asarray, WEIGHTS), LECTURE)) == pytest.approx(value, rel=1e-14)


def test_duplicated_data_scales_only_the_sum():
    twice = (np.tile(LECTURE[0], (4, 1)), np.tile(LECTURE[1], 4))
    for gradient, factor in (
        (closed_forms.linear_sse, 4),
        (closed_forms.linear_mse, 1),
        (closed_forms.linear_half_mse, 1),
    ):
        once = np.asarray(gradient(WEIGHTS, LECTURE)["weights"])
        np.testing.assert_allclose(gradient(WEIGHTS, twice)["weights"], factor * once, rtol=1e-13)


def test_adaline_trains_as_linear_regression_on_labels():
    _, params, batch = problem("adaline", 3, 9, 2)
    assert_equal(closed_forms.adaline(params, batch), closed_forms.linear_half_mse(params, batch), 0.0)
    assert isinstance(closed_forms.get("adaline", Adaline(2)).loss.model, Adaline)


@pytest.mark.slow
def test_two_softmax_classes_are_the_logistic_form():
    _, params, (inputs, labels) = problem("logistic_nll", 5, 8, 3)
    two = {k: jnp.stack([jnp.zeros_like(v), v], axis=-1) for k, v in params.items()}
    got = closed_forms.softmax_cross_entropy(two, (inputs, labels.astype(np.int32)))
    assert_equal({k: v[..., 1] for k, v in got.items()}, closed_forms.logistic_nll(params, (inputs, labels)))


@pytest.mark.slow
def test_a_gradient_keeps_the_parameters_dtype():
    _, params, batch = problem("mlp_cross_entropy", 1, 4, 2)
    params = jax.tree.map(lambda p: p.astype(jnp.float32), params)
    gradient = closed_forms.get("mlp_cross_entropy", model_for("mlp_cross_entropy", 2)).gradient
    assert {g.dtype for g in jax.tree.leaves(gradient(params, batch))} == {np.dtype("float32")}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["linear_mse", "mlp_cross_entropy"])
def test_training_uses_the_attached_gradient(name):
    model, params, batch = problem(name, 7, 8, 3)
    loss, gradient = closed_forms.get(name, model)
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        plain = jgd.train(loss, jgd.optimizers.sgd(0.05), params, batch, steps=20)
        attached = jgd.train(with_custom_gradient(loss, gradient), jgd.optimizers.sgd(0.05), params, batch, steps=20)
        planted = with_custom_gradient(loss, lambda p, b: jax.tree.map(lambda g: 2 * g, gradient(p, b)))
        doubled = jgd.train(planted, jgd.optimizers.sgd(0.025), params, batch, steps=20)
    assert_equal(attached.params, plain.params, 1e-11)
    assert_equal(doubled.params, plain.params, 1e-11)  # twice the gradient at half the rate: the attached one was used
    assert attached.status == "max_steps"


@pytest.mark.slow
def test_attached_gradients_go_through_searches_curvature_and_jit():
    loss = with_custom_gradient(lambda w, batch: jnp.sum(w**2 * batch), lambda w, batch: 2 * w * batch)
    w, batch, v = jnp.array([1.0, 2.0]), jnp.array([3.0, 4.0]), jnp.array([1.0, 0.0])
    optimizer = jgd.optimizers.nesterov(0.1)  # takes the gradient at another point, through the loss
    with jax.numpy_dtype_promotion("standard"):
        jgd.step(loss, optimizer, jgd.start(optimizer, w), batch)
    np.testing.assert_allclose(jax.jit(jax.grad(loss))(w, batch), [6.0, 16.0])
    np.testing.assert_allclose(jax.jvp(lambda w: jax.grad(loss)(w, batch), (w,), (v,))[1], [6.0, 0.0])
    np.testing.assert_allclose(jax.grad(loss, argnums=1)(w, batch), [1.0, 4.0])  # by the batch: automatic
    assert float(jax.grad(lambda s: 3 * loss(s * w, batch))(jnp.array(1.0))) == pytest.approx(114.0)


@jgd.record
class Ridge:
    """Squared error with a penalty on the weights; its numbers are leaves, the model's too."""

    model: Linear
    penalty: float

    def __call__(self, params, batch):
        fit = jgd.SupervisedLoss(self.model, "squared_error")(params, batch)
        return fit + self.penalty * jnp.sum(params["weights"] ** 2)


@jgd.record
class RidgeGradient:
    model: Linear
    penalty: float

    def __call__(self, params, batch):
        slopes = closed_forms.linear_mse(params, batch)
        return {**slopes, "weights": slopes["weights"] + 2 * self.penalty * params["weights"]}


@pytest.mark.slow
def test_records_with_numbers_attach_and_are_batched():
    _, params, batch = problem("linear_mse", 2, 7, 3)
    model = Linear(3, initializer=jgd.models.Normal(std=1))  # a whole number among the leaves
    loss, gradient = Ridge(model, 0.05), RidgeGradient(model, 0.05)
    attached = with_custom_gradient(loss, gradient)
    assert_equal(jax.grad(attached)(params, batch), jax.grad(loss)(params, batch))
    by_penalty = jax.grad(lambda penalty: with_custom_gradient(Ridge(model, penalty), gradient)(params, batch))
    assert float(by_penalty(0.05)) == pytest.approx(float(jnp.sum(params["weights"] ** 2)), rel=1e-12)
    three = jax.tree.map(lambda p: jnp.stack([p, 2 * p, -p]), params)
    rows = jax.vmap(jax.grad(attached), in_axes=(0, None))(three, batch)
    assert_equal(jax.tree.map(lambda leaf: leaf[0], rows), jax.grad(loss)(params, batch))


def test_bad_input_is_named():
    with pytest.raises(jgd.JgdError, match="did you mean 'linear_mse'"):
        closed_forms.get("linear_mes", Linear(1))
    with pytest.raises(jgd.JgdError, match="needs a Linear model"):
        closed_forms.get("linear_mse", Logistic(1))
    with pytest.raises(jgd.JgdError, match="gradient must be callable"):
        with_custom_gradient(lambda w, b: w, None)
    with pytest.raises(jgd.JgdError, match="misses the leaf"):
        jax.grad(with_custom_gradient(lambda p, b: jnp.sum(p["a"]), lambda p, b: {}))({"a": jnp.ones(2)}, None)
    with pytest.raises(jgd.JgdError, match="targets must have the shape"):
        closed_forms.linear_mse(WEIGHTS, (LECTURE[0], LECTURE[1][:, None]))
