"""What the runs of a sweep have done so far: block results, each what one block did between two steps.

Rounds, saves within a long block, added configs, seeds and steps: all are block results. A run is its results on end.
Blocks are known by their numbers, in the order in which they came.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jgd.core.types import Params
from jgd.lane import Lane
from jgd.sweeps.engine.block import Block
from jgd.sweeps.facts import SweepFacts
from jgd.sweeps.policies.policy import Round
from jgd.sweeps.store.lanes import gather_lanes
from jgd.sweeps.store.scores import BlockScores, Scores

NONE = -1  # the number of no block


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

    @property
    def scores(self) -> BlockScores:
        """The part of it that choosing takes."""
        return BlockScores(
            self.block, self.evaluation_steps, self.metrics, self.diverged_at, self.seconds, self.losses.dtype
        )


@dataclass
class Store(ABC):
    """The block results of a sweep, and the lanes at their ends, as far as they are held.

    blocks: by their numbers. ends: step -> (config, seed) the number of the block of that run that ended there, or NONE.
    scores: of all blocks. reads: of the test rows, when they were and for what.
    """

    facts: SweepFacts
    reads: list[dict[str, Any]] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    ends: dict[int, np.ndarray] = field(default_factory=dict)
    scores: Scores = field(init=False)

    def __post_init__(self) -> None:
        self.scores = Scores(self.facts)

    @abstractmethod
    def add(self, result: BlockResult, lanes: Lane) -> None:
        """Take a result and the lanes at its end."""

    @abstractmethod
    def result(self, number: int) -> BlockResult:
        """All that a block has left."""

    @abstractmethod
    def holds(self, number: int) -> bool:
        """Whether the lanes at the end of a block are held."""

    @abstractmethod
    def lanes_of(self, number: int) -> Lane:
        """The lanes at the end of a block, which are held."""

    @abstractmethod
    def release(self, number: int) -> None:
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

    @abstractmethod
    def noted_rounds(self) -> tuple[Round, ...]:
        """What was noted last, as far as that is known."""

    @property
    @abstractmethod
    def notes(self) -> tuple[str, ...]:
        """What a person should know of how it was kept."""

    def read(self, mend: bool = False) -> None:  # noqa: B027  # a store of one process has nothing to take in
        """Take in what other processes have landed. mend: put what they have written in order."""

    def enter(self, scores: BlockScores) -> int:
        """Enter a block where it is looked up: -> its number. One that lands twice has one number, and counts once."""
        block, number = scores.block, self.number_of(scores.block)
        if number == NONE:
            number = len(self.blocks)
            self.blocks.append(block)
            shape = len(self.facts.configs), len(self.facts.seeds)
            if block.end not in self.ends:
                self.ends[block.end] = np.full(shape, NONE, np.int32)
            self.ends[block.end][np.array(block.configs), block.seed] = number
            self.scores.enter(scores)
        return number

    def number_of(self, block: Block) -> int:
        """The number of a block; NONE where it has not landed."""
        number = int(self.ends[block.end][block.configs[0], block.seed]) if block.end in self.ends else NONE
        return number if number != NONE and self.blocks[number] == block else NONE

    def numbers_of(self, configs: range, place: int) -> list[int]:
        """The blocks in which some configs were at the seed of this index."""
        there = [at[configs.start : configs.stop, place] for at in self.ends.values()]
        return [] if not there else [number for number in np.unique(np.stack(there)).tolist() if number != NONE]

    def done(self, step: int) -> np.ndarray:
        """(config, seed): whether the run's results are there up to this step."""
        there = self.ends.get(step)
        return np.zeros(self.scores.reached.shape, bool) if there is None else there != NONE

    def are_done(self, configs: Sequence[int], seed: int, step: int) -> bool:
        """Whether the results of all these configs are there up to this step, at a seed."""
        there = self.ends.get(step)
        return there is not None and bool((there[list(configs), seed] != NONE).all())

    def reached(self, configs: np.ndarray, seed: int, most: int) -> np.ndarray:
        """The latest step ≤ most from which each run can go on, of these configs at a seed; 0 is its start."""
        out = np.zeros(len(configs), int)
        for step in sorted((step for step in self.ends if step <= most), reverse=True):
            numbers = np.where(out == 0, self.ends[step][configs, seed], NONE)
            held = [number for number in np.unique(numbers).tolist() if number != NONE and self.holds(number)]
            out[np.isin(numbers, held)] = step
        return out

    def can_resume(self, config: int, seed: int, step: int) -> bool:
        """Whether the run (config, seed) can go on from just `step` updates."""
        number = self._number(config, seed, step)
        return number != NONE and self.holds(number)

    def _number(self, config: int, seed: int, step: int) -> int:
        return int(self.ends[step][config, seed]) if step in self.ends else NONE

    def gather(self, origins: Sequence[tuple[int, int]], step: int, width: int) -> Lane:
        """The runs (config, seed) of `origins` after `step` updates as a block; the last one is repeated to fill it."""
        numbers = [self._number(*origin, step) for origin in origins]
        held = {number: self.lanes_of(number) for number in dict.fromkeys(numbers)}
        rows = [self.blocks[number].configs.index(config) for number, (config, _) in zip(numbers, origins, strict=True)]
        sources = [(held[number], row) for number, row in zip(numbers, rows, strict=True)]
        return gather_lanes(sources + [sources[-1]] * (width - len(sources)))

    def end_round(self, step: int) -> None:
        """Once a round has ended at `step`: let go of the lanes before it that have come so far."""
        for number, block in enumerate(self.blocks):
            if block.end < step and self.are_done(block.configs, block.seed, step):
                self.release(number)
