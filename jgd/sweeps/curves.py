"""The losses of runs on the way, and what else was recorded, block by block or of all. Enters: a store. Leaves: arrays."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from jgd.core import checks
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


def pieces(
    facts: SweepFacts, store: Store, rounds: Sequence[Round], numbers: Sequence[int] | None = None
) -> Iterator[Piece]:
    """The curves of blocks, one after another in the order of their ends; of these numbers, or all.

    rounds: beyond which nothing counts, such as what a smaller sweep ran of a config that this one stops; () for no end.
    """
    ends = furthest(rounds, store.scores.reached.shape) if rounds else None
    of = range(len(store.blocks)) if numbers is None else numbers
    for number in sorted(of, key=lambda number: store.blocks[number].end):
        yield _piece(facts, number, store.result(number), ends)


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


def curves(facts: SweepFacts, store: Store, rounds: Sequence[Round]) -> Mapping[str, np.ndarray]:
    """Name -> (config, seed, step, …), "" is the loss; what is not there (yet) is NaN."""
    shape = *store.scores.reached.shape, len(facts.recorded_steps)
    out: dict[str, np.ndarray] = {"": np.full(shape, np.nan, store.scores.dtype or np.float32)}
    for piece in pieces(facts, store, rounds):
        for name, values in piece.values.items():
            if name not in out:
                out[name] = np.full((*shape, *values.shape[2:]), np.nan, out[""].dtype)
            if out[name].shape[3:] != values.shape[2:]:
                raise checks.JgdValueError(
                    f"observe must return arrays of one shape a name, got {checks.shown(name)} of {out[name].shape[3:]} and "
                    f"{values.shape[2:]}",
                    argument="observe",
                )
            out[name][piece.at] = values
        if isinstance(store, MemoryStore) and piece.number in store.kept and piece.whole:
            _share(store, piece, out)
    return {name: out[name] for name in sorted(out)}


def _share(store: MemoryStore, piece: Piece, curves: Mapping[str, np.ndarray]) -> None:
    """The block's result is a part of the whole from now on, not a copy of it."""
    configs, *rest = piece.at
    if (np.diff(configs) == 1).all():
        part = slice(configs[0], configs[-1] + 1), *rest
        own = {name: curves[name][part].swapaxes(0, 1) for name in piece.values}
        store.kept[piece.number] = replace(store.kept[piece.number], losses=own.pop(""), recorded=own)
