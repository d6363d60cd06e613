"""The estimators of scikit-learn's interface: what they fit is what `jgd.train` finds, and scikit-learn's own checks pass."""

import pickle
import re
import warnings

import numpy as np
import pytest
from helpers.imports import ROOT

import jgd
from jgd.core import checks

sklearn = pytest.importorskip("sklearn")
from sklearn.base import clone  # noqa: E402
from sklearn.exceptions import ConvergenceWarning  # noqa: E402
from sklearn.model_selection import cross_val_score  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.utils.estimator_checks import check_estimator  # noqa: E402

from jgd.sklearn import GradientDescentClassifier, GradientDescentRegressor  # noqa: E402
from jgd.sklearn.rows import Rows  # noqa: E402

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(40, 3))
VALUES = X @ [1.0, -2.0, 0.5] + 3
LABELS = np.where(VALUES > 3, "yes", "no")
SGD = {"optimizer": "sgd", "learning_rate": 0.1, "random_state": 0}


def regressor(**settings) -> GradientDescentRegressor:
    return GradientDescentRegressor(**{**SGD, "steps": 10, **settings})


def classifier(**settings) -> GradientDescentClassifier:
    return GradientDescentClassifier(**{**SGD, "steps": 10, **settings})


@pytest.mark.slow
@pytest.mark.parametrize(
    "estimator", [GradientDescentClassifier(), GradientDescentRegressor()], ids=lambda e: e.__class__
)
def test_scikit_learns_own_checks_pass(estimator):
    with warnings.catch_warnings():  # as a reader has them
        warnings.simplefilter("ignore")
        check_estimator(estimator)


def test_nothing_else_of_jgd_loads_scikit_learn():
    """Inside functions it may; the layers see to it that nothing below imports jgd.sklearn."""
    files = [path for path in ROOT.rglob("*.py") if "sklearn" not in path.parts]
    assert [path.name for path in files if re.search(r"^(from|import) sklearn", path.read_text(), re.MULTILINE)] == []
    assert re.search(r"^from sklearn", (ROOT / "sklearn" / "regressor.py").read_text(), re.MULTILINE)


def test_a_fit_is_a_run_of_train():
    found = regressor().fit(X, VALUES)
    model, rows = jgd.models.Linear(3), (np.float32(X), np.float32(VALUES))
    loss = jgd.SupervisedLoss(model, "squared_error")
    run = jgd.train(loss, jgd.optimizers.sgd(0.1), model.init(jgd.init_key(0)), rows, steps=10)
    np.testing.assert_allclose(found.coef_, run.params["weights"], rtol=1e-5)
    np.testing.assert_allclose(found.loss_curve_, run.history["loss"], rtol=1e-5)
    assert (found.n_iter_, found.n_features_in_) == (10, 3)
    np.testing.assert_allclose(found.predict(X), X @ found.coef_ + found.intercept_)


def test_a_warm_start_and_passes_go_on():
    whole = regressor(steps=20).fit(X, VALUES)
    warm = regressor(warm_start=True).fit(X, VALUES).fit(X, VALUES)
    np.testing.assert_array_equal(warm.coef_, whole.coef_)
    passes = regressor()
    for _ in range(20):
        passes.partial_fit(X, VALUES)
    np.testing.assert_allclose(passes.coef_, whole.coef_, rtol=1e-5)
    assert (passes.n_iter_, len(passes.loss_curve_)) == (20, 20)
    before = passes.coef_
    passes.set_params(learning_rate=1e-30).partial_fit(X, VALUES)  # the settings that it has now
    np.testing.assert_array_equal(passes.coef_, before)
    passes.set_params(optimizer="sign_sgd", learning_rate=0.5).partial_fit(X, VALUES)
    np.testing.assert_allclose(np.abs(passes.coef_ - before), 0.5, rtol=1e-5)
    with pytest.raises(checks.JgdValueError, match="warm_start needs the model of the last fit"):
        warm.set_params(model="mlp").fit(X, VALUES)
    with pytest.raises(checks.JgdValueError, match="partial_fit needs the model of the last fit"):
        passes.set_params(model="mlp").partial_fit(X, VALUES)


def test_weights_are_copies_whatever_the_order_of_rows():
    counts = RANDOM.integers(0, 3, len(X))
    shuffled = RANDOM.permutation(np.repeat(np.arange(len(X)), counts))
    weighted, copied = regressor().fit(X, VALUES, counts), regressor().fit(X[shuffled], VALUES[shuffled])
    np.testing.assert_array_equal(weighted.coef_, copied.coef_)
    rows = Rows(np.float32([[0.0], [1.0], [-0.0]]), np.int32([1, 1, 1]), np.float32([1, 0, 2])).merged()
    assert [part.tolist() for part in rows] == [[[0.0]], [1], [3.0]]


def test_batches_share_out_the_rows():
    plan = regressor(batch_size=16, steps=None, epochs=3)._plan(X, VALUES)
    assert (len(plan.rows.weights), plan.rows.weights.sum(), plan.per_epoch, plan.steps) == (48, 40, 3, 9)
    # to a method that asks for each example, a row of weight 0 would be one
    private = jgd.optimizers.dp_sgd(0.1, l2_norm_clip=1.0, noise_multiplier=0.0)
    assert len(regressor(optimizer=private, learning_rate=None)._plan(X, VALUES).rows.weights) == 40


def test_class_weights_are_weights_of_rows():
    share = (LABELS == "yes").mean()
    plan = classifier(class_weight="balanced", batch_size=8)._plan(X, LABELS, np.full(40, 2.0))
    expected = np.where(LABELS == "yes", 1 / share, 1 / (1 - share))
    np.testing.assert_allclose(plan.rows.weights, expected, rtol=1e-6)
    plan = classifier(class_weight={"no": 3}, batch_size=8)._plan(X, LABELS)
    np.testing.assert_allclose(plan.rows.weights, np.where(LABELS == "no", 3, 1))


def test_a_classifier_in_scikit_learns_company():
    found = classifier().fit(X, LABELS)
    assert found.classes_.tolist() == ["no", "yes"]
    assert found.coef_.shape == (1, 3)
    again = pickle.loads(pickle.dumps(found))
    np.testing.assert_array_equal(again.predict_proba(X), found.predict_proba(X))
    np.testing.assert_allclose(np.exp(found.predict_log_proba(X)), found.predict_proba(X))
    assert not hasattr(clone(found), "coef_")
    assert cross_val_score(make_pipeline(StandardScaler(), classifier()), X, LABELS, cv=2).min() > 0.8
    np.testing.assert_array_equal(found.partial_fit(X, LABELS).classes_, ["no", "yes"])
    with pytest.raises(checks.JgdValueError, match="'maybe', which is not among the classes"):
        found.partial_fit(X, np.where(LABELS == "yes", "maybe", "no"))
    with pytest.raises(checks.JgdValueError, match="warm_start needs the classes of the last fit"):
        found.set_params(warm_start=True).fit(X, np.where(LABELS == "yes", "maybe", "no"))
    with pytest.raises(checks.JgdValueError, match="did you mean 'adam'"):
        found.set_params(optimizer="adma", warm_start=False).fit(X[:, :2], LABELS == "yes")
    np.testing.assert_array_equal(found.predict(X), again.partial_fit(X, LABELS).predict(X))  # as if not asked


@pytest.mark.slow
def test_a_perceptron_stops_early_with_its_best_parameters():
    settings = {"hidden": (8,), "optimizer": "adam", "learning_rate": 0.1, "steps": 60, "batch_size": 16}
    found = classifier(model="mlp", early_stopping=True, patience=2, validation_fraction=0.3, **settings).fit(X, LABELS)
    curve = found.validation_loss_curve_
    assert found.n_iter_ < 30
    assert len(curve) == found.n_iter_ + 1
    held_out = (
        classifier(model="mlp", early_stopping=True, validation_fraction=0.3, **settings)._plan(X, LABELS).validation
    )
    place = held_out.weights > 0
    proba = found.predict_proba(held_out.inputs[place])
    np.testing.assert_allclose(
        -np.log(proba[np.arange(place.sum()), held_out.targets[place]]).mean(), min(curve), rtol=1e-4
    )
    assert found.decision_function(X).shape == (40,)
    assert not hasattr(found, "coef_")


def test_a_regression_of_several_columns():
    y = np.stack([VALUES, -VALUES, X[:, 0]], axis=1)
    found = regressor(steps=300).fit(X, y)
    np.testing.assert_allclose(found.coef_, [[1, -2, 0.5], [-1, 2, -0.5], [1, 0, 0]], atol=1e-3)
    assert found.predict(X).shape == (40, 3)
    with pytest.raises(checks.JgdValueError, match="columns of the last call"):
        found.partial_fit(X, VALUES)


def test_divergence_is_said():
    with pytest.warns(ConvergenceWarning, match="left all bounds at step"):
        found = regressor(learning_rate=1e3).fit(X, VALUES)
    assert np.isfinite(found.coef_).all()
    passes = regressor(learning_rate=1e30)
    with pytest.warns(ConvergenceWarning, match="changed nothing"):
        passes.partial_fit(X, VALUES).partial_fit(X, VALUES)


@pytest.mark.parametrize(
    ("estimator", "said"),
    [
        (classifier(optimizer="adma"), "did you mean 'adam'"),
        (classifier(model="softmx"), "did you mean 'softmax'"),
        (classifier(model=jgd.models.Softmax(4, 2)), "model takes 4 features, X has 3"),
        (classifier(model=jgd.models.Softmax(3, 5)), r"logits \(n, 2\) or \(n,\), got \('n', 5\)"),
        (classifier(model=jgd.models.Adaline(3)), "use Logistic"),
        (classifier(model=3), "a name or a record"),
        (classifier(class_weight={"no": -1.0, "yes": 1.0}), "class_weight must be"),
        (classifier(loss="squared_error"), "unknown loss"),
        (classifier(loss="focl"), "did you mean 'focal'"),
        (classifier(loss="hinge", model="mlp"), "needs other outputs than the model has, which suit softmax_cross"),
        (regressor(loss="logistic_nll"), "loss"),
        (regressor(model="logistic"), "model"),
        (regressor(hidden=0, model="mlp"), "hidden must be"),
        (regressor(activation="rulu", model="mlp"), "did you mean 'relu'"),
        (regressor(learning_rate=-1.0), "learning_rate must be"),
        (regressor(optimizer="polyak_sgd"), "takes no learning_rate"),
        (regressor(optimizer=3), "optimizer must be a name or a record"),
        (regressor(optimizer_options={"b1": 0.5}), "b1"),
        (regressor(schedule="step_decay"), "needs step_size, decay_rate: give its record"),
        (regressor(schedule="cosine", learning_rate=0.1), "cosine_decay"),
        (regressor(schedule="linear", learning_rate=jgd.schedules.Constant(0.1)), "is a schedule already"),
        (regressor(epochs=0), "epochs must be"),
        (regressor(batch_size=0), "batch_size must be"),
        (regressor(validation_fraction=1), "validation_fraction must be"),
        (regressor(random_state=-1), "random_state must be"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_nonsense_is_refused_by_name(estimator, said):
    y = LABELS if isinstance(estimator, GradientDescentClassifier) else VALUES
    with pytest.raises((checks.JgdError), match=said):
        estimator.fit(X, y)


def test_refused_data():
    with pytest.raises(checks.JgdValueError, match="one class"):
        classifier().fit(X, np.zeros(40))
    with pytest.raises(checks.JgdValueError, match="logistic"):
        classifier(model="logistic").fit(X, np.arange(40) % 3)
    with pytest.raises(checks.JgdValueError, match="classes must be given"):
        classifier().partial_fit(X, LABELS)
    with pytest.raises(checks.JgdValueError, match="give a dict"):
        classifier(class_weight="balanced").partial_fit(X, LABELS, ["no", "yes"])
    for weights in (-np.ones(40), np.full(40, np.nan), np.ones(3), np.zeros(40)):
        with pytest.raises(checks.JgdValueError, match="sample_weight must"):
            regressor().fit(X, VALUES, weights)


@pytest.mark.parametrize("name", ["cosine_decay", "linear", "warmup_cosine_decay", "onecycle", "linear_warmup", "rex"])
def test_a_schedule_by_name_is_over_the_whole_run(name):
    schedule = regressor(schedule=name, steps=40)._plan(X, VALUES).optimizer.hyperparameters["learning_rate"]
    rates = [float(schedule(step)) for step in range(41)]
    assert max(rates) == pytest.approx(0.1, rel=0.1)
    assert rates[-1] == pytest.approx(0.1 if name == "linear_warmup" else 0, abs=1e-3)


def test_a_loss_by_name():
    named = classifier(loss="focal")._plan(X, LABELS).loss  # has a logit a class, so does its linear model
    assert (named.error, type(named.model)) == ("focal", jgd.models.Softmax)
    assert hasattr(classifier(loss="focal"), "predict_proba")
    assert not hasattr(classifier(loss="hinge"), "predict_proba")
    counts = np.exp(X[:, 0])
    found = regressor(loss="poisson_nll", steps=100).fit(X, counts)
    np.testing.assert_allclose(found.predict(X), counts, rtol=0.1)


def test_records_are_taken_as_they_are():
    record = jgd.optimizers.adamw(0.3, weight_decay=0.01)
    of = lambda **settings: regressor(optimizer=record, **settings)._plan(X, VALUES).optimizer
    assert of(learning_rate=None) == record
    assert of(learning_rate=0.2, optimizer_options={"b1": 0.5}) == jgd.optimizers.adamw(0.2, b1=0.5, weight_decay=0.01)
    model = jgd.models.MLP((3, 4, 1))
    assert regressor(model=model)._plan(X, VALUES).loss.model == model
