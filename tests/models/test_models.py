"""Models and where their weights start: L1, L2, L15, I1 to I4, and inputs of other dtypes."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jgd
from jgd.models import MLP, Adaline, GlorotUniform, Linear, Logistic, Normal, Softmax, Zeros, with_ones

KEY = jax.random.key(0, impl="threefry2x32")
MODELS = {
    "linear": (Linear(4), (5,)),
    "adaline": (Adaline(4), (5,)),
    "logistic": (Logistic(4), (5,)),
    "softmax": (Softmax(4, 3), (5, 3)),
    "mlp": (MLP((4, 6, 3)), (5, 3)),
}


def test_l1_forward(x64):
    assert Linear(1, bias=False).predict({"weights": jnp.ones(1)}, jnp.array([[4.0]])).tolist() == [4.0]


def test_l2_the_bias_is_a_folded_column_of_ones(x64):
    inputs = jax.random.normal(KEY, (6, 3))
    weights, bias = jnp.array([1.5, -2.0, 0.5]), jnp.array(0.3)
    apart = Linear(3).predict({"weights": weights, "bias": bias}, inputs)
    folded = Linear(4, bias=False).predict({"weights": jnp.append(weights, bias)}, with_ones(inputs))
    np.testing.assert_allclose(folded, apart, rtol=1e-14)


@pytest.mark.parametrize(("model", "shape"), MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_outputs_have_the_dtype_of_the_weights(model, shape, dtype):
    params = model.init(KEY, dtype)
    assert {leaf.dtype for leaf in jax.tree.leaves(params)} == {jnp.dtype(dtype)}
    outputs = model.predict(params, jnp.ones((5, 4), jnp.float32))
    assert (outputs.shape, outputs.dtype) == (shape, jnp.dtype(dtype))


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, bool])
def test_whole_numbers_are_cast_not_computed_with(dtype):
    """In uint8, 200 · 2 would be 144."""
    inputs = np.array([[200, 100]]).astype(dtype)
    params = {"weights": jnp.array([2.0, -0.5], jnp.float32)}
    got = Linear(2, bias=False).predict(params, inputs)
    np.testing.assert_allclose(got, inputs.astype(np.float64) @ [2.0, -0.5])


def test_l15_adaline_is_linear_regression_read_with_a_threshold():
    labels = np.array([0.0, 0.0, 1.0, 1.0], np.float32)
    inputs = np.array([[-2.0], [-1.0], [1.0], [3.0]], np.float32)
    runs = {}
    for model in (Adaline(1), Linear(1)):
        loss = jgd.SupervisedLoss(model, "squared_error")
        run = jgd.train(loss, jgd.optimizers.sgd(0.1), model.init(KEY), (inputs, labels), steps=50)
        runs[type(model)] = run.params
    chex.assert_trees_all_equal(*runs.values())
    assert Adaline(1).classify(runs[Adaline], inputs).tolist() == labels.tolist()
    signs = jgd.SupervisedLoss(Adaline(1, labels=(-1, 1)), "squared_error")
    run = jgd.train(signs, jgd.optimizers.sgd(0.1), runs[Linear], (inputs, 2 * labels - 1), steps=50)
    assert run.predict(inputs).tolist() == [-1, -1, 1, 1]
    with pytest.raises(jgd.JgdError, match=r"labels must be \(0, 1\) or \(-1, 1\)"):
        Adaline(1, labels=(1, 2))


def test_i1_zeros():
    assert not Zeros()(KEY, (3, 2)).any()
    params = MLP((4, 6, 3)).init(KEY)
    assert not any(layer["bias"].any() for layer in params)
    assert all(layer["weights"].any() for layer in params)


@pytest.mark.parametrize(("initializer", "variance"), [(Normal(std=1.0), 1.0), (Normal(variance=0.1), 0.1)])
def test_i2_normal(initializer, variance):
    n = 100_000
    draws = np.asarray(initializer(KEY, (n,)), np.float64)
    assert abs(draws.mean()) < 4 * np.sqrt(variance / n)
    assert abs(draws.var() - variance) < 4 * variance * np.sqrt(2 / n)


def test_a6_a_variance_is_no_standard_deviation():
    np.testing.assert_allclose(Normal(variance=0.1).std, 0.31622776601683794, rtol=1e-15)
    for given, words in (((0.1,), {}), ((), {}), ((), {"std": 1.0, "variance": 1.0})):
        with pytest.raises(jgd.JgdError, match="std"):
            Normal(*given, **words)


@pytest.mark.slow
def test_i3_glorot_uniform():
    bound = 0.8660254037844386
    draws = np.stack([GlorotUniform()(key, (3, 5)) for key in jax.random.split(KEY, 200)])
    assert abs(draws).max() <= np.float32(bound)
    assert abs(draws).max() > 0.99 * bound
    assert abs(draws.var() - 0.25) < 0.02


@pytest.mark.parametrize(("initializer", "stay_equal"), [(Zeros(), True), (GlorotUniform(), False)])
def test_i4_units_that_start_equal_stay_equal(initializer, stay_equal):
    model = MLP((2, 3, 1), activation="sigmoid", initializer=initializer)
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(8, 2)).astype(np.float32), rng.normal(size=(8, 1)).astype(np.float32)
    loss = jgd.SupervisedLoss(model, "squared_error")
    run = jgd.train(loss, jgd.optimizers.sgd(0.5), model.init(KEY), rows, steps=20)
    hidden = np.asarray(run.params[0]["weights"])
    assert hidden.any()
    assert (np.ptp(hidden, axis=1) == 0).all() == stay_equal


def test_another_key_is_another_start():
    start = lambda seed: MLP((4, 6, 3)).init(jax.random.key(seed, impl="threefry2x32"))[0]["weights"]
    np.testing.assert_array_equal(start(0), start(0))
    assert (np.asarray(start(0)) != np.asarray(start(1))).any()


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
def test_the_mlp_is_its_formula(activation, x64):
    phi = {"relu": lambda z: np.maximum(z, 0), "tanh": np.tanh, "sigmoid": lambda z: 1 / (1 + np.exp(-z))}[activation]
    model = MLP((4, 6, 3), activation)
    params = jax.tree.map(lambda leaf: leaf + 0.1, model.init(KEY, "float64"))
    inputs = np.linspace(-1, 1, 20).reshape(5, 4)
    first, last = jax.tree.map(np.asarray, params)
    want = phi(inputs @ first["weights"] + first["bias"]) @ last["weights"] + last["bias"]
    np.testing.assert_allclose(model.predict(params, jnp.asarray(inputs)), want, rtol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["softmax", "mlp"])
def test_classify_is_the_largest_logit(name):
    model, _ = MODELS[name]
    params = jax.tree.map(lambda leaf: leaf + jax.random.normal(KEY, leaf.shape, leaf.dtype), model.init(KEY))
    inputs = jax.random.normal(KEY, (5, 4))
    assert model.classify(params, inputs).tolist() == np.argmax(model.predict(params, inputs), axis=1).tolist()
