"""Where a sweep stops being stable, against what the curvature allows: enters a `Sweep` and its task."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from jgd import gradients
from jgd.analysis.check_sweep import check_sweep
from jgd.analysis.final_scores import config_indices
from jgd.core import checks
from jgd.core import seeds as seeding
from jgd.sweeps import Sweep
from jgd.tasks import Task


@dataclass(frozen=True)
class StabilityBracket:
    """Between which rates stability ends; NaN for an end that no rate tried shows.

    Attributes:
        largest_stable: Of those below smallest_unstable.
        smallest_unstable: The first rate that broke.
        mixed: A rate above smallest_unstable is stable again.
    """

    largest_stable: float
    smallest_unstable: float
    mixed: bool


@dataclass(frozen=True)
class StabilityEdge:
    """The edge that a sweep found, beside 2 (1 + β)/λ.

    Attributes:
        bracket: Between which rates stability ends.
        sharpness_at_start: (seeds,) λ, the Hessian's largest eigenvalue on the training rows, where each seed started.
        sharpness_at_end: (seeds,) where the run at the largest stable rate ended; NaN where no rate is stable.
        limit_at_start: 2 (1 + β)/λ, the smallest over seeds: the rate above which descent must grow there.
        limit_at_end: The same where the run at the largest stable rate ended.
        ratio: largest_stable / limit_at_start; on a quadratic at most 1, and 1 − ratio is how far the next rate tried lies.
        ratio_at_end: largest_stable / limit_at_end; near 1 where training drives the sharpness up to the edge (Cohen et al.
            2021).
    """

    bracket: StabilityBracket
    sharpness_at_start: np.ndarray
    sharpness_at_end: np.ndarray
    limit_at_start: float
    limit_at_end: float
    ratio: float
    ratio_at_end: float


def stability_bracket(learning_rates: Any, unstable: np.ndarray) -> StabilityBracket:
    """The largest stable and the smallest unstable learning rate.

    Args:
        learning_rates: (rates,).
        unstable: (rates,) or (rates, seeds), booleans; one seed is enough.

    Returns:
        The bracket.

    Raises:
        JgdValueError: For other shapes, and what are no booleans.

    Example:
        >>> stability_bracket([0.1, 0.2, 0.4, 0.8], np.array([False, False, True, True]))
        StabilityBracket(largest_stable=0.2, smallest_unstable=0.4, mixed=False)
    """
    rates, unstable = checks.array("learning_rates", learning_rates), np.asarray(unstable)
    if rates.ndim != 1 or rates.size == 0 or unstable.shape[:1] != rates.shape or unstable.dtype != bool:
        raise checks.JgdValueError(
            f"unstable must be booleans, a row a learning rate, got {unstable.dtype} {unstable.shape} for {rates.shape}",
            argument="unstable",
        )
    broke = unstable.reshape(len(rates), -1).any(axis=1)
    if not broke.any():
        return StabilityBracket(float(rates.max()), np.nan, False)
    first = float(rates[broke].min())
    below = rates[~broke & (rates < first)]
    return StabilityBracket(float(below.max()) if below.size else np.nan, first, bool((rates[~broke] > first).any()))


def stability_edge(sweep: Sweep, task: Task, recipe: str | None = None, momentum: float = 0.0) -> StabilityEdge:
    """Largest stable and smallest unstable learning rate of a sweep, and the limit 2 (1 + β)/λ that curvature sets.

    A run is unstable if it diverged or if its loss ended above where it started: just above the limit growth is slow,
    and a short run has not crossed the divergence limit yet. The limit is that of plain gradient descent on all rows, or of
    the heavy ball, exact where the loss is quadratic; for other optimizers, and for minibatches, the ratio only says how far
    they are from it. Other hyperparameters must not vary, except where they leave the rate's stability alone. λ:
    `jgd.gradients.sharpness`. Cohen et al. 2021, "Gradient descent on neural networks typically occurs at the edge of
    stability", arXiv:2103.00065.

    Args:
        sweep: The result of `jgd.sweep`.
        task: The one swept (its loss, init and training rows).
        recipe: One of the sweep's; default the only one.
        momentum: β of the heavy ball, in [0, 1).

    Returns:
        The edge.

    Raises:
        JgdTypeError: For what is no task.
        JgdValueError: For several recipes and none named, and a momentum outside [0, 1).

    Example:
        >>> import jgd
        >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.1, 0.2, 0.22, 0.4]}, seeds=1, steps=40)
        >>> edge = stability_edge(found, jgd.tasks.get("hours_points"))
        >>> edge.bracket.largest_stable, round(edge.limit_at_start, 3)  # 2/λ, λ = 2 Σx²/n
        (0.2, 0.214)
    """
    check_sweep(sweep)
    if not isinstance(task, Task):
        raise checks.JgdTypeError(
            f"task must be the jgd.Task that was swept, got {checks.shown(task)}", argument="task"
        )
    momentum = checks.number("momentum", momentum, "[0, 1)")
    rows = np.array([i for i in config_indices(sweep, recipe) if "learning_rate" in sweep.configs[i][1]])
    owners = dict.fromkeys(sweep.configs[i][0] for i in rows)
    if len(owners) != 1:
        raise checks.JgdValueError(
            f"recipe must say whose learning_rate: one of {', '.join(owners) or 'none has one'}", argument="recipe"
        )
    rates = np.array([sweep.configs[i][1]["learning_rate"] for i in rows], np.float64)
    found = stability_bracket(rates, grew(sweep.loss[rows], sweep.diverged_at[rows]))
    sharp = lambda params: gradients.sharpness(task.loss, params, task.train).value
    at_start = np.array([sharp(task.init(seeding.init_key(sweep.facts.splits.seed_of(seed)))) for seed in sweep.seeds])
    at_end = np.full(len(sweep.seeds), np.nan)
    if np.isfinite(found.largest_stable):
        stable = int(rows[np.flatnonzero(rates == found.largest_stable)[0]])
        at_end = np.array([sharp(sweep.params(stable, seed)) for seed in sweep.seeds])
    start, end = (2 * (1 + momentum) / values.max() if values.max() > 0 else np.inf for values in (at_start, at_end))
    end = end if np.isfinite(at_end).all() else np.nan
    return StabilityEdge(
        found, at_start, at_end, float(start), float(end), found.largest_stable / start, found.largest_stable / end
    )


def grew(loss: np.ndarray, diverged_at: np.ndarray) -> np.ndarray:
    """(configs, seeds), whether a run diverged or its last loss is above its first. loss: (configs, seeds, steps).

    >>> grew(np.array([[[1.0, 0.5], [1.0, 1.2], [1.0, np.nan]]]), np.array([[-1, -1, 1]])).tolist()
    [[False, True, True]]
    """
    loss = checks.array("loss", loss)
    if loss.ndim != 3 or loss.shape[-1] == 0:
        raise checks.JgdValueError(
            f"loss must have shape (configs, seeds, steps) with a step or more, got {loss.shape}", argument="loss"
        )
    given = np.isfinite(loss)
    last = np.take_along_axis(loss, (loss.shape[-1] - 1 - given[..., ::-1].argmax(axis=-1))[..., None], -1)[..., 0]
    return (np.asarray(diverged_at) >= 0) | ~(last <= loss[..., 0])
