"""A sweep whose rounds overlap: its policy is asked for the next one whenever a worker has nothing to do.

* A decision is a `Round`, as of any policy: some configs, at all seeds, to a number of steps. It has landed when all its blocks
  have. What a policy sees are the scores of rounds that have landed, and which configs are on their way (`SweepState.running`).
* What has landed by then is a matter of chance, and so is who goes on. Bits are not: a block's numbers are a function of its
  configs, seed and steps. So it is the decisions that are kept: each is written to the directory before a block of it begins.
  A sweep that was killed takes the rounds that are there as they are, runs what is left of them, and then asks again; who looks
  at a directory takes them from there too. A later number of workers changes none of them.
* How far runs are given, what counts, a run's past: all that follows from rounds, whether they overlapped or not.
* A pool's worker asks as soon as it has nothing to do. The threads of this process take all that there is by now and run it,
  then all that this has given, so that the order in which they finish decides nothing.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from jgd.sweeps.engine.block import Block
from jgd.sweeps.plan import Plan
from jgd.sweeps.policies.policy import Round
from jgd.sweeps.round_blocks import round_blocks
from jgd.sweeps.store.base import Store
from jgd.sweeps.sweep_state import note_given, state_of


@dataclass
class OverlappingRounds:
    """The rounds of a plan so far, those that the store has noted first. given: (config, seed) how far they have brought runs."""

    plan: Plan
    store: Store
    given: np.ndarray
    rounds: list[Round] = field(init=False)
    _running: list[Round] = field(init=False)  # those that have not landed
    _again: deque[Round] = field(init=False)  # of these, what an earlier process has left
    _seen: int = field(init=False)  # block results that were there at the last look

    def __post_init__(self) -> None:
        self.rounds = list(self.store.noted_rounds())
        self._running = [each for each in self.rounds if not self._has_landed(each)]
        self._again = deque(self._running)
        self._seen = len(self.store.blocks)

    def decide(self) -> tuple[Round, Sequence[Block]] | None:
        """The next round, with what is left of it; None where there is none by now."""
        self.take_in()
        if self._again:
            current = self._again.popleft()
            return current, round_blocks(self.plan, current, self.store)
        state = state_of(self.plan.facts, self.store, self.given, self.rounds)
        running = frozenset(config for each in self._running for config in each.configs)
        current = self.plan.policy.next_round(replace(state, running=running, widths=self.plan.widths))
        if current is None:
            return None
        self.rounds.append(current)
        self.store.note_rounds(self.rounds)
        if not self._has_landed(current):  # as one does whose configs end before it
            self._running.append(current)
        return current, round_blocks(self.plan, current, self.store)

    def take_in(self) -> None:
        """Look at the rounds of blocks that have landed since the last time."""
        new = {config for block in self.store.blocks[self._seen :] for config in block.configs}
        self._seen = len(self.store.blocks)
        looked_at = [each for each in self._running if not new.isdisjoint(each.configs)]
        landed = {id(each): each.until for each in looked_at if self._has_landed(each)}
        self._running = [each for each in self._running if id(each) not in landed]
        for until in set(landed.values()):
            self.store.end_round(until)

    def _has_landed(self, each: Round) -> bool:
        return note_given(self.plan.facts, self.store, each, self.given)
