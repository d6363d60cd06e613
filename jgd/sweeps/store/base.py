"""What the runs of a sweep have done so far: block results, each what one block did between two steps.

Rounds, saves within a long block, added configs, seeds and steps: all are block results. A run is its results on end.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jgd.core.types import Params
from jgd.lane import Lane
from jgd.sweeps.engine.block import Block
from jgd.sweeps.policies.policy import Round
from jgd.sweeps.store.lanes import gather_lanes


@dataclass(frozen=True)
class BlockResult:
    """What the lanes of a block left, NumPy arrays with an axis of its configs.

    losses (steps, configs) on the way; metrics name -> (evaluations, configs) after `evaluation_steps` updates;
    diverged_at (configs,), params and model_state, leaves (configs, …), at its end. seconds: how long the block took.
    recorded: name -> (steps, configs), what the loss returned beside its value, and what else was asked for; (steps, configs, …)
    of what was observed.
    """

    block: Block
    evaluation_steps: tuple[int, ...]
    losses: np.ndarray
    metrics: Mapping[str, np.ndarray]
    diverged_at: np.ndarray
    params: Params
    seconds: float
    recorded: Mapping[str, np.ndarray] = field(default_factory=dict)
    model_state: Any = None


class Store(ABC):
    """The block results of a sweep, and the lanes at their ends, as far as they are held.

    results: by their block. ends: (config, index of its seed) -> step -> the block that ended there. reads: of the test
    rows, when they were and for what.
    """

    results: dict[Block, BlockResult]
    ends: dict[tuple[int, int], dict[int, Block]]
    reads: list[dict[str, Any]]

    @abstractmethod
    def add(self, result: BlockResult, lanes: Lane) -> None:
        """Take a result and the lanes at its end."""

    @abstractmethod
    def holds(self, block: Block) -> bool:
        """Whether the lanes at the end of a block are held."""

    @abstractmethod
    def lanes_of(self, block: Block) -> Lane:
        """The lanes at the end of a block, which are held."""

    @abstractmethod
    def release(self, block: Block) -> None:
        """Let go of the lanes at the end of a block: others have gone on from them."""

    @abstractmethod
    def current_reads(self) -> list[dict[str, Any]]:
        """How the test rows have been read, here and by other processes."""

    @abstractmethod
    def add_read(self, read: dict[str, Any]) -> None:
        """The test rows have been read."""

    @abstractmethod
    def note_rounds(self, rounds: Sequence[Round]) -> None:
        """The policy has decided on these rounds so far."""

    @property
    @abstractmethod
    def notes(self) -> tuple[str, ...]:
        """What a person should know of how it was kept."""

    def read(self, mend: bool = False) -> None:  # noqa: B027  # a store of one process has nothing to take in
        """Take in what other processes have landed. mend: put what they have written in order."""

    def file(self, result: BlockResult) -> None:
        """Enter a result where `results` and `ends` are looked up."""
        self.results[result.block] = result
        for config in result.block.configs:
            self.ends.setdefault((config, result.block.seed), {})[result.block.end] = result.block

    def reached(self, config: int, seed: int, most: int) -> int:
        """The latest step ≤ most from which the run (config, seed) can go on; 0 is its start."""
        ends = self.ends.get((config, seed))
        return (
            0
            if not ends
            else max((step for step, block in ends.items() if step <= most and self.holds(block)), default=0)
        )

    def can_resume(self, config: int, seed: int, step: int) -> bool:
        """Whether the run (config, seed) can go on from just `step` updates."""
        block = self.ends.get((config, seed), {}).get(step)
        return block is not None and self.holds(block)

    def done(self, config: int, seed: int, step: int) -> bool:
        """Whether the run's results are there up to this step."""
        return step in self.ends.get((config, seed), {})

    def gather(self, origins: Sequence[tuple[int, int]], step: int, width: int) -> Lane:
        """The runs (config, seed) of `origins` after `step` updates as a block; the last one is repeated to fill it."""
        blocks = [self.ends[origin][step] for origin in origins]
        held = {block: self.lanes_of(block) for block in blocks}
        rows = [block.configs.index(config) for block, (config, _) in zip(blocks, origins, strict=True)]
        sources = [(held[block], row) for block, row in zip(blocks, rows, strict=True)]
        return gather_lanes(sources + [sources[-1]] * (width - len(sources)))

    def end_round(self, step: int) -> None:
        """Once a round has ended at `step`: let go of the lanes before it that have come so far."""
        for block in [block for block in self.results if block.end < step and self.holds(block)]:
            if all(self.done(config, block.seed, step) for config in block.configs):
                self.release(block)
