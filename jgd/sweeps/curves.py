"""The losses of runs on the way, and what else was recorded, block by block or of all. Enters: a store. Leaves: arrays."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from jgd.core import checks, machine
from jgd.lane import NOT_DIVERGED
from jgd.sweeps.engine.observing import OBSERVED
from jgd.sweeps.facts import SweepFacts
from jgd.sweeps.policies.policy import Round, furthest
from jgd.sweeps.store.base import BlockResult, Store
from jgd.sweeps.store.memory import MemoryStore


@dataclass(frozen=True)
class Piece:
    """What a block has of the curves. values: name -> (configs, steps, …), NaN where nothing counts; "" is the loss.

    at: where it is in arrays (config, seed, step, …); whole: whether nothing of it was left out.
    """

    number: int
    configs: tuple[int, ...]
    at: tuple[np.ndarray, int, slice]
    values: dict[str, np.ndarray]
    whole: bool


@dataclass(frozen=True)
class Curves:
    """The curves of a sweep. rounds: beyond which nothing counts, such as what a smaller sweep ran of a config; () for no end."""

    facts: SweepFacts
    store: Store
    rounds: Sequence[Round]

    @cached_property
    def _ends(self) -> np.ndarray | None:
        return furthest(self.rounds, self.store.scores.reached.shape) if self.rounds else None

    def whole(self) -> Mapping[str, np.ndarray]:
        """Name -> (config, seed, step, …), "" is the loss; what is not there (yet) is NaN.

        Raises:
            JgdValueError: where it is more than the machine's memory.
        """
        shape = *self.store.scores.reached.shape, len(self.facts.recorded_steps)
        takes = 4 * math.prod(shape)
        if takes > machine.memory():
            raise checks.JgdValueError(
                f"the losses of {shape[0]:,} × {shape[1]} runs take {takes:,} bytes, more than this machine has: a Zarr "
                "directory (jgd.reports.save_data) holds them"
            )
        out = {"": self._nothing(shape)}
        for piece in self._pieces(range(len(self.store.blocks))):
            for name, values in piece.values.items():
                self._into(out, shape, name, values)[piece.at] = values
            if isinstance(self.store, MemoryStore) and piece.number in self.store.kept and piece.whole:
                _share(self.store, piece, out)
        return {name: out[name] for name in sorted(out)}

    def window(self, configs: range, place: int) -> dict[str, np.ndarray]:
        """Name -> (config, step, …) of some configs at the seed of this index; no other blocks are read."""
        shape = len(configs), len(self.facts.recorded_steps)
        out = {"": self._nothing(shape)}
        for piece in self._pieces(self.store.numbers_of(configs, place)):
            rows = piece.at[0] - configs.start
            mine = (rows >= 0) & (rows < len(configs))
            for name, values in piece.values.items():
                self._into(out, shape, name, values)[rows[mine], piece.at[2]] = values[mine]
        return out

    def _nothing(self, shape: tuple[int, ...]) -> np.ndarray:
        return np.full(shape, np.nan, self.store.scores.dtype or np.float32)

    def _into(self, out: dict[str, np.ndarray], shape: tuple[int, ...], name: str, values: np.ndarray) -> np.ndarray:
        """Where the values of a name are entered."""
        own = values.shape[2:]
        if name not in out:
            out[name] = self._nothing((*shape, *own))
        there = out[name].shape[len(shape) :]
        if there != own:
            raise checks.JgdValueError(
                f"observe must return arrays of one shape a name, got {checks.shown(name)} of {there} and {own}",
                argument="observe",
            )
        return out[name]

    def _pieces(self, numbers: Iterable[int]) -> Iterator[Piece]:
        """What these blocks have, one after another in the order of their ends."""
        for number in sorted(numbers, key=lambda number: self.store.blocks[number].end):
            yield _piece(self.facts, number, self.store.result(number), self._ends)


def _piece(facts: SweepFacts, number: int, result: BlockResult, ends: np.ndarray | None) -> Piece:
    block = result.block
    configs, steps = np.array(block.configs), np.array(block.recorded(facts.record_every), int)
    end = np.full(len(configs), facts.steps) if ends is None else ends[configs, block.seed]
    last = np.where(result.diverged_at == NOT_DIVERGED, facts.steps, result.diverged_at)
    asked = steps[:, None] < end
    seen = asked & (steps[:, None] <= last)  # the refused step still saw its loss
    moved = asked & (steps[:, None] < last)  # of its parameters after it there is nothing
    values = {"": np.where(seen, result.losses, np.nan).T}
    for name, rows in result.recorded.items():
        known = moved if name.partition(".")[0] == OBSERVED else seen
        known = known.reshape(known.shape + (1,) * (rows.ndim - 2))
        values[name] = np.where(known, rows, np.nan).swapaxes(0, 1)
    begin = -(-block.begin // facts.record_every)
    at = configs, block.seed, slice(begin, begin + len(steps))
    return Piece(number, block.configs, at, values, bool((block.end <= end).all()))


def _share(store: MemoryStore, piece: Piece, curves: Mapping[str, np.ndarray]) -> None:
    """The block's result is a part of the whole from now on, not a copy of it."""
    configs, *rest = piece.at
    if (np.diff(configs) == 1).all():
        part = slice(configs[0], configs[-1] + 1), *rest
        own = {name: curves[name][part].swapaxes(0, 1) for name in piece.values}
        store.kept[piece.number] = replace(store.kept[piece.number], losses=own.pop(""), recorded=own)
