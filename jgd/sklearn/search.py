"""A search whose candidates × folds run side by side, with the interface of scikit-learn's `GridSearchCV`."""

import time
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Self, cast

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import check_scoring
from sklearn.model_selection import check_cv
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from jgd.core import checks
from jgd.sklearn.candidates import candidates_of
from jgd.sklearn.cv_results import cv_results
from jgd.sklearn.folds import Folds, last_of, with_params
from jgd.sklearn.lanes import run_together


def _if_best_has(name: str) -> Any:
    """The method is there where the best estimator, or the one to be searched over, has it."""

    def there(search: "VectorizedSearchCV") -> bool:
        if not search.refit:
            raise AttributeError(f"{name} needs refit=True")
        getattr(getattr(search, "best_estimator_", search.estimator), name)
        return True

    return available_if(there)


class VectorizedSearchCV(MetaEstimatorMixin, BaseEstimator):
    """Cross-validated search over an estimator of `jgd.sklearn`, with all candidates and folds as one sweep.

    What `GridSearchCV` and `RandomizedSearchCV` find on the same estimator (with a whole number as its `random_state`) it
    finds too, to rounding. Candidates that differ in numbers of the loss and the optimizer run side by side in one
    compiled program with all their folds; another number of steps or seed runs the same program again, another model, optimizer
    or batch size is another one. Fits that may end early (`tol`, `early_stopping`) run one after another.

    Args:
        estimator: A `GradientDescentClassifier` or `GradientDescentRegressor`, or a `Pipeline` that ends with one, whose
            other steps are fitted once a fold for all candidates that agree in their parameters.
        param_grid: Parameter -> values, or a list of such; with `n_iter` also distributions: anything with `rvs`, or one of
            `jgd.spaces` such as `jgd.spaces.log_uniform(1e-4, 1)`.
        n_iter: Candidates to draw; None tries every combination.
        scoring: As in scikit-learn: a name, a function, or several as a list or a mapping.
        refit: Whether to fit the best candidate on all rows; of several scores the name of the one that chooses; or a
            function of `cv_results_` that returns the index of the best.
        cv: Folds, a splitter, or splits; None is five.
        random_state: Of the draws of candidates.
        return_train_score: Whether training rows are scored too.
        error_score: The score of a fit that diverged; NaN, the default, ranks its candidate last. The number of such fits
            is warned about.
        progress: Bars on stderr, as of `jgd.sweep`: None where that is a terminal, True everywhere, False never.

    Attributes:
        cv_results_: As in scikit-learn; a fit's seconds are those of its sweep, shared out equally.
        best_estimator_: The best candidate, fitted on all rows, where `refit` says so.
        best_params_, best_score_, best_index_: Of the best candidate.
        scorer_: What scores.
        n_splits_: Folds.
        multimetric_: Whether there are several scores.
        refit_time_: Seconds.

    Example:
        >>> from sklearn.datasets import load_iris
        >>> from jgd.sklearn import GradientDescentClassifier
        >>> estimator = GradientDescentClassifier(epochs=30, random_state=0)
        >>> found = VectorizedSearchCV(estimator, {"learning_rate": [1e-4, 0.1]}, cv=3, refit=False)
        >>> found.fit(*load_iris(return_X_y=True)).best_params_
        {'learning_rate': 0.1}
    """

    def __init__(
        self,
        estimator,
        param_grid,
        *,
        n_iter=None,
        scoring=None,
        refit=True,
        cv=None,
        random_state=None,
        return_train_score=False,
        error_score=np.nan,
        progress=False,
    ):
        self.estimator = estimator
        self.param_grid = param_grid
        self.n_iter = n_iter
        self.scoring = scoring
        self.refit = refit
        self.cv = cv
        self.random_state = random_state
        self.return_train_score = return_train_score
        self.error_score = error_score
        self.progress = progress

    def fit(self, X, y, *, groups=None, sample_weight=None) -> Self:
        """Search, and fit the best candidate on all rows.

        Args:
            X: (n, features), or what the pipeline's first step takes.
            y: (n,), or (n, outputs) of a regression.
            groups: Of the rows, for splitters that need them.
            sample_weight: (n,) of the fits; scores are unweighted.

        Returns:
            The search.

        Raises:
            JgdTypeError: For an estimator of another kind, or settings of another kind.
            JgdValueError: For a setting of a candidate that is outside its rule, or where every candidate diverged.
            ValueError: For data or parameters that scikit-learn refuses.
        """
        last_of(self.estimator)
        drawn = candidates_of(self.param_grid, self.n_iter, self.random_state)
        splitter: Any = check_cv(cast(Any, self.cv), y, classifier=is_classifier(self.estimator))
        splits = list(splitter.split(X, y, groups))
        self.scorer_: Any = check_scoring(self.estimator, self.scoring)
        folds = Folds(self.estimator, X, y, sample_weight, splits)
        scores, times = self._scores(folds, drawn)
        self.n_splits_, self.multimetric_ = len(splits), "test_score" not in scores
        self.cv_results_ = cv_results(drawn, times, scores)
        self._choose(scores)
        if self.refit:
            begin = time.perf_counter()
            best = with_params(self.estimator, self.best_params_)
            key = f"{best.steps[-1][0]}__sample_weight" if isinstance(best, Pipeline) else "sample_weight"
            self.best_estimator_ = best.fit(X, y, **({} if sample_weight is None else {key: sample_weight}))
            self.refit_time_ = time.perf_counter() - begin
            if hasattr(best, "feature_names_in_"):
                self.feature_names_in_ = best.feature_names_in_
        return self

    def _scores(
        self, folds: Folds, candidates: Sequence[Mapping[str, Any]]
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Scores and times by name, (candidate, fold) each."""
        shape = len(candidates), len(folds.splits)
        planned = [folds.prepare(params, fold) for params in candidates for fold in range(shape[1])]
        fits = run_together([each.plan for each in planned], self.progress)
        diverged = sum(fit.diverged for fit, _ in fits)
        if diverged:
            said = f"{diverged} of {len(fits)} fits diverged: their score is error_score, {self.error_score}"
            warnings.warn(said, ConvergenceWarning, stacklevel=3)
        scores: dict[str, list[float]] = {}
        seconds = []
        for number, (each, (fit, _)) in enumerate(zip(planned, fits, strict=True)):
            each.become(fit)
            begin = time.perf_counter()
            self._note(scores, "test", each.estimator, folds.test(number % shape[1]), fit.diverged)
            seconds.append(time.perf_counter() - begin)
            if self.return_train_score:
                self._note(scores, "train", each.estimator, folds.training(number % shape[1])[:2], fit.diverged)
        table = lambda values: np.array(values, float).reshape(shape)
        times = {"fit_time": table([spent for _, spent in fits]), "score_time": table(seconds)}
        names = [name.removeprefix("test_") for name in scores if name.startswith("test_")]
        ordered = [f"{part}_{name}" for name in names for part in ("test", "train")]
        return {name: table(scores[name]) for name in ordered if name in scores}, times

    def _note(
        self, scores: dict[str, list[float]], part: str, estimator: Any, rows: tuple[Any, Any], diverged: bool
    ) -> None:
        found = self.scorer_(estimator, *rows)
        for name, value in (found if isinstance(found, Mapping) else {"score": found}).items():
            scores.setdefault(f"{part}_{name}", []).append(float(self.error_score if diverged else value))

    def _choose(self, scores: Mapping[str, np.ndarray]) -> None:
        """Set `best_index_` and what goes with it, where one score chooses."""
        if callable(self.refit):
            self.best_index_ = int(self.refit(self.cv_results_))
        else:
            if self.multimetric_ and self.refit is False:
                return
            names = [name.removeprefix("test_") for name in scores if name.startswith("test_")]
            chooser = checks.choice("refit", self.refit, names) if self.multimetric_ else "score"
            self.best_index_ = int(self.cv_results_[f"rank_test_{chooser}"].argmin())
            self.best_score_ = float(self.cv_results_[f"mean_test_{chooser}"][self.best_index_])
            if np.isnan(self.cv_results_[f"mean_test_{chooser}"]).all():
                raise checks.JgdValueError(
                    "no candidate has a score on every fold: try smaller learning rates, or scale the inputs"
                )
        self.best_params_ = self.cv_results_["params"][self.best_index_]

    @property
    def classes_(self) -> np.ndarray:
        """The labels of the best estimator."""
        return self._best.classes_

    @property
    def n_features_in_(self) -> int:
        """Features of the best estimator."""
        if not hasattr(self, "best_estimator_"):
            raise AttributeError("n_features_in_ is known after fit with refit=True")
        return self.best_estimator_.n_features_in_

    @property
    def _best(self) -> Any:
        check_is_fitted(self, "best_estimator_")
        return self.best_estimator_

    def score(self, X, y) -> float:
        """The score of the best estimator on some rows, by the scorer that chose it.

        Args:
            X: (n, features).
            y: (n,), or (n, outputs).

        Returns:
            The score.

        Raises:
            NotFittedError: Before a fit with `refit`.
        """
        best = self._best
        found = self.scorer_(best, X, y)
        return float(found[self.refit] if isinstance(found, Mapping) else found)

    @_if_best_has("predict")
    def predict(self, X) -> np.ndarray:
        """What the best estimator predicts."""
        return self._best.predict(X)

    @_if_best_has("predict_proba")
    def predict_proba(self, X) -> np.ndarray:
        """The best estimator's probabilities."""
        return self._best.predict_proba(X)

    @_if_best_has("predict_log_proba")
    def predict_log_proba(self, X) -> np.ndarray:
        """Their logarithms."""
        return self._best.predict_log_proba(X)

    @_if_best_has("decision_function")
    def decision_function(self, X) -> np.ndarray:
        """The best estimator's logits."""
        return self._best.decision_function(X)

    def __sklearn_tags__(self):
        tags, inner = super().__sklearn_tags__(), get_tags(self.estimator)
        tags.estimator_type = inner.estimator_type
        tags.classifier_tags, tags.regressor_tags = inner.classifier_tags, inner.regressor_tags
        tags.target_tags, tags.input_tags = inner.target_tags, inner.input_tags
        return tags
