"""Where each run of a sweep would have been stopped early. Enters: its evaluations. Leaves: steps and scores.

A sweep's runs all go to their end, side by side; stopping is then a way of reading them, for any rule and without a step.
"""

from dataclasses import dataclass

import numpy as np

from jgd.core import checks
from jgd.spaces.lists import plain
from jgd.sweeps.selection import pick
from jgd.sweeps.sweep_data import SweepData


@dataclass(frozen=True)
class EarlyStops:
    """What a rule of early stopping makes of a sweep's runs.

    Attributes:
        steps: (config, seed) the updates after which each run stops.
        stopped: (config, seed) whether it is the rule that stopped it, and not the end of the sweep.
        best_steps: (config, seed) the updates before its best evaluation until then; −1 where none is a number.
        scores: (config, seed) the value of that evaluation; NaN where a run diverged before it stopped, or has none.
        saved_share: of all updates, those that came after the stops.
        config: the index of the config with the best mean of `scores` over seeds; None where every run diverged. As the best
            evaluation is chosen by the same rows, scores flatter more than those after the last step.
    """

    steps: np.ndarray
    stopped: np.ndarray
    best_steps: np.ndarray
    scores: np.ndarray
    saved_share: float
    config: int | None


def early_stops(
    data: SweepData, patience: int | None = None, min_delta: float = 0.0, target: float | None = None
) -> EarlyStops:
    """See `Sweep.early_stops`."""
    patience, target = plain(patience), plain(target)
    if patience is None and target is None:
        raise checks.JgdValueError("early_stops needs patience=, target= or both", argument="patience")
    most = None if patience is None else checks.count("patience", patience, 1)
    least = checks.number("min_delta", min_delta, ">= 0")
    goal = None if target is None else checks.number("target", target, "(-inf, inf)")
    if data.is_population:
        raise checks.JgdValueError("early_stops reads runs of their own, and a population's go on from one another")
    sign = 1.0 if data.larger_is_better else -1.0
    values = np.asarray(data.validation[data.metric], np.float64)
    at = np.array(data.evaluation_steps)
    given = np.asarray(data.given)
    known = at <= given[..., None]  # NaN there is a run that diverged
    if len(set(data.facts.run_steps)) > 1:  # or one that was not evaluated where others ended
        alive = (data.diverged_at < 0)[..., None] | (at <= data.diverged_at[..., None])
        known &= ~(alive & np.isnan(values))
    place, best, stopped = _follow(sign * values, known, most, least, None if goal is None else sign * goal)
    steps = np.where(stopped, at[place], given)
    chosen = np.take_along_axis(values, np.maximum(best, 0)[..., None], axis=2)[..., 0]
    ended = np.take_along_axis(values, place[..., None], axis=2)[..., 0]
    scores = np.where((best < 0) | np.isnan(ended), np.nan, chosen)
    return EarlyStops(
        steps=steps,
        stopped=stopped,
        best_steps=np.where(best < 0, -1, at[np.maximum(best, 0)]),
        scores=scores,
        saved_share=float(1 - steps.sum() / given.sum()) if given.sum() else 0.0,
        config=pick(scores, data.larger_is_better),
    )


def _follow(
    values: np.ndarray, known: np.ndarray, patience: int | None, min_delta: float, target: float | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(where each run stops, its best evaluation until then, whether a rule stopped it), by evaluations; larger is better.

    The rule of `jgd.stopping.EarlyStopping`: a gain has to beat the last one that counted by more than `min_delta`, and a NaN
    counts as waiting.
    """
    shape = values.shape[:2]
    best, waited = np.full(shape, -1), np.zeros(shape, int)
    top, to_beat = np.full(shape, -np.inf), np.full(shape, -np.inf)
    place, stopped = np.zeros(shape, int), np.zeros(shape, bool)
    for now in range(values.shape[2]):
        value, runs = values[..., now], ~stopped & known[..., now]
        place = np.where(runs, now, place)
        gains = runs & (value > to_beat + min_delta)
        wins = runs & (value > top)
        best, top = np.where(wins, now, best), np.where(wins, value, top)
        to_beat, waited = np.where(gains, value, to_beat), np.where(gains, 0, waited + 1)
        if patience is not None:
            stopped = stopped | (runs & (waited >= patience))
        if target is not None:
            stopped = stopped | (runs & (value >= target))
    return place, best, stopped
