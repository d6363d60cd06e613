"""What is known of all runs at once: their evaluations, where they diverged, and how far they have come."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from jgd.lane import NOT_DIVERGED
from jgd.sweeps.engine.block import Block
from jgd.sweeps.facts import SweepFacts


@dataclass(frozen=True)
class BlockScores:
    """The part of a block's result that choosing takes; see `BlockResult`. dtype: of its losses."""

    block: Block
    evaluation_steps: tuple[int, ...]
    metrics: Mapping[str, np.ndarray]
    diverged_at: np.ndarray
    seconds: float
    dtype: Any


@dataclass
class Scores:
    """Arrays over (config, seed), into which blocks are entered in any order.

    values: name -> (config, seed, evaluation), the validation loss or a metric; NaN where it isn't known, or a run had
    diverged. diverged_at: as the block said that came furthest, NOT_DIVERGED without one. reached: where that ended.
    """

    facts: SweepFacts
    dtype: Any = None  # of losses; None before the first block
    seconds: float = 0.0  # that all blocks took
    values: dict[str, np.ndarray] = field(init=False)
    diverged_at: np.ndarray = field(init=False)
    reached: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        shape = len(self.facts.configs), len(self.facts.seeds)
        self.diverged_at = np.full(shape, NOT_DIVERGED, np.int32)
        self.reached = np.zeros(shape, np.int32)
        self._begin(np.float32)

    def _begin(self, dtype: Any) -> None:
        shape = *self.reached.shape, len(self.facts.evaluation_steps)
        self.values = {name: np.full(shape, np.nan, dtype) for name in ("loss", *self.facts.metrics)}

    @cached_property
    def _place_of(self) -> dict[int, int]:
        return {step: place for place, step in enumerate(self.facts.evaluation_steps)}

    def enter(self, scores: BlockScores) -> None:
        """Take in a block."""
        if self.dtype is None:
            self.dtype = scores.dtype
            if scores.dtype != np.float32:
                self._begin(scores.dtype)
        self.seconds += scores.seconds
        configs, seed = np.array(scores.block.configs), scores.block.seed
        # the end of a shorter sweep need not be an evaluation of this one
        rows = [row for row, step in enumerate(scores.evaluation_steps) if step in self._place_of]
        steps = np.array(scores.evaluation_steps, int)[rows]
        sound = scores.diverged_at == NOT_DIVERGED
        known = sound[:, None] | (steps <= scores.diverged_at[:, None])
        at = configs[:, None], seed, [self._place_of[step] for step in steps.tolist()]
        for name, values in self.values.items():
            values[at] = np.where(known, scores.metrics[name][rows].T, np.nan)
        latest = self.reached[configs, seed] <= scores.block.end
        self.diverged_at[configs[latest], seed] = scores.diverged_at[latest]
        self.reached[configs[latest], seed] = scores.block.end
