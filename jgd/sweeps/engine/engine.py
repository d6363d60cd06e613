"""The engine: a round's blocks to those who run them, and what they leave into the store."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from jgd.lane import NOT_DIVERGED
from jgd.sweeps.engine.block import Block, padded_numbers
from jgd.sweeps.engine.executor import Executor, Workers
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
    ) -> "Engine":
        """An engine that has run nothing so far. executor: the plan's own devices without one."""
        silent: Callable[[SweepProgress], None] = lambda progress: None
        meter = Meter(callback or silent, plan.task.larger_is_better)
        return cls(plan, store, meter, (executor or plan.devices).workers(plan.work, meter))

    def run(self, current: Round, blocks: Sequence[Block]) -> None:
        """Run the blocks; each result goes to the store as soon as it is there."""
        if blocks:
            self.meter.total += sum(block.lane_steps for block in blocks)
            self.workers.run(blocks, partial(self._job, current), self._land)

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
                self.store.release(outcome.before)
            self.meter.blocks += outcome.last
