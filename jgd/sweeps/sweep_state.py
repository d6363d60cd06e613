"""What a policy decides by. Enters: a store, the rounds so far. Leaves: how far runs have come, and their scores until there."""

from collections.abc import Sequence

import numpy as np

from jgd.sweeps.config_table import Seen
from jgd.sweeps.facts import SweepFacts
from jgd.sweeps.own_ends import carried
from jgd.sweeps.policies.policy import Round, SweepState
from jgd.sweeps.round_blocks import left_of
from jgd.sweeps.store.base import Store


def note_given(facts: SweepFacts, store: Store, current: Round, given: np.ndarray) -> bool:
    """Enter how far the configs of a round have come at all of its seeds: -> whether that is its end for all."""
    runs = current.runs(given.shape)
    come = np.where(runs, store.scores.reached, facts.steps).min(axis=1)
    given[:] = np.where(runs, np.minimum(come, facts.ends_in(current))[:, None], given)
    return not left_of(facts, current, store).any()


def state_of(facts: SweepFacts, store: Store, given: np.ndarray, rounds: Sequence[Round]) -> SweepState:
    """What the policy decides by; the scores alone are read from the store."""
    values, ends = carried(facts, {facts.metric: store.scores.values[facts.metric]}, store.scores.reached)
    scores = values[facts.metric]
    # what an interrupted round has measured already is of no account yet
    whole = given >= ends  # it keeps what it ended with
    unseen = np.array(facts.evaluation_steps) > np.where(whole, facts.steps, given)[..., None]
    return SweepState(
        configs=Seen(facts.configs, lambda recipe, values: values),
        seeds=facts.seeds,
        steps=facts.steps,
        larger_is_better=facts.larger_is_better,
        evaluation_steps=facts.evaluation_steps,
        reached=given.max(axis=1),
        scores=np.where(unseen, np.nan, scores),
        rounds=tuple(rounds),
        groups=facts.groups,
        spaces=Seen(facts.configs, lambda recipe, values: facts.spaces[recipe]),
        overlap=facts.splits.overlap,
    )
