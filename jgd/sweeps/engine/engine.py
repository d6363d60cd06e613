"""The engine: a round's blocks to those who run them, and what they leave into the store."""

import math
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from jgd.lane import NOT_DIVERGED
from jgd.sweeps.engine.block import Block, padded_numbers
from jgd.sweeps.engine.executor import Executor, Workers, one_by_one
from jgd.sweeps.engine.progress import Meter, SweepProgress
from jgd.sweeps.engine.work import Job, Outcome
from jgd.sweeps.plan import Plan
from jgd.sweeps.policies.policy import Round
from jgd.sweeps.store.base import Store


@dataclass
class Engine:
    """A plan with its store, those who run its blocks, and what that has cost."""

    plan: Plan
    store: Store
    meter: Meter
    workers: Workers

    @classmethod
    def of(
        cls,
        plan: Plan,
        store: Store,
        callback: Callable[[SweepProgress], None] | None = None,
        executor: Executor | None = None,
        seconds: float = math.inf,
    ) -> "Engine":
        """An engine that has run nothing so far.

        executor: the plan's own devices without one, which begin no block after so many seconds.
        """
        silent: Callable[[SweepProgress], None] = lambda progress: None
        meter = Meter(callback or silent, plan.task.larger_is_better)
        if executor is not None:
            return cls(plan, store, meter, executor.workers(plan.work, meter))
        end = time.monotonic() + seconds
        return cls(plan, store, meter, plan.devices.workers(plan.work, meter, lambda: time.monotonic() >= end))

    def run(self, current: Round, blocks: Sequence[Block]) -> None:
        """Run the blocks; each result goes to the store as soon as it is there."""
        if blocks:
            self.meter.total += sum(block.lane_steps for block in blocks)
            self.workers.run(one_by_one(_whole_configs_first(blocks)), partial(self._job, current), self._land)

    def run_on_demand(self, decide: Callable[[], tuple[Round, Sequence[Block]] | None]) -> None:
        """Run the blocks of several rounds at once.

        decide: asked for the next round, with what is left of it, when a worker has nothing to do; None where there is none by now.
        """
        waiting, round_of = deque[Block](), dict[Any, Round]()
        ends = lambda block: (
            block.configs,
            block.seed,
            block.end,
        )  # wherever it begins: programs are made for its start

        def take(waits: bool) -> Block | None:
            while waits and not waiting and (made := decide()) is not None:
                current, blocks = made
                waiting.extend(blocks)
                round_of.update(dict.fromkeys(map(ends, blocks), current))
                self.meter.total += sum(block.lane_steps for block in blocks)
            return waiting.popleft() if waiting else None

        self.workers.run(take, lambda block: self._job(round_of[ends(block)], block), self._land)

    def _job(self, current: Round, block: Block) -> Job:
        """What a block takes: the numbers of its configs in this round, and the lanes that it goes on from."""
        group, width = self.plan.groups[block.group], self.plan.widths[block.group]
        values = padded_numbers(self.plan.hyperparameters(block, current), group.numbers, width)
        if block.begin == 0:
            return Job(block, values)
        origins = [(current.origin(config, block.seed, block.begin), block.seed) for config in block.configs]
        return Job(block, values, self.store.gather(origins, block.begin, width))

    def _land(self, outcome: Outcome) -> None:
        """A result into the store, with the lanes at its end; those that it went on from are let go."""
        result = outcome.result
        with self.meter.lock:
            self.store.add(result, outcome.lanes)
            sound = result.diverged_at == NOT_DIVERGED
            self.meter.note_scores(np.asarray(result.metrics[self.plan.task.metric])[:, sound])
            if outcome.before is not None:
                self.store.release(self.store.number_of(outcome.before))
            self.meter.blocks += outcome.last


def _whole_configs_first(blocks: Sequence[Block]) -> list[Block]:
    """The blocks in the order in which they begin: the first configs of each group at all seeds, then the next ones.

    What has run when time is over, or a process is killed, is then a sweep of fewer configs.
    """
    seen: Counter[tuple[int, int]] = Counter()
    places = []
    for block in blocks:
        places.append((seen[block.group, block.seed], block.group, block.seed))
        seen[block.group, block.seed] += 1
    return [block for _, block in sorted(zip(places, blocks, strict=True), key=lambda each: each[0])]
