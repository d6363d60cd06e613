"""The score against the values of one hyperparameter: enters scores over its values, leaves a curve."""

from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from jgd.analysis.check_sweep import check_sweep
from jgd.analysis.final_scores import FinalScores, final_scores
from jgd.core import checks
from jgd.sweeps import Sweep

OVER_OTHERS = ("best", "mean")


@dataclass(frozen=True)
class ResponseCurve:
    """A score against the values of one hyperparameter.

    Attributes:
        parameter: Its name.
        values: (points,) distinct, in order (numbers ascending, words as they came).
        scores: (points, seeds).
        configs: (points,) how many configs each point is made of.
        over_others: "best", the config with the best mean at each value, or "mean", the mean over them.
    """

    parameter: str
    values: tuple[Any, ...]
    scores: np.ndarray
    configs: tuple[int, ...]
    over_others: str


def response(
    values: Any, scores: np.ndarray, larger_is_better: bool, over_others: str = "best", parameter: str = "value"
) -> ResponseCurve:
    """The curve of a score over one hyperparameter.

    Args:
        values: (configs,), the hyperparameter in each config.
        scores: (configs, seeds). A config with a diverged seed (NaN) is best only where each of them has one, and makes the
            mean of its seed NaN.
        larger_is_better: Of the scores.
        over_others: What stands for several configs that share a value: "best", by mean over seeds, as in a search that
            tunes the rest for each value; or "mean", seed by seed, as in one that does not.
        parameter: The curve's name.

    Returns:
        The curve.

    Raises:
        JgdValueError: For other shapes, and an unknown `over_others`.

    Example:
        >>> curve = response([0.1, 0.1, 1.0], np.array([[3.0], [2.0], [5.0]]), larger_is_better=False)
        >>> curve.values, curve.scores.ravel().tolist(), curve.configs
        ((0.1, 1.0), [2.0, 5.0], (2, 1))
    """
    larger = checks.flag("larger_is_better", larger_is_better)
    over_others = checks.choice("over_others", over_others, OVER_OTHERS)
    values, scores = _listed(values), checks.array("scores", scores)
    if scores.ndim != 2 or len(scores) != len(values) or not values:
        raise checks.JgdValueError(
            f"scores must have shape ({len(values)}, seeds), a row a value, got {scores.shape}", argument="scores"
        )
    places: dict[Any, list[int]] = {}
    for place, value in enumerate(values):
        places.setdefault(value, []).append(place)
    numeric = all(isinstance(value, int | float | np.number) for value in places)
    distinct = tuple(sorted(places) if numeric else places)
    groups = [scores[places[value]] for value in distinct]
    points = [rows[_best(rows, larger)] if over_others == "best" else rows.mean(axis=0) for rows in groups]
    return ResponseCurve(parameter, distinct, np.stack(points), tuple(map(len, groups)), over_others)


def _listed(values: Any) -> list[Any]:
    """The values of configs; refused where they are no list, or can't be told to be equal."""
    checks.not_deleted("values", values)
    arrays = isinstance(values, np.ndarray | jax.Array) and values.ndim == 1
    out = list(np.asarray(values)) if arrays else list(values) if isinstance(values, list | tuple) else None
    try:
        hash(tuple(out or ()))
    except Exception:  # an array among them, or a list
        out = None
    if out is None:
        raise checks.JgdTypeError(
            f"values must be a list of numbers or words, one a config, got {checks.shown(values)}", argument="values"
        )
    return out


def response_of(
    sweep: Sweep,
    parameter: str = "learning_rate",
    recipe: str | None = None,
    over_others: str = "best",
    metric: str | None = None,
) -> ResponseCurve:
    """`response` of a sweep: the final validation metric against one of its hyperparameters.

    Configs that don't have the hyperparameter and those that were stopped early are left out.

    Args:
        sweep: The result of `jgd.sweep`.
        parameter: A swept name.
        recipe: One of the sweep's; default the only one that has the hyperparameter.
        over_others: "best" or "mean" of the configs that share a value.
        metric: A validation metric; default the one that selects.

    Returns:
        The curve.

    Raises:
        JgdValueError: For an unknown parameter, recipe or metric, and where several recipes have the hyperparameter.

    Example:
        >>> import jgd
        >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 0.1, 9.0]}, seeds=2, steps=30)
        >>> curve = response_of(found)
        >>> curve.values, curve.scores.shape
        ((0.01, 0.1, 9.0), (3, 2))
    """
    check_sweep(sweep)
    ends = final_scores(sweep, recipe, metric)
    rows = swept_rows(sweep, ends, (parameter,))
    values = [sweep.configs[ends.rows[k]][1][parameter] for k in rows]
    return response(values, ends.scores[rows], ends.larger_is_better, over_others, parameter)


def swept_rows(sweep: Sweep, ends: FinalScores, parameters: tuple[str, ...]) -> list[int]:
    """The places in `ends` of the one recipe's configs that have the hyperparameters and weren't stopped."""
    names = dict.fromkeys(name for i in ends.rows for name in sweep.configs[i][1])
    for name in parameters:
        checks.choice("swept parameter", name, names)
    has = lambda i: all(name in sweep.configs[i][1] for name in parameters)
    rows = [k for k, i in enumerate(ends.rows) if has(i) and not ends.stopped[k]]
    owners = dict.fromkeys(sweep.configs[ends.rows[k]][0] for k in rows)
    if len(owners) != 1:
        whose = " and ".join(map(repr, parameters))
        raise checks.JgdValueError(
            f"recipe must say whose {whose}: one of {', '.join(owners) or 'none finished'}", argument="recipe"
        )
    return rows


def sensitivity_curves(sweep: Sweep, parameter: str | None = None) -> dict[str, ResponseCurve]:
    """`response_of` for each recipe that has the hyperparameter and a config that ran to the end.

    Args:
        sweep: The result of `jgd.sweep`.
        parameter: A swept number, see `numeric_parameter`.

    Returns:
        {recipe: curve}, the best over other hyperparameters.

    Raises:
        JgdValueError: For an unknown parameter, and where none is a number.

    Example:
        >>> import jgd
        >>> found = jgd.sweep("hours_points", ["sgd", "adam"], {"learning_rate": [0.01, 0.1]}, seeds=2, steps=30)
        >>> [(recipe, curve.values) for recipe, curve in sensitivity_curves(found).items()]
        [('sgd', (0.01, 0.1)), ('adam', (0.01, 0.1))]
    """
    check_sweep(sweep)
    parameter = numeric_parameter(sweep, parameter)
    curves = {}
    for recipe in sweep.recipes:
        ends = final_scores(sweep, recipe)
        if any(parameter in sweep.configs[i][1] for i in ends.rows[~ends.stopped]):
            curves[recipe] = response_of(sweep, parameter, recipe)
    return curves


def numeric_parameters(sweep: Sweep) -> list[str]:
    """The hyperparameters that are numbers wherever a config has them.

    Args:
        sweep: The result of `jgd.sweep`.

    Returns:
        Their names, in the order in which they come.

    Example:
        >>> import jgd
        >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 0.1]}, seeds=2, steps=30)
        >>> numeric_parameters(found)
        ['learning_rate']
    """
    check_sweep(sweep)
    pairs = [pair for _, config in sweep.configs for pair in config.items()]
    words = {name for name, value in pairs if isinstance(value, bool) or not isinstance(value, int | float)}
    return [name for name in dict.fromkeys(name for name, _ in pairs) if name not in words]


def numeric_parameter(sweep: Sweep, parameter: str | None = None) -> str:
    """One of the `numeric_parameters`, checked.

    Args:
        sweep: The result of `jgd.sweep`.
        parameter: The name asked for; default learning_rate, or the first.

    Returns:
        The name.

    Raises:
        JgdValueError: For an unknown name, and where no hyperparameter is a number.

    Example:
        >>> import jgd
        >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 0.1]}, seeds=2, steps=30)
        >>> numeric_parameter(found)
        'learning_rate'
    """
    check_sweep(sweep)
    swept = numeric_parameters(sweep)
    if not swept:
        raise checks.JgdValueError("the sweep has no numeric hyperparameter")
    default = "learning_rate" if "learning_rate" in swept else swept[0]
    return checks.choice("swept parameter", parameter or default, swept)


def _best(rows: np.ndarray, larger: bool) -> int:
    """The row with the best mean; among rows that all lost a seed, the one that lost fewest."""
    lost = np.isnan(rows).sum(axis=1)
    means = np.nansum(rows, axis=1) / np.maximum(rows.shape[1] - lost, 1)
    return int(np.lexsort((-means if larger else means, lost))[0])
