"""What a block takes on its device: bytes as a line in its width, from the compiled program at two widths.

A program's arguments, outputs and scratch grow with the number of lanes; data and what is shared don't. XLA tells all
of it without a step being made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jgd.core import seeds
from jgd.data.batches import Batches
from jgd.sweeps.engine.programs import CAPACITY, SharedData, block_shapes, segment_program
from jgd.sweeps.run_spec import Build
from jgd.tasks import Task

WIDTHS = 2, 4  # of the programs that are asked; one lane alone would be another program


@dataclass(frozen=True)
class Footprint:
    """Bytes of a running block: `fixed` + `lane` × its width."""

    fixed: float
    lane: float

    def of(self, width: int) -> int:
        return round(self.fixed + self.lane * width)

    def widest(self, memory: int) -> int:
        """The most lanes that fit into `memory` bytes; below 1 where none does."""
        return int((memory - self.fixed) // self.lane)


def footprint(
    build: Build,
    values: Mapping[str, float],
    task: Task,
    batches: Batches,
    widths: tuple[int, int] = WIDTHS,
    **recorded: Any,
) -> Footprint:
    """Compile a group's program at two widths and ask what it takes.

    values: the numbers of one of its configs. recorded: `record` and `observe` of `run_segment`.
    """
    few, many = (_bytes(build, values, task, batches, width, **recorded) for width in widths)
    lane = (many - few) / (widths[1] - widths[0])
    return Footprint(few - lane * widths[0], lane)


def _bytes(build: Build, values: Mapping[str, float], task: Task, batches: Batches, width: int, **recorded: Any) -> int:
    shared, key = SharedData.of(task), seeds.key(0, seeds.Stream.ORDER)
    block = block_shapes(build, {name: np.full(width, value) for name, value in values.items()}, task, width=width)
    arguments = (block.spec, block.lanes, block.limit, shared, (key, key), np.int32(0))
    structure = {"batches": batches, "capacity": CAPACITY, "aux": block.aux, **recorded}
    program = segment_program().lower(*arguments, **structure).compile()
    told: Any = program.memory_analysis()
    return told.argument_size_in_bytes + told.output_size_in_bytes - told.alias_size_in_bytes + told.temp_size_in_bytes


def peak(devices: Sequence[Any]) -> int | None:
    """The most bytes that were in use on any of the devices; None where they don't count (a CPU)."""
    stats = [device.memory_stats() for device in devices]
    return max((s["peak_bytes_in_use"] for s in stats if s and "peak_bytes_in_use" in s), default=None)
