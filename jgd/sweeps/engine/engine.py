"""The engine: compiles one program a group of configs and device, and hands whole blocks to threads.

Each entry of the plan's devices has a thread, which takes the next block when it is done with one; nothing is sharded,
so a run's bits don't depend on the device or on how many threads there are. A CPU is one device with a thread a core.
"""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from jgd.sweeps.engine.block import Block
from jgd.sweeps.engine.compile import compile_programs
from jgd.sweeps.engine.device_inputs import DeviceInputs, device_inputs
from jgd.sweeps.engine.progress import Meter, SweepProgress
from jgd.sweeps.engine.run_block import run_block
from jgd.sweeps.engine.threads import in_threads
from jgd.sweeps.plan import Plan
from jgd.sweeps.policies.policy import Round
from jgd.sweeps.store.base import Store


@dataclass
class Engine:
    """The devices of a sweep with their copies of what blocks are fed, what was compiled, and what it cost."""

    plan: Plan
    store: Store
    meter: Meter
    _devices: list[DeviceInputs] = field(default_factory=list)
    _compiled: set[int] = field(default_factory=set)  # groups

    @classmethod
    def of(cls, plan: Plan, store: Store, callback: Callable[[SweepProgress], None] | None = None) -> "Engine":
        """An engine that has run nothing so far."""
        silent: Callable[[SweepProgress], None] = lambda progress: None
        return cls(plan, store, Meter(callback or silent, plan.task.larger_is_better))

    def run(self, current: Round, blocks: Sequence[Block]) -> None:
        """Compile what is missing, then run the blocks; each result goes to the store as soon as it is there."""
        if not blocks:
            return
        self.meter.total += sum(block.lane_steps for block in blocks)
        begin = time.perf_counter()
        self._devices = self._devices or device_inputs(self.plan)
        first = {block.group: block for block in reversed(blocks)}
        missing = [block for block in first.values() if block.group not in self._compiled]
        if missing:
            compile_programs(self.plan, self._devices, current, missing, self.meter)
            self._compiled.update(block.group for block in missing)
        self.meter.compile_seconds += time.perf_counter() - begin
        self._run(current, blocks)

    def _run(self, current: Round, blocks: Sequence[Block]) -> None:
        waiting: queue.SimpleQueue[Block] = queue.SimpleQueue()
        for block in blocks:
            waiting.put(block)

        def serve(inputs: DeviceInputs, stop: threading.Event) -> None:
            while not stop.is_set():
                try:
                    block = waiting.get_nowait()
                except queue.Empty:
                    return
                run_block(self.plan, self.store, self.meter, inputs, current, block, stop)

        self.meter.begin_run()
        in_threads([partial(serve, inputs) for inputs in self._devices])
        self.meter.end_run()
