"""Rows that stay on the disk: the host gathers those of the next steps while the device works on the last.

A memory-mapped array never is in memory whole. The order of rows is the same pure function of (seed, epoch) as in
memory; what differs is only where the rows are gathered.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core.record import record
from jgd.core.types import Batch
from jgd.data.batches import Batches

WINDOW = 2**25  # bytes of rows that a segment gets at once


def on_disk(data: Batch) -> bool:
    """Whether an array of `data` is memory-mapped."""
    return any(isinstance(leaf, np.memmap) for leaf in jax.tree.leaves(data))


def row_bytes(data: Batch) -> int:
    """What one row takes."""
    return sum(leaf.nbytes // max(len(leaf), 1) for leaf in map(np.asanyarray, jax.tree.leaves(data)))


@record
class Window:
    """The batches of some steps of one epoch, whose rows lie on end in the data that a segment gets."""

    batches: Batches
    first: Array  # () int32: the place in its epoch of the first step

    whole = False  # rows come in windows, also where a batch is all of them
    fillable = False  # a window ends with the epoch, so that there is no row to repeat

    @property
    def per_epoch(self) -> int:
        return self.batches.per_epoch

    @property
    def size(self) -> int:
        return self.batches.size

    @property
    def rest(self) -> int:
        return self.batches.rest

    def permutation(self, key: Array, epoch: Array) -> Array:
        return jnp.zeros((), jnp.int32)  # the host has put the rows in order

    def take(self, data: Batch, permutation: Array, position: Array, size: int) -> Batch:
        first = (position - self.first) * self.size
        rows = jax.tree.map(lambda a: jax.lax.dynamic_slice_in_dim(a, first, size), data)
        return self.batches.spread(rows, size)


@dataclass
class Loader:
    """Windows of memory-mapped rows, the next one gathered in a thread of its own."""

    data: Batch
    batches: Batches
    key: Array
    steps: int  # of a window at most
    total: int  # of the run
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "jgd-rows"))
    _held: tuple[int, int, Batch] | None = None  # begin, end and the rows of the window in hand
    _coming: Future | None = None  # the rows of the one after it
    _epoch: tuple[int, np.ndarray] | None = None

    @staticmethod
    def of(data: Batch, batches: Batches, key: Array, capacity: int, total: int) -> "Loader":
        steps = max(1, min(capacity, WINDOW // max(row_bytes(data) * batches.size, 1)))
        return Loader(data, batches, key, steps, total)

    def take(self, begin: int) -> tuple[Batch, Window, int]:
        """The window that step `begin` lies in: -> (its rows, its batches, the step before which it ends)."""
        if self._held is None or not self._held[0] <= begin < self._held[1]:
            self._held = None  # its memory, before there is more
            self._held = self._next(begin)
        first, end, rows = self._held
        return rows, Window(self.batches, jnp.asarray(first % self.batches.per_epoch, jnp.int32)), end

    def _next(self, begin: int) -> tuple[int, int, Batch]:
        """The window from `begin` on, and the one after it is on its way."""
        end = self._end(begin)
        rows = self._gather(begin, end) if self._coming is None else self._coming.result()
        self._coming = self._thread.submit(self._gather, end, self._end(end)) if end < self.total else None
        return begin, end, rows

    def _end(self, begin: int) -> int:
        per_epoch = self.batches.per_epoch
        return min(begin + self.steps, (begin // per_epoch + 1) * per_epoch, self.total)

    def _gather(self, begin: int, end: int) -> Batch:
        epoch, place = divmod(begin, self.batches.per_epoch)
        if self._epoch is None or self._epoch[0] != epoch:
            self._epoch = (epoch, np.asarray(self.batches.permutation(self.key, epoch)))
        size = self.batches.size
        rows = self._epoch[1][place * size : (place + end - begin) * size]
        places = self.steps * size  # one shape, one program; what is beyond the rows is never read

        def gathered(leaf: Any) -> np.ndarray:
            out = np.zeros((places, *leaf.shape[1:]), leaf.dtype)
            out[: len(rows)] = leaf[rows]
            return out

        return jax.tree.map(lambda leaf: jnp.asarray(gathered(np.asanyarray(leaf))), self.data)

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)
