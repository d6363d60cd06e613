"""One of several processes that carry out a plan in one directory, each its share of every round's blocks.

They talk through the directory only: a share lands what it has run, and takes in what the others have landed.
"""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from jgd.core import checks
from jgd.sweeps.policies.policy import Round
from jgd.sweeps.round_blocks import left_of, round_blocks
from jgd.sweeps.store.progress import Progress

PATIENCE = 600.0  # seconds without news of the others, after which they may have been killed
POLL = 1.0  # seconds between two looks at what others have landed


@dataclass(frozen=True)
class Share:
    """Every `count`-th block of a round, from the one at `index`.

    patience: seconds without news of the others, after which what they have not landed is run here. A run that lands twice
    has the same bits.
    """

    index: int
    count: int
    patience: float = PATIENCE

    @classmethod
    def of(cls, shard: Any, patience: float) -> "Share":
        """Of (3, 64) or "3/64": the fourth of 64.

        Raises:
            JgdTypeError: for anything else.
            JgdValueError: for an index outside 0 … count − 1, or a patience below 0.

        Example:
            >>> Share.of("3/64", 60)
            Share(index=3, count=64, patience=60.0)
        """
        parts = shard.split("/") if isinstance(shard, str) else shard
        try:
            index, count = (int(part) if isinstance(part, str) else part for part in parts)
        except (TypeError, ValueError):
            raise checks.JgdTypeError(
                f'shard must be a pair such as (3, 64), or "3/64": the fourth of 64, got {checks.shown(shard)}',
                argument="shard",
            ) from None
        count = checks.count("shard[1]", count, 1, 10**6)
        return cls(
            checks.count("shard[0]", index, 0, count - 1), count, float(checks.number("patience", patience, ">= 0"))
        )

    def runs(self, plan: Any, current: Round, store: Progress) -> np.ndarray:
        """(config, seed): the runs of this share of a round that are not done.

        The blocks are counted as if nothing of the round were there, so that all processes count the same ones.
        """
        left = left_of(plan.facts, current, store)
        mine = np.zeros(left.shape, bool)
        for block in round_blocks(plan, current, _Untouched(current.begin, left.shape))[self.index :: self.count]:
            mine[list(block.configs), block.seed] = True
        return mine & left

    def left(self, plan: Any, current: Round, store: Any) -> np.ndarray:
        """Wait until the others have landed their runs of a round: -> (config, seed) of which there was no news in time."""
        heard, known = time.monotonic(), -1
        while True:
            store.read()
            missing = left_of(plan.facts, current, store)
            count = int(missing.sum())
            if not count or (count == known and time.monotonic() - heard >= self.patience):
                return missing
            if count != known:
                heard, known = time.monotonic(), count
            time.sleep(min(POLL, self.patience))


@dataclass(frozen=True)
class _Untouched:
    """A store in which every run stands where the round begins."""

    begin: int
    shape: tuple[int, ...]

    def done(self, step: int) -> np.ndarray:
        return np.zeros(self.shape, bool)

    def reached(self, configs: np.ndarray, seed: int, most: int) -> np.ndarray:
        return np.full(len(configs), self.begin)
