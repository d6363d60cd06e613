"""Where blocks run: one protocol for the devices of this process and for the workers of a pool."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from jgd.sweeps.engine.block import Block
from jgd.sweeps.engine.progress import Meter
from jgd.sweeps.engine.work import Job, Outcome, Work

JobOf: TypeAlias = Callable[[Block], Job]  # made when a block is about to run: its lanes take memory
Land: TypeAlias = Callable[[Outcome], None]  # may be called from several threads


class Workers(Protocol):
    """Those who run the blocks of one sweep."""

    def run(self, blocks: Sequence[Block], job_of: JobOf, land: Land) -> None:
        """Run all of them, in any order, and land what each leaves; the first fault ends it."""
        ...


class Executor(Protocol):
    """Where workers come from."""

    def workers(self, work: Work, meter: Meter) -> Workers:
        """Workers for the blocks of a sweep. meter: told of what they make."""
        ...
