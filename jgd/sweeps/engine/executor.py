"""Where blocks run: one protocol for the devices of this process and for the workers of a pool."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from jgd.sweeps.engine.block import Block
from jgd.sweeps.engine.progress import Meter
from jgd.sweeps.engine.work import Job, Outcome, Work

JobOf: TypeAlias = Callable[[Block], Job]  # made when a block is about to run: its lanes take memory
Take: TypeAlias = Callable[
    [bool], Block | None
]  # the next block, None where there is none by now; whether a worker waits for it
Land: TypeAlias = Callable[[Outcome], None]  # may be called from several threads


def one_by_one(blocks: Sequence[Block]) -> Take:
    """What takes each of these blocks, and no others."""
    left = iter(blocks)
    return lambda waits: next(left, None)


class Workers(Protocol):
    """Those who run the blocks of one sweep."""

    def run(self, take: Take, job_of: JobOf, land: Land) -> None:
        """Run what there is to take, in any order, and land what each block leaves; the first fault ends it.

        What has landed may give more to take: the end is where nothing runs, and nothing is to be had.
        """
        ...


class Executor(Protocol):
    """Where workers come from."""

    def workers(self, work: Work, meter: Meter) -> Workers:
        """Workers for the blocks of a sweep. meter: told of what they make."""
        ...
