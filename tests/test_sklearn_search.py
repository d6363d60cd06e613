"""A search as one sweep finds what scikit-learn's own searches find, in one program for all candidates and folds."""

import numpy as np
import pytest

import jgd
from jgd.core import checks

sklearn = pytest.importorskip("sklearn")
from sklearn.base import clone  # noqa: E402
from sklearn.exceptions import ConvergenceWarning, NotFittedError  # noqa: E402
from sklearn.linear_model import Ridge  # noqa: E402
from sklearn.model_selection import GridSearchCV, ParameterSampler  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402

from jgd.sklearn import GradientDescentClassifier, GradientDescentRegressor, VectorizedSearchCV, lanes  # noqa: E402
from jgd.sklearn.candidates import candidates_of  # noqa: E402
from jgd.sklearn.fit_plan import Fit, FitPlan  # noqa: E402
from jgd.sklearn.folds import Folds  # noqa: E402

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(50, 3)) * [1, 5, 0.2]
LABELS = np.array(["a", "b", "c"])[np.digitize(X @ [1.0, 0.2, 1.0] + 0.3 * RANDOM.normal(size=50), [-0.7, 0.7])]
SOFTMAX = GradientDescentClassifier(batch_size=9, epochs=4, random_state=3)


@pytest.fixture
def sweeps(monkeypatch):
    """The number of configs of each sweep that was made."""
    made, real = [], lanes.sweep

    def counted(task, recipes, space, *, sampler, **options):
        made.append(len(sampler.rows))
        return real(task, recipes, space, sampler=sampler, **options)

    monkeypatch.setattr(lanes, "sweep", counted)
    return made


@pytest.mark.slow
def test_it_agrees_with_grid_search(sweeps):
    pipeline = make_pipeline(StandardScaler(), SOFTMAX)
    grid = {
        "gradientdescentclassifier__learning_rate": [1e-3, 0.1],
        "gradientdescentclassifier__class_weight": [None, "balanced"],
        "standardscaler__with_mean": [True, False],
    }
    options = {"cv": 3, "scoring": ["accuracy", "neg_log_loss"], "refit": "neg_log_loss", "return_train_score": True}
    weights = RANDOM.uniform(0.5, 2, 50)
    mine = VectorizedSearchCV(pipeline, grid, **options).fit(X, LABELS, sample_weight=weights)
    theirs = GridSearchCV(pipeline, grid, **options)
    theirs.fit(X, LABELS, gradientdescentclassifier__sample_weight=weights)
    assert sweeps == [8 * 3]  # also folds of another size are one program
    assert list(mine.cv_results_) == list(theirs.cv_results_)
    for name, column in theirs.cv_results_.items():
        if "test" in name or "train" in name:
            np.testing.assert_allclose(mine.cv_results_[name], column, rtol=1e-4, err_msg=name)
        elif name.startswith("param"):
            assert list(mine.cv_results_[name]) == list(column)
            assert getattr(mine.cv_results_[name], "dtype", None) == getattr(column, "dtype", None)
    assert (mine.best_params_, mine.best_index_) == (theirs.best_params_, theirs.best_index_)
    assert mine.best_score_ == pytest.approx(theirs.best_score_, rel=1e-5)
    np.testing.assert_array_equal(mine.predict(X), theirs.predict(X))  # the refits are the same
    np.testing.assert_array_equal(mine.predict_proba(X), theirs.predict_proba(X))
    assert mine.score(X, LABELS) == theirs.score(X, LABELS)
    assert (mine.classes_.tolist(), mine.n_features_in_, mine.n_splits_) == (["a", "b", "c"], 3, 3)


@pytest.mark.slow
def test_a_diverged_fit_is_data_and_a_fit_that_may_end_early_runs_alone(sweeps):
    y = X @ [1.0, 1.0, 1.0]
    estimator = GradientDescentRegressor(optimizer="sgd", steps=20, random_state=0)
    grid = [{"learning_rate": [1e-2, 1e3]}, {"learning_rate": [1e-2], "tol": [1e9]}]
    with pytest.warns(ConvergenceWarning, match="2 of 6 fits diverged"):
        mine = VectorizedSearchCV(estimator, grid, cv=2, refit=False).fit(X, y)
    assert sweeps == [4]
    table = mine.cv_results_
    assert table["rank_test_score"].argmin() == 0
    assert np.isnan(table["mean_test_score"]).tolist() == [False, True, False]  # its last finite parameters can't win
    assert mine.best_params_ == {"learning_rate": 1e-2}
    assert table["param_tol"].mask.tolist() == [True, True, False]
    alone = clone(estimator).set_params(learning_rate=1e-2, tol=1e9).fit(X[25:], y[25:])
    assert table["split0_test_score"][2] == alone.score(X[:25], y[:25])
    assert not hasattr(mine, "predict")
    with (
        pytest.warns(ConvergenceWarning, match="score is error_score, nan"),
        pytest.raises(jgd.JgdError, match="no candidate"),
    ):
        VectorizedSearchCV(estimator, {"learning_rate": [1e3]}, cv=2).fit(X, y)


def plans(*settings, estimator=SOFTMAX):
    """The fits of some candidates on two folds, and their rows."""
    folds = Folds(estimator, X, LABELS, None, [(np.arange(24), np.arange(24, 50)), (np.arange(25, 50), np.arange(25))])
    return [folds.prepare(params, fold).plan for params in settings for fold in (0, 1)]


def test_what_shares_a_program(monkeypatch):
    """Numbers, folds and weights do; structure doesn't, and what may end early is on its own."""
    fit = lambda: Fit({}, 1, np.zeros(1), np.zeros(1), False)
    groups = []
    monkeypatch.setattr(FitPlan, "run", lambda plan: groups.append(1) or fit())
    swept = lambda recipe, numbers, plans, progress: groups.append(len(plans)) or [fit()] * len(plans)
    monkeypatch.setattr(lanes, "_swept", swept)

    def together(*settings):
        groups.clear()
        lanes.run_together(plans(*settings))
        return groups

    rates = {"learning_rate": 0.1}, {"learning_rate": 0.2}
    assert together(*rates) == [4]
    assert together(*rates, {"class_weight": "balanced"}, {"optimizer_options": {"b1": 0.5}}) == [8]
    assert together(*rates, {"optimizer": jgd.optimizers.adam(0.3)}) == [6]
    assert together(rates[0], {"optimizer": "sgd"}) == [2, 2]
    assert together(rates[0], {"schedule": "cosine_decay"}, {"schedule": "cosine_decay", "learning_rate": 0.5}) == [
        2,
        4,
    ]
    assert together(rates[0], {"epochs": 5}) == [2, 2]
    assert together(rates[0], {"batch_size": 10}) == [2, 2]
    assert together(rates[0], {"random_state": 4}) == [2, 2]
    assert together(rates[0], {"early_stopping": True}) == [2, 1, 1]


def test_rows_are_kept_once():
    sets = {
        id(plan.rows) for plan in plans({"learning_rate": 0.1}, {"learning_rate": 0.2}, {"class_weight": "balanced"})
    }
    assert len(sets) == 4


def test_draws_are_scikit_learns_or_jgds():
    grid = {"learning_rate": [0.1, 0.2, 0.3], "epochs": [3, 4]}
    drawn = candidates_of(grid, 4, 1)
    assert drawn == list(ParameterSampler(grid, 4, random_state=1))
    assert len(candidates_of([grid, {"epochs": [1]}], None, None)) == 7
    ours = {"learning_rate": jgd.spaces.log_uniform(1e-3, 1e-2)}
    rates = [each["learning_rate"] for each in candidates_of(ours, 5, 0)]
    assert len(set(rates)) == 5
    assert all(1e-3 <= rate <= 1e-2 for rate in rates)
    with pytest.raises(checks.JgdValueError, match="say how often"):
        VectorizedSearchCV(SOFTMAX, ours).fit(X, LABELS)


def test_nonsense_is_refused():
    with pytest.raises(
        checks.JgdTypeError, match=r"Pipeline that ends with one \(GridSearchCV searches over any other\)"
    ):
        VectorizedSearchCV(Ridge(), {"alpha": [1.0]}).fit(X, X[:, 0])
    with pytest.raises(checks.JgdValueError, match="did you mean 'adam'"):
        VectorizedSearchCV(SOFTMAX, {"optimizer": ["sgd", "adma"]}).fit(X, LABELS)
    with pytest.raises(ValueError, match="Invalid parameter 'rate'"):
        VectorizedSearchCV(SOFTMAX, {"rate": [0.1]}).fit(X, LABELS)
    with pytest.raises(checks.JgdTypeError, match="param_grid"):
        VectorizedSearchCV(SOFTMAX, [3]).fit(X, LABELS)
    with pytest.raises(NotFittedError):
        VectorizedSearchCV(SOFTMAX, {}).predict(X)
    search = clone(VectorizedSearchCV(SOFTMAX, {"epochs": [1]}, cv=2))
    assert (search.cv, search.estimator.epochs) == (2, 4)
