"""How much the score depends on one hyperparameter: enters scores over its values, leaves a curve and one number."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from jgd.analysis.final_scores import final_scores
from jgd.core import checks
from jgd.core.statistics import Estimate, estimate
from jgd.sweeps import Sweep

OVER_OTHERS = ("best", "mean")


@dataclass(frozen=True)
class ResponseCurve:
    """A score against the values of one hyperparameter.

    values: (points,) distinct, in order (numbers ascending, words as they came). scores: (points, seeds). configs:
    (points,) how many configs each point is made of. over_others: "best", the config with the best mean at each value,
    or "mean", the mean over them.
    """

    parameter: str
    values: tuple[Any, ...]
    scores: np.ndarray
    configs: tuple[int, ...]
    over_others: str


def response(
    values: Any, scores: np.ndarray, larger_is_better: bool, over_others: str = "best", parameter: str = "value"
) -> ResponseCurve:
    """The curve of a hyperparameter from its value in each config (configs,) and scores (configs, seeds).

    Where several configs share a value, over_others says what stands for them: the best, by mean over seeds, as in a
    search that tunes the rest for each value; or their mean, seed by seed, as in one that does not. A config with a
    diverged seed (NaN) is best only where each of them has one, and makes the mean of its seed NaN.

    >>> curve = response([0.1, 0.1, 1.0], np.array([[3.0], [2.0], [5.0]]), larger_is_better=False)
    >>> curve.values, curve.scores.ravel().tolist(), curve.configs
    ((0.1, 1.0), [2.0, 5.0], (2, 1))
    """
    larger = checks.flag("larger_is_better", larger_is_better)
    over_others = checks.choice("over_others", over_others, OVER_OTHERS)
    values, scores = list(values), np.asarray(scores, np.float64)
    if scores.ndim != 2 or len(scores) != len(values) or not values:
        raise checks.JgdValueError(f"scores must have shape ({len(values)}, seeds), a row a value, got {scores.shape}")
    places: dict[Any, list[int]] = {}
    for place, value in enumerate(values):
        places.setdefault(value, []).append(place)
    numeric = all(isinstance(value, int | float | np.number) for value in places)
    distinct = tuple(sorted(places) if numeric else places)
    groups = [scores[places[value]] for value in distinct]
    points = [rows[_best(rows, larger)] if over_others == "best" else rows.mean(axis=0) for rows in groups]
    return ResponseCurve(parameter, distinct, np.stack(points), tuple(map(len, groups)), over_others)


def learning_rate_sensitivity(losses: np.ndarray, initial_loss: Any, confidence: float = 0.95) -> Estimate:
    """Wortsman et al. 2023 (arXiv:2309.14322, section 2.2): E_η[min(ℓ(η), ℓ₀)] − min_η ℓ(η), 0 for what needs no tuning.

    losses: (rates, seeds) or (rates,), the loss after training at each rate of the range; what is not finite has
    diverged, and counts as ℓ₀. initial_loss: ℓ₀ > the best, a number or one for each seed. The expectation is the plain
    mean over the rates given, so it is over log η where these are log-spaced or drawn log-uniformly; it depends on the
    range, and only ranges that are the same can be compared. η* is where the mean over seeds is least; the interval is
    Student's t over seeds at that η*, which leaves its own choice out.

    >>> learning_rate_sensitivity(np.array([0.5, 0.1, np.nan]), initial_loss=1.1).mean  # (0.4 + 0 + 1) / 3
    0.466667
    """
    losses = np.asarray(losses, np.float64)
    losses = losses[:, None] if losses.ndim == 1 else losses
    if losses.ndim != 2 or losses.size == 0:
        raise checks.JgdValueError(f"losses must have shape (rates,) or (rates, seeds), got {losses.shape}")
    initial = np.broadcast_to(np.asarray(initial_loss, np.float64), losses.shape[1:])
    if not np.isfinite(initial).all():
        raise checks.JgdValueError(f"initial_loss must be finite, got {initial_loss}")
    clipped = np.where(np.isfinite(losses), np.minimum(losses, initial), initial)
    best = clipped[np.argmin(clipped.mean(axis=1))]
    return estimate((clipped - best).mean(axis=0), confidence)


def response_of(
    sweep: Sweep,
    parameter: str = "learning_rate",
    recipe: str | None = None,
    over_others: str = "best",
    metric: str | None = None,
) -> ResponseCurve:
    """`response` of a sweep: the final validation metric against one of its hyperparameters.

    recipe: default the only one that has it; of several the name is needed. Configs that don't have the hyperparameter
    and those that were stopped early are left out.

    >>> import jgd
    >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 0.1, 9.0]}, seeds=2, steps=30)
    >>> curve = response_of(found)
    >>> curve.values, curve.scores.shape
    ((0.01, 0.1, 9.0), (3, 2))
    """
    ends = final_scores(sweep, recipe, metric)
    names = dict.fromkeys(name for i in ends.rows for name in sweep.configs[i][1])
    parameter = checks.choice("swept parameter", parameter, names)
    rows = [k for k, i in enumerate(ends.rows) if parameter in sweep.configs[i][1] and not ends.stopped[k]]
    owners = dict.fromkeys(sweep.configs[ends.rows[k]][0] for k in rows)
    if len(owners) != 1:
        raise checks.JgdValueError(
            f"recipe must say whose {parameter!r}: one of {', '.join(owners) or 'none finished'}"
        )
    values = [sweep.configs[ends.rows[k]][1][parameter] for k in rows]
    return response(values, ends.scores[rows], ends.larger_is_better, over_others, parameter)


def sensitivity_of(sweep: Sweep, recipe: str | None = None, confidence: float = 0.95) -> Estimate:
    """`learning_rate_sensitivity` of a sweep: the validation loss at each rate swept, the best over other parameters.

    ℓ₀ is the loss of the first step, before any update, seed by seed, the median over the configs: on that step's batch,
    so equal to the loss of all training rows only with full batches. Refused where a rate was stopped early: what it
    would have come to is not known.

    >>> import jgd
    >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 0.1, 9.0]}, seeds=2, steps=30)
    >>> sensitivity_of(found).mean > 0
    True
    """
    curve, ends = response_of(sweep, "learning_rate", recipe, metric="loss"), final_scores(sweep, recipe)
    if ends.stopped.any():
        raise checks.JgdValueError(
            f"sensitivity needs all configs at the end, but {ends.stopped.sum()} were stopped early"
        )
    if sweep.loss.shape[2] == 0:
        raise checks.JgdValueError("sensitivity needs a step or more, got a sweep of 0 steps")
    return learning_rate_sensitivity(curve.scores, np.median(sweep.loss[ends.rows, :, 0], axis=0), confidence)


def _best(rows: np.ndarray, larger: bool) -> int:
    """The row with the best mean; among rows that all lost a seed, the one that lost fewest."""
    lost = np.isnan(rows).sum(axis=1)
    means = np.nansum(rows, axis=1) / np.maximum(rows.shape[1] - lost, 1)
    return int(np.lexsort((-means if larger else means, lost))[0])


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
    parameter = numeric_parameter(sweep, parameter)
    curves = {}
    for recipe in sweep.recipes:
        ends = final_scores(sweep, recipe)
        if any(parameter in sweep.configs[i][1] for i in ends.rows[~ends.stopped]):
            curves[recipe] = response_of(sweep, parameter, recipe)
    return curves


def numeric_parameters(sweep: Sweep) -> list[str]:
    """The hyperparameters that are numbers wherever a config has them, in the order in which they come."""
    pairs = [pair for _, config in sweep.configs for pair in config.items()]
    words = {name for name, value in pairs if isinstance(value, bool) or not isinstance(value, int | float)}
    return [name for name in dict.fromkeys(name for name, _ in pairs) if name not in words]


def numeric_parameter(sweep: Sweep, parameter: str | None = None) -> str:
    """The one asked for, checked; by default learning_rate, or the first hyperparameter that is a number."""
    swept = numeric_parameters(sweep)
    if not swept:
        raise checks.JgdValueError("the sweep has no numeric hyperparameter")
    default = "learning_rate" if "learning_rate" in swept else swept[0]
    return checks.choice("swept parameter", parameter or default, swept)
