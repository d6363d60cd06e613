"""The devices of this process, a thread each: a thread takes the next block when it is done with one.

Nothing is sharded, so that a run's bits don't depend on the device or on how many threads there are. A CPU is one device
with a thread a core.
"""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import jax

from jgd.sweeps.engine.block import Block
from jgd.sweeps.engine.compile import compile_programs
from jgd.sweeps.engine.device_inputs import DeviceInputs, device_inputs
from jgd.sweeps.engine.devices import available_cores
from jgd.sweeps.engine.executor import JobOf, Land, Take
from jgd.sweeps.engine.progress import Meter
from jgd.sweeps.engine.run_block import run_block
from jgd.sweeps.engine.threads import in_threads
from jgd.sweeps.engine.work import Work


@dataclass(frozen=True)
class LocalDevices:
    """Devices of this process, an entry for each block that runs at once. In another process it is all that are there."""

    devices: tuple[Any, ...]

    @classmethod
    def all(cls) -> "LocalDevices":
        """All local ones; on a CPU the first, once for each core.

        Host devices share memory and cores, and one device runs what several threads call side by side, so that each
        program is compiled once.
        """
        local = jax.local_devices()
        several = available_cores() if len(local) == 1 else len(local)  # `use_cores(count)` has asked for so many
        return cls((local[0],) * several if local[0].platform == "cpu" else tuple(local))

    @property
    def platform(self) -> str:
        """What they are, as `jax.default_backend()` has it."""
        return self.devices[0].platform

    def one(self) -> "LocalDevices":
        """The first of them alone."""
        return LocalDevices(self.devices[:1])

    def workers(self, work: Work, meter: Meter, late: Callable[[], bool] = lambda: False) -> "Threads":
        return Threads(work, self.devices, meter, late)

    def __reduce__(self) -> tuple[Any, ...]:
        return LocalDevices.all, ()


@dataclass
class Threads:
    """A thread a device, with what blocks are fed there and what has been compiled."""

    work: Work
    devices: tuple[Any, ...]
    meter: Meter
    late: Callable[[], bool] = lambda: False  # whether no further block shall begin
    _inputs: list[DeviceInputs] = field(default_factory=list)
    _compiled: set[int] = field(default_factory=set)  # groups

    def run(self, take: Take, job_of: JobOf, land: Land) -> None:
        """Run all that is there by now, then what that has given to take: so that the order of landing decides nothing."""
        while not self.late() and (blocks := list(iter(partial(take, True), None))):
            self._compile(blocks, job_of)
            self._run(blocks, job_of, land)

    def _compile(self, blocks: Sequence[Block], job_of: JobOf) -> None:
        """The programs that these blocks are the first to need."""
        begin = time.perf_counter()
        self._inputs = self._inputs or device_inputs(self.work, self.devices)
        first = {block.group: block for block in reversed(blocks)}
        missing = [block for block in first.values() if block.group not in self._compiled]
        if missing:
            jobs = [job_of(replace(block, begin=0)) for block in missing]
            compile_programs(self.work, self._inputs, jobs, self.meter)
            self._compiled.update(block.group for block in missing)
        self.meter.compile_seconds += time.perf_counter() - begin

    def _run(self, blocks: Sequence[Block], job_of: JobOf, land: Land) -> None:
        waiting: queue.SimpleQueue[Block] = queue.SimpleQueue()
        for block in blocks:
            waiting.put(block)

        def serve(inputs: DeviceInputs, stop: threading.Event) -> None:
            while not stop.is_set() and not self.late():
                try:
                    block = waiting.get_nowait()
                except queue.Empty:
                    return
                for outcome in run_block(self.work, inputs, job_of(block), self.meter.report_steps, stop):
                    land(outcome)

        self.meter.begin_run()
        in_threads([partial(serve, inputs) for inputs in self._inputs])
        self.meter.end_run()
