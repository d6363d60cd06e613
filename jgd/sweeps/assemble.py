"""The result of what is in a store. Enters: what a sweep is, the block results so far. Leaves: `SweepData`."""

from collections.abc import Callable
from typing import Any

import numpy as np

from jgd.lane import NOT_DIVERGED
from jgd.sweeps.facts import SweepFacts
from jgd.sweeps.own_ends import carried
from jgd.sweeps.plan import Plan
from jgd.sweeps.policies.policy import Round, furthest
from jgd.sweeps.store.base import Store
from jgd.sweeps.sweep_data import SweepData


def assemble(
    facts: SweepFacts,
    made_by: Plan | Callable[[], Plan],
    store: Store,
    given: np.ndarray,
    cost: dict[str, Any],
    rounds: tuple[Round, ...] = (),
) -> SweepData:
    """The result of what is in the store; runs or steps that are not there (yet) are NaN.

    rounds: beyond which nothing counts, such as what a smaller sweep ran of a config that this one stops; () for no end.
    """
    scores = store.scores
    found, own = carried(facts, scores.values, scores.reached)
    ends = furthest(rounds, given.shape) if rounds else np.full(given.shape, facts.steps)
    ends = np.where(ends >= own, facts.steps, ends)  # a run keeps what it ended with
    beyond = np.array(facts.evaluation_steps) > ends[..., None]
    validation = {name: np.where(beyond, np.nan, values) for name, values in found.items()}
    diverged_at = np.where(scores.diverged_at < ends, scores.diverged_at, NOT_DIVERGED).astype(np.int32)
    return SweepData(facts, made_by, store, given, validation, diverged_at, cost, rounds)
