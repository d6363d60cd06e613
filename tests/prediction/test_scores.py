"""Metrics by name: what a compiled program evaluates is what scikit-learn computes."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest
from sklearn import metrics
from sklearn.utils.class_weight import compute_class_weight

import jgd
from jgd.models import Linear, Logistic, Softmax
from jgd.prediction import OF_CLASSES, OF_VALUES
from jgd.tasks import Score, class_weights

RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(60, 3)).astype(np.float32)
INPUTS[:, 0] = INPUTS[:, 0].round(1)  # the logistic model's scores, some of which are ties
TWO = (RNG.uniform(size=60) < 1 / (1 + np.exp(-2 * INPUTS[:, 0]))).astype(np.int32)
THREE = np.argmax(INPUTS + RNG.normal(0, 0.7, INPUTS.shape), axis=1).astype(np.int32)
UNIT = {"weights": jnp.array([1.0, 0.0, 0.0]), "bias": jnp.array(-0.23)}
MATRIX = {"weights": jnp.array([[0.0, 1.0], [0.5, 0.0], [0.3, 0.0]]), "bias": jnp.array([0.1, 0.0])}
THREEFOLD = {"weights": jnp.eye(3), "bias": jnp.zeros(3)}


def of_classes(name, true, chances, classes):
    guess = np.argmax(chances, axis=1)
    two = classes == 2
    return {
        "accuracy": lambda: metrics.accuracy_score(true, guess),
        "balanced_accuracy": lambda: metrics.balanced_accuracy_score(true, guess),
        "f1": lambda: metrics.f1_score(true, guess, average="binary" if two else "macro"),
        "roc_auc": lambda: metrics.roc_auc_score(true, chances[:, 1] if two else chances, multi_class="ovr"),
        "log_loss": lambda: metrics.log_loss(true, chances),
    }[name]()


def softmax(logits):
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", OF_CLASSES)
def test_metrics_of_classes(name):
    logits = np.asarray(Logistic(3).predict(UNIT, INPUTS), np.float64)
    cases = [
        (Logistic(3), UNIT, TWO, np.stack([np.zeros(60), logits], axis=1)),
        (Softmax(3, 2), MATRIX, TWO, np.asarray(Softmax(3, 2).predict(MATRIX, INPUTS), np.float64)),
        (Softmax(3, 3), THREEFOLD, THREE, INPUTS.astype(np.float64)),
    ]
    for model, params, true, outputs in cases:
        classes = outputs.shape[1]
        weights = np.ones(60, np.float32)
        got = Score(name, model, classes)(params, (INPUTS, true, weights))
        assert float(got) == pytest.approx(of_classes(name, true, softmax(outputs), classes), rel=1e-5)


@pytest.mark.parametrize("name", OF_VALUES)
def test_metrics_of_values_are_in_the_targets_unit(name):
    true = (INPUTS @ [1.0, 0.4, 0.1]).astype(np.float32)
    guess = 10 * np.asarray(Linear(3).predict(UNIT, INPUTS), np.float64)
    functions = {"rmse": metrics.root_mean_squared_error, "mae": metrics.mean_absolute_error, "r2": metrics.r2_score}
    got = Score(name, Linear(3), unit=10.0)(UNIT, (INPUTS, true))
    assert float(got) == pytest.approx(functions[name](10 * true, guess), rel=1e-5)


def test_a_metric_must_suit_the_target():
    with pytest.raises(jgd.JgdError, match="unknown metric 'f1'"):
        jgd.tasks.get("diabetes").chosen_by("f1")
    with pytest.raises(jgd.JgdError, match="unknown metric 'rmse'"):
        jgd.tasks.get("iris").chosen_by("rmse")
    own = dataclasses.replace(
        jgd.tasks.get("diabetes"), metrics={"size": lambda params, rows: jnp.sum(params["weights"])}
    )
    with pytest.raises(jgd.JgdError, match="'size' is your own"):
        own.chosen_by("size")
    best = jgd.train(own, jgd.optimizers.sgd(0.01), steps=2, metric="size", larger_is_better=True).best
    assert best.value == pytest.approx(float(jnp.sum(best.params["weights"])))
    task = jgd.tasks.get("diabetes").chosen_by("rmse")
    for again in (task, task.chosen_by("loss").chosen_by("rmse")):
        assert (again.metric, again.larger_is_better, list(again.metrics)) == ("rmse", False, ["rmse"])


def test_balanced_weights_are_those_of_scikit_learn():
    labels = np.repeat([0, 1, 2], [5, 20, 75])
    theirs = compute_class_weight("balanced", classes=np.arange(3), y=labels)
    np.testing.assert_allclose(class_weights("balanced", ("a", "b", "c"), labels), theirs, rtol=1e-6)
    assert class_weights({"b": 3.0}, ("a", "b"), labels[:25]).tolist() == [1.0, 3.0]
    for given, words in (("blanced", "did you mean 'balanced'"), ({"d": 1.0}, "'d'"), ({"a": -1.0}, ">= 0")):
        with pytest.raises(jgd.JgdError, match=words):
            class_weights(given, ("a", "b", "c"), labels)
    with pytest.raises(jgd.JgdError, match="the target has values"):
        class_weights("balanced", (), labels)
