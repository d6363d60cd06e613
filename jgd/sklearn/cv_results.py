"""`cv_results_` in scikit-learn's layout, from scores of (candidate, fold)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import rankdata


def cv_results(
    candidates: Sequence[Mapping[str, Any]], times: Mapping[str, np.ndarray], scores: Mapping[str, np.ndarray]
) -> dict[str, Any]:
    """The table.

    Args:
        candidates: The parameters of each.
        times: "fit_time", "score_time" -> seconds (candidate, fold).
        scores: "test_score", or "test_NAME" and "train_NAME" -> (candidate, fold).

    Returns:
        Name -> a column (candidate,): means and deviations of the times, `param_NAME`, `params`, and of the scores each
        fold's, their mean, deviation and rank (of test scores; 1 is the best, NaN the last).

    Example:
        >>> table = cv_results([{"a": 1}, {"a": 2}], {}, {"test_score": np.array([[0.5, 0.7], [0.9, 0.7]])})
        >>> table["rank_test_score"].tolist(), table["param_a"].tolist()
        ([2, 1], [1, 2])
    """
    table: dict[str, Any] = {}
    for name, values in times.items():
        table |= {f"mean_{name}": values.mean(axis=1), f"std_{name}": values.std(axis=1)}
    for name in dict.fromkeys(name for candidate in candidates for name in candidate):
        table[f"param_{name}"] = _column(name, candidates)
    table["params"] = [dict(candidate) for candidate in candidates]
    for name, values in scores.items():
        table |= {f"split{fold}_{name}": values[:, fold] for fold in range(values.shape[1])}
        table |= {f"mean_{name}": values.mean(axis=1), f"std_{name}": values.std(axis=1)}
        if name.startswith("test_"):
            table[f"rank_{name}"] = _ranks(values.mean(axis=1))
    return table


def _column(name: str, candidates: Sequence[Mapping[str, Any]]) -> np.ma.MaskedArray:
    """The values of a parameter, masked where a candidate doesn't have it."""
    has = [name in candidate for candidate in candidates]
    values = [candidate[name] for candidate in candidates if name in candidate]
    numeric = all(isinstance(value, int | float | np.number | np.bool_) for value in values)
    dtype = np.result_type(*map(np.asarray, values)) if numeric else object
    column = np.ma.MaskedArray(np.empty(len(candidates), dtype), mask=True)
    given = iter(values)
    for place, here in enumerate(has):
        if here:
            column[place] = next(given)
    return column


def _ranks(means: np.ndarray) -> np.ndarray:
    known = np.where(np.isnan(means), -np.inf, means)
    return rankdata(-known, method="min").astype(np.int32)
