"""Round by round through a sweep: the policy says who goes on, the engine runs what is left, the store keeps it."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from jgd.sweeps.assemble import assemble
from jgd.sweeps.asynchronous import OverlappingRounds
from jgd.sweeps.cost import Spent, measured_cost, peak_bytes, setup_of
from jgd.sweeps.engine.engine import Engine
from jgd.sweeps.engine.executor import Executor
from jgd.sweeps.engine.progress import Meter, SweepProgress
from jgd.sweeps.facts import SweepFacts
from jgd.sweeps.plan import Plan
from jgd.sweeps.policies.policy import Full, Round
from jgd.sweeps.round_blocks import round_blocks
from jgd.sweeps.share import Share
from jgd.sweeps.store.base import Store
from jgd.sweeps.sweep_data import SweepData
from jgd.sweeps.sweep_state import note_given, state_of


def run_plan(
    plan: Plan,
    store: Store,
    callback: Callable[[SweepProgress], None] | None = None,
    executor: Executor | None = None,
    share: Share | None = None,
    seconds: float = math.inf,
) -> SweepData:
    """Run what is left of a plan, on its own devices or by an executor: -> what was found.

    share: of several processes, each of which takes the others' results from the store where a policy asks for them. seconds: after
    which no block begins any more.
    """
    engine = Engine.of(plan, store, callback, executor, seconds)
    given = np.zeros((len(plan.configs), len(plan.seeds)), int)
    if plan.policy.asynchronous:
        overlapping = OverlappingRounds(plan, store, given)
        engine.run_on_demand(overlapping.decide)
        overlapping.take_in()
        rounds, spent = overlapping.rounds, []
    else:
        rounds, spent = _run_rounds(plan, store, engine, given, share)
    setup = setup_of(plan) | peak_bytes(plan)
    cost = measured_cost(plan.facts, setup, engine.meter, given, rounds[: len(spent)], spent)
    return assemble(plan.facts, plan, store, given, cost, tuple(rounds))


def _run_rounds(
    plan: Plan, store: Store, engine: Engine, given: np.ndarray, share: Share | None
) -> tuple[list[Round], list[Spent]]:
    """One round after another: -> the rounds, and what each took."""
    rounds: list[Round] = []
    spent: list[Spent] = []
    while (current := plan.policy.next_round(state_of(plan.facts, store, given, rounds))) is not None:
        before = Spent.by(engine.meter)
        rounds.append(current)
        store.note_rounds(rounds)
        if share is None:
            _run_round(plan, store, engine, rounds)
        else:
            _run_share(plan, store, engine, rounds, share)
        spent.append(Spent.by(engine.meter).since(before))
        if not note_given(plan.facts, store, current, given):
            break  # others have not landed their share, and no policy waits for it; or time is over
        store.end_round(current.until)
    return rounds, spent


def _run_round(
    plan: Plan, store: Store, engine: Engine, rounds: Sequence[Round], runs: np.ndarray | None = None
) -> None:
    """What is left of the last round, or these runs of it; and before that whatever it goes on from and has been lost."""
    current = rounds[-1]
    blocks = round_blocks(plan, current, store, runs)
    starts = {(current.origin(c, b.seed, b.begin), b.seed, b.begin) for b in blocks if b.begin for c in b.configs}
    lost = [(config, seed) for config, seed, step in starts if not store.can_resume(config, seed, step)]
    if lost:
        again = np.zeros((len(plan.configs), len(plan.seeds)), bool)
        again[tuple(zip(*lost, strict=True))] = True
        _run_round(plan, store, engine, rounds[:-1], again)
    engine.run(current, blocks)


def _run_share(plan: Plan, store: Store, engine: Engine, rounds: Sequence[Round], share: Share) -> None:
    """A share of the last round; where a policy decides by the whole round, also what the others have and land."""
    current = rounds[-1]
    _run_round(plan, store, engine, rounds, share.runs(plan, current, store))
    if isinstance(plan.policy, Full):
        store.read()
    elif (missing := share.left(plan, current, store)).any():
        _run_round(plan, store, engine, rounds, missing)


def stored_so_far(facts: SweepFacts, store: Store, setup: Mapping[str, Any], made_by: Callable[[], Plan]) -> SweepData:
    """What a store tells of a sweep, without a step: its whole rounds, and what there is of the one after them."""
    given = np.zeros((len(facts.configs), len(facts.seeds)), int)
    rounds: list[Round] = []
    if facts.policy.asynchronous:
        rounds += store.noted_rounds()
        for each in rounds:
            note_given(facts, store, each, given)
    else:
        while (current := facts.policy.next_round(state_of(facts, store, given, rounds))) is not None:
            rounds.append(current)
            if not note_given(facts, store, current, given):
                break
    idle = Meter(lambda progress: None, facts.larger_is_better)
    cost = measured_cost(facts, setup, idle, given)
    return assemble(facts, made_by, store, given, cost, tuple(rounds))
