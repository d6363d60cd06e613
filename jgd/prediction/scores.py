"""Metrics of predictions by their names, as scikit-learn computes them."""

from typing import Any

import numpy as np

from jgd.core import checks

OF_CLASSES = ("accuracy", "balanced_accuracy", "f1", "roc_auc", "log_loss")
OF_VALUES = ("rmse", "mae", "r2")


def score(predictor: Any, rows: Any, targets: np.ndarray, metric: str | None, table: str) -> float:
    """See `Predictor.score`; targets are class numbers, or values in the target's unit."""
    known = OF_CLASSES if predictor.classes else OF_VALUES
    name = checks.choice("metric", ("accuracy" if predictor.classes else "r2") if metric is None else metric, known)
    try:
        from sklearn import metrics
    except ImportError as missing:
        raise ImportError("metrics need scikit-learn: pip install 'jgd[data]'") from missing
    if not predictor.classes:
        function = {"rmse": metrics.root_mean_squared_error, "mae": metrics.mean_absolute_error, "r2": metrics.r2_score}
        return float(function[name](targets, predictor.predict(rows, table)))
    numbers = np.arange(len(predictor.classes))
    if name in ("roc_auc", "log_loss"):
        chances = predictor.probabilities(rows, table)
        if name == "log_loss":
            return float(metrics.log_loss(targets, chances, labels=numbers))
        if len(numbers) == 2:
            return float(metrics.roc_auc_score(targets, chances[:, 1]))
        return float(metrics.roc_auc_score(targets, chances, multi_class="ovr", labels=numbers))
    guess = predictor.preprocessing.targets(predictor.predict(rows, table), table)
    if name == "f1":
        nothing: Any = 0  # of a class that is neither there nor said
        average = "binary" if len(numbers) == 2 else "macro"
        return float(metrics.f1_score(targets, guess, average=average, zero_division=nothing))
    function = {"accuracy": metrics.accuracy_score, "balanced_accuracy": metrics.balanced_accuracy_score}[name]
    return float(function(targets, guess))
