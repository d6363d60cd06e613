"""What a block is computed from, wherever that happens: its numbers are a pure function of a `Work` and a `Job`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from jgd.core.types import Params
from jgd.data.batches import Batches
from jgd.lane import Lane
from jgd.sweeps.engine.block import Block
from jgd.sweeps.recipes import Group
from jgd.sweeps.splits import Splits
from jgd.sweeps.store.base import BlockResult
from jgd.tasks import Task


@dataclass(frozen=True)
class Work:
    """What all blocks of a sweep have in common: no device, no store, no config. It pickles where its functions do.

    groups, widths and batches have an entry a group; the groups name no configs.
    """

    task: Task
    seeds: tuple[int, ...]
    splits: Splits
    groups: tuple[Group, ...]
    widths: tuple[int, ...]
    batches: tuple[Batches, ...]
    evaluation_steps: tuple[int, ...]
    record_every: int
    record: tuple[str, ...]
    observe: Callable[[Params], Any] | None
    diverged_above: float

    @cached_property
    def tasks(self) -> tuple[Task, ...]:
        """The task of each run along the seed axis."""
        return self.splits.tasks(self.task, self.seeds)


@dataclass(frozen=True)
class Job:
    """One block. values: name -> (width,), the numbers of its configs; lanes: where it begins, None before any step."""

    block: Block
    values: Mapping[str, np.ndarray]
    lanes: Lane | None = None


@dataclass(frozen=True)
class Outcome:
    """What a block has left, or a part of a long one. before: the part that this one goes on from; last: of its block."""

    result: BlockResult
    lanes: Lane
    before: Block | None
    last: bool
