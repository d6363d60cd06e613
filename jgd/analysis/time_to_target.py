"""How soon a target is reached: enters a metric over evaluations, leaves steps, with "never" kept as such."""

from dataclasses import dataclass

import numpy as np

from jgd.analysis.check_sweep import check_sweep
from jgd.analysis.final_scores import config_indices
from jgd.core import checks
from jgd.sweeps import Sweep


@dataclass(frozen=True)
class TimeToTarget:
    """When runs first reached a target.

    Attributes:
        target: The value.
        steps: (config, seed) updates until the first evaluation at or beyond it; inf where it never came.
        known: (config, seed), False where a run was stopped early before it could; its steps are inf too.
        share_reached: (config,) of the seeds that it ran with.
        median_steps: (config,) the first time at which half of the seeds or more are there, inf if none is.
        seconds: (config,) median_steps in seconds of one run's share of the machine; NaN where that is not known.
    """

    target: float
    steps: np.ndarray
    known: np.ndarray
    share_reached: np.ndarray
    median_steps: np.ndarray
    seconds: np.ndarray


def time_to_target(
    values: np.ndarray,
    evaluate_at: tuple[int, ...],
    target: float,
    larger_is_better: bool,
    reached: np.ndarray | None = None,
    seconds_per_step: float = float("nan"),
) -> TimeToTarget:
    """Steps until a metric first reaches `target`, run by run, and their median with censoring.

    A run that diverged, or went to its end without reaching it, is a "never" and stays in the median as the slowest; one
    that was stopped early is censored there, and the median is Kaplan & Meier's (1958).

    Args:
        values: (config, seed, evaluation), NaN after a run diverged or stopped.
        evaluate_at: (evaluations,) updates made; steps are as coarse as that.
        target: The value to reach.
        larger_is_better: Of the values.
        reached: (config,) or (config, seed), steps that each config or run was given; default all.
        seconds_per_step: Of one run; default unknown.

    Returns:
        Steps, shares and medians.

    Raises:
        JgdValueError: For other shapes.

    Example:
        >>> falling = np.array([[[3.0, 2.0, 1.0], [3.0, 1.0, 0.5], [3.0, 2.0, 2.0]]])
        >>> time = time_to_target(falling, (10, 20, 30), 1.0, larger_is_better=False)
        >>> time.steps.tolist(), time.median_steps.tolist(), time.share_reached.tolist()
        ([[30.0, 20.0, inf]], [30.0], [0.67])
    """
    larger = checks.flag("larger_is_better", larger_is_better)
    target = checks.number("target", target, "(-inf, inf)")
    seconds = checks.array("seconds_per_step", seconds_per_step)
    if seconds.ndim:
        raise checks.JgdTypeError(
            f"seconds_per_step must be one number, got {seconds.shape}", argument="seconds_per_step"
        )
    values, at = checks.array("values", values), checks.array("evaluate_at", evaluate_at)
    if values.ndim != 3 or values.shape[2:] != at.shape or not at.size:
        raise checks.JgdValueError(
            f"values must have shape (config, seed, {at.size} evaluations), got {values.shape}", argument="values"
        )
    hit = values >= target if larger else values <= target  # NaN is neither
    steps = np.where(hit.any(axis=2), at[hit.argmax(axis=2)], np.inf)
    given = np.full(len(values), at[-1]) if reached is None else checks.array("reached", reached)
    if given.shape not in (steps.shape, steps.shape[:1]):
        raise checks.JgdValueError(
            f"reached must be steps, one number a config or run, got shape {given.shape}", argument="reached"
        )
    given = given.reshape(len(values), -1) + np.zeros(steps.shape)
    ran = given > 0
    diverged = (np.isnan(values) & ran[..., None] & (at <= given[..., None])).any(axis=2)
    known = np.isfinite(steps) | diverged | (given >= at[-1])
    median = np.array([_median(row, ~seen, end) for row, seen, end in zip(steps, known, given, strict=True)])
    share = hit.any(axis=2).sum(axis=1) / np.maximum(ran.sum(axis=1), 1)
    return TimeToTarget(target, steps, known, share, median, median * float(seconds))


def time_to_target_of(sweep: Sweep, target: float, recipe: str | None = None) -> TimeToTarget:
    """`time_to_target` of a sweep's validation metric, the one that selects.

    Args:
        sweep: The result of `jgd.sweep`.
        target: The value to reach.
        recipe: One of the sweep's; default all configs.

    Returns:
        Steps, shares and medians.

    Raises:
        JgdValueError: For an unknown recipe.

    Example:
        >>> import jgd
        >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 0.1, 9.0]}, seeds=2, steps=30)
        >>> time_to_target_of(found, 0.01).median_steps.tolist()
        [inf, 3.0, inf]
    """
    check_sweep(sweep)
    rows = config_indices(sweep, recipe)
    return time_to_target(
        sweep.validation[sweep.metric][rows],
        sweep.evaluation_steps,
        target,
        sweep.larger_is_better,
        sweep.given[rows],
        1 / sweep.cost["steps_per_second"] if sweep.cost.get("steps_per_second") else float("nan"),
    )


def _median(steps: np.ndarray, censored: np.ndarray, end: np.ndarray) -> float:
    """The first time at which the Kaplan–Meier share still on its way is at most a half; inf if it never is."""
    from scipy import stats  # here: jgd imports as fast as jax

    if not np.isfinite(steps).any():
        return np.inf
    # a "never" stays on its way beyond every time seen: censored at infinity, which is past all of them
    times = np.where(np.isfinite(steps), steps, np.where(censored, end, np.finfo(np.float64).max))
    curve = stats.ecdf(stats.CensoredData.right_censored(times, ~np.isfinite(steps))).sf
    under = np.flatnonzero(curve.probabilities <= 0.5 + 1e-12)
    return float(curve.quantiles[under[0]]) if len(under) else np.inf
