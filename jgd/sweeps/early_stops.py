"""Where each run of a sweep would have been stopped early. Enters: its evaluations. Leaves: steps and scores.

A sweep's runs all go to their end, side by side; stopping is then a way of reading them, for any rule and without a step.
"""

from dataclasses import dataclass

import numpy as np

from jgd.core import checks
from jgd.spaces.lists import plain
from jgd.sweeps.policies.early_stopping import check_rule, follow
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
    least = plain(min_delta)
    check_rule("early_stops", patience, target, least)
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
    found = follow(sign * values, known, patience, least, None if target is None else sign * target)
    place, best = found.place, found.best
    steps = np.where(found.stopped, at[place], given)
    chosen = np.take_along_axis(values, np.maximum(best, 0)[..., None], axis=2)[..., 0]
    ended = np.take_along_axis(values, place[..., None], axis=2)[..., 0]
    scores = np.where((best < 0) | np.isnan(ended), np.nan, chosen)
    return EarlyStops(
        steps=steps,
        stopped=found.stopped,
        best_steps=np.where(best < 0, -1, at[np.maximum(best, 0)]),
        scores=scores,
        saved_share=float(1 - steps.sum() / given.sum()) if given.sum() else 0.0,
        config=pick(scores, data.larger_is_better),
    )
