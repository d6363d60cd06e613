"""Where each run ends by itself. Enters: facts of a sweep and its evaluations. Leaves: steps, and whether a rule said so."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from jgd.lane import NOT_DIVERGED
from jgd.status import Status
from jgd.sweeps.facts import SweepFacts
from jgd.sweeps.policies.early_stopping import EarlyStopping

STOPPED = "stopped"  # by a policy, or by whatever has ended the sweep so far


def ends_of(facts: SweepFacts, values: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(configs, seeds) each: the steps after which a run has ended, whether its validation stopped it, and by the target.

    values, known: (configs, seeds, evaluations) of the metric that chooses, and where runs have come so far.
    """
    shape = values.shape[:2]
    lengths = np.broadcast_to(facts.lengths[:, None], shape)
    if not isinstance(facts.policy, EarlyStopping):
        return lengths, np.zeros(shape, bool), np.zeros(shape, bool)
    at = np.array(facts.evaluation_steps)
    found = facts.policy.stops(
        values, known & (at <= lengths[..., None]), facts.evaluation_steps, facts.larger_is_better
    )
    return np.where(found.stopped, at[found.place], lengths), found.stopped, found.hit


def carried(
    facts: SweepFacts, values: Mapping[str, np.ndarray], reached: np.ndarray
) -> tuple[Mapping[str, np.ndarray], np.ndarray]:
    """Evaluations in which a run that ends before the sweep keeps its last value; and where runs end, (config, seed) in steps.

    values: name -> (config, seed, evaluation), the metric that chooses among them. reached: how far runs have come.
    """
    at = np.array(facts.evaluation_steps)
    ends, *_ = ends_of(facts, values[facts.metric], at <= reached[..., None])
    if (ends == facts.steps).all():
        return values, ends
    last = np.searchsorted(at, ends)[..., None]
    beyond = np.arange(len(at)) > last
    keep = lambda each: np.where(beyond, np.take_along_axis(each, last, axis=2), each)
    return {name: keep(each) for name, each in values.items()}, ends


def run_statuses(data: Any) -> np.ndarray:
    """See `Sweep.run_statuses`."""
    known = np.array(data.evaluation_steps) <= data.given[..., None]
    ends, stopped, hit = ends_of(data.facts, data.validation[data.metric], known)
    out = np.where(stopped, np.where(hit, Status.TARGET.value, Status.NO_PROGRESS.value), Status.MAX_STEPS.value)
    out = np.where(data.given < ends, STOPPED, out)
    return np.where(data.diverged_at != NOT_DIVERGED, Status.DIVERGED.value, out)
