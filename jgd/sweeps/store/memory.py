"""What the lanes of a sweep have done so far: pieces, each what one block did between two steps.

Legs of a search, saves within a long block, added configs, seeds and steps: all are pieces. A lane is its pieces on end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np

from jgd.core.optimizer import OptimizerState
from jgd.core.types import Params
from jgd.descent import TrainState
from jgd.epoch_loop import Lane
from jgd.sweeps.engine.blocks import Block


@dataclass(frozen=True)
class BlockResult:
    """What the lanes of a block left, NumPy arrays with an axis of its configs.

    losses (steps, configs) on the way; metrics name -> (looks, configs) after `looks` updates; diverged_at (configs,)
    and params, leaves (configs, …), at its end. seconds: how long the block took.
    """

    block: Block
    looks: tuple[int, ...]
    losses: np.ndarray
    metrics: Mapping[str, np.ndarray]
    diverged_at: np.ndarray
    params: Params
    seconds: float


@dataclass
class MemoryStore:
    """The pieces of a sweep and the lanes that can be gone on from, in memory; a `DiskStore` has them on a disk too."""

    pieces: dict[Block, BlockResult] = field(default_factory=dict)
    held: dict[Block, Lane] = field(default_factory=dict)  # the lanes at the end of a piece
    ends: dict[tuple[int, int], dict[int, Block]] = field(default_factory=dict)  # (config, seed) -> step -> its piece
    reads: list[dict[str, Any]] = field(default_factory=list)  # of the test rows: when, and the seeds and configs

    def add(self, piece: BlockResult, lane: Lane) -> None:
        """Take a piece and the lanes at its end."""
        self.held[piece.block] = lane
        self._file(piece)

    def take(self, piece: BlockResult, lane: Lane | None) -> None:
        """A piece of another archive, with its lanes where they are still there."""
        if lane is not None:
            self.held[piece.block] = lane
        self._file(piece)

    def reads_so_far(self) -> list[dict[str, Any]]:
        """How the test rows have been read, here and by other processes."""
        return self.reads

    def note_read(self, read: dict[str, Any]) -> None:
        """The test rows have been read."""
        self.reads.append(read)

    def _file(self, piece: BlockResult) -> None:
        self.pieces[piece.block] = piece
        for config in piece.block.configs:
            self.ends.setdefault((config, piece.block.seed), {})[piece.block.end] = piece.block

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of how it was kept."""
        return ()

    def holds(self, block: Block) -> bool:
        return block in self.held

    def lanes_of(self, block: Block) -> Lane:
        """The lanes at the end of a piece."""
        return self.held[block]

    def release(self, block: Block) -> None:
        """Let the lanes at the end of a piece go: others have gone on from them."""
        self.held.pop(block, None)

    def reached(self, config: int, seed: int, most: int) -> int:
        """The latest step ≤ most after which the lane (config, seed) can be taken up; 0 is its start."""
        ends = self.ends.get((config, seed), {})
        return max((step for step, block in ends.items() if step <= most and self.holds(block)), default=0)

    def at(self, config: int, seed: int, step: int) -> bool:
        """Whether the lane (config, seed) can be taken up after just `step` updates."""
        block = self.ends.get((config, seed), {}).get(step)
        return block is not None and self.holds(block)

    def done(self, config: int, seed: int, step: int) -> bool:
        """Whether the lane's results are there up to this step."""
        return step in self.ends.get((config, seed), {})

    def lanes(self, origins: Sequence[tuple[int, int]], step: int, width: int) -> Lane:
        """The lanes (config, seed) of `origins` after `step` updates as a block; the last one is repeated to fill it."""
        blocks = [self.ends[origin][step] for origin in origins]
        held = {block: self.lanes_of(block) for block in blocks}
        places = [block.configs.index(config) for block, (config, _) in zip(blocks, origins, strict=True)]
        sources = [(held[block], place) for block, place in zip(blocks, places, strict=True)]
        return gathered(sources + [sources[-1]] * (width - len(sources)))

    def settle(self, step: int) -> None:
        """Once a leg has ended at `step`: let go of the lanes before it that have come so far."""
        for block in [b for b in self.pieces if b.end < step and self.holds(b)]:
            if all(self.done(config, block.seed, step) for config in block.configs):
                self.release(block)


def gathered(sources: Sequence[tuple[Lane, int]]) -> Lane:
    """Lanes of several blocks, all after the same number of steps, as one block: the counter has no lane axis."""
    batched = lambda lane: (lane.train_state.params, lane.train_state.opt_state.inner, lane.diverged_at)
    pick = lambda *leaves: np.stack([leaf[place] for leaf, (_, place) in zip(leaves, sources, strict=True)])
    params, memory, diverged_at = jax.tree.map(pick, *(batched(lane) for lane, _ in sources))
    return Lane(TrainState(params, OptimizerState(sources[0][0].train_state.opt_state.step, memory)), diverged_at)


def cut(lane: Lane, count: int, goes_on: bool) -> Lane:
    """The first `count` lanes of a block on the host. goes_on: its arrays will be overwritten, so that copies are made."""
    state = lane.train_state.opt_state
    params, memory, diverged_at = front((lane.train_state.params, state.inner, lane.diverged_at), count, goes_on)
    step: Any = np.array(state.step)
    return Lane(TrainState(params, OptimizerState(step, memory)), diverged_at)


def front(tree: Any, count: int, copy: bool = False) -> Any:
    """The first `count` rows of every leaf on the host: on a CPU the arrays themselves, where they are all of them."""
    some = lambda leaf: np.array(leaf[:count]) if copy or len(leaf) > count else leaf
    return jax.tree.map(some, jax.device_get(tree))
