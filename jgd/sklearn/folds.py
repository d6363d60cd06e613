"""What of a candidate is fitted on a fold: the steps of a pipeline before the last, as they are, and the plan of the last."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import joblib
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing

from jgd.core import checks
from jgd.sklearn.estimator import GradientDescentEstimator
from jgd.sklearn.fit_plan import Fit, FitPlan
from jgd.sklearn.lanes import RowSets


@dataclass
class Candidate:
    """One candidate on one fold.

    Attributes:
        estimator: What the search was given, with the candidate's parameters; fitted once `become` was called.
        plan: Of the last step.
    """

    estimator: Any
    plan: FitPlan

    def become(self, fit: Fit) -> None:
        """Set what was fitted."""
        last_of(self.estimator)._take(self.plan, fit)


@dataclass
class Folds:
    """The rows of a search, and what has been fitted on them already.

    Attributes:
        estimator: An estimator of this package, or a pipeline that ends with one.
        splits: (training rows, test rows) of each fold.
    """

    estimator: Any
    X: Any
    y: Any
    sample_weight: Any
    splits: list[tuple[Any, Any]]
    _heads: dict[Any, tuple[Any, Any]] = field(default_factory=dict)
    _sets: RowSets = field(default_factory=RowSets)

    def prepare(self, params: Mapping[str, Any], fold: int) -> Candidate:
        """A candidate on a fold: its transformers fitted, its descent planned."""
        estimator = with_params(self.estimator, params)
        X, y, weights = self.training(fold)
        if isinstance(estimator, Pipeline):
            X = self._transformed(estimator, params, fold, X, y)
        plan = last_of(estimator)._plan(X, y, weights)
        plan.rows = self._sets.intern(plan.rows)
        return Candidate(estimator, plan)

    def training(self, fold: int) -> tuple[Any, Any, Any]:
        """(X, y, sample_weight) to fit on."""
        return self._part(self.splits[fold][0])

    def test(self, fold: int) -> tuple[Any, Any]:
        """(X, y) to score on."""
        return self._part(self.splits[fold][1])[:2]

    def _part(self, rows: Any) -> tuple[Any, Any, Any]:
        take = lambda of: None if of is None else _safe_indexing(of, rows)
        return take(self.X), take(self.y), take(self.sample_weight)

    def _transformed(self, pipeline: Pipeline, params: Mapping[str, Any], fold: int, X: Any, y: Any) -> Any:
        """X behind the steps before the last, which are fitted once a fold for all that agree in their parameters."""
        if len(pipeline.steps) == 1:
            return X
        own = f"{pipeline.steps[-1][0]}__"
        key = fold, joblib.hash({name: value for name, value in params.items() if not name.startswith(own)})
        if key not in self._heads:
            head = pipeline[:-1]
            self._heads[key] = head, head.fit_transform(X, y)
        head, transformed = self._heads[key]
        pipeline.steps[:-1] = head.steps
        return transformed


def with_params(estimator: Any, params: Mapping[str, Any]) -> Any:
    """An unfitted copy with a candidate's parameters."""
    fresh: Any = clone(estimator)
    return fresh.set_params(**{name: clone(value, safe=False) for name, value in params.items()})


def last_of(estimator: Any) -> GradientDescentEstimator:
    """What descends.

    Raises:
        JgdTypeError: It is no estimator of this package.
    """
    last = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    if not isinstance(last, GradientDescentEstimator):
        raise checks.JgdTypeError(
            "estimator must be a GradientDescentClassifier or GradientDescentRegressor, or a Pipeline that ends with one "
            f"(GridSearchCV searches over any other), got {checks.shown(last)}",
            argument="estimator",
        )
    return last
