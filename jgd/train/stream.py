"""Rows that stay on the disk: the host gathers those of the next steps while the device works on the last.

A memory-mapped array never is in memory whole. The order of rows is the same pure function of (seed, epoch) as in
memory; what differs is only where the rows are gathered.
"""

from collections.abc import Callable
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


@record
class Window:
    """The batches of some steps of one epoch, whose rows lie on end in the data that a segment gets."""

    batches: Batches
    first: Array  # () int32: the place in its epoch of the first step

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
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "jgd-rows"))
    _coming: tuple[int, int, Future] | None = None
    _epoch: tuple[int, np.ndarray] | None = None

    @staticmethod
    def of(data: Batch, batches: Batches, key: Array, capacity: int) -> "Loader":
        row = sum(leaf.nbytes // max(len(leaf), 1) for leaf in map(np.asanyarray, jax.tree.leaves(data)))
        return Loader(data, batches, key, max(1, min(capacity, WINDOW // max(row * batches.size, 1))))

    def end(self, begin: int) -> int:
        """The step before which a window from `begin` has to end."""
        per_epoch = self.batches.per_epoch
        return min(begin + self.steps, (begin // per_epoch + 1) * per_epoch)

    def take(self, begin: int, end: int, after: Callable[[int], int]) -> tuple[Batch, Window]:
        """The rows of steps begin … end − 1; after(end) is where the next window will probably end."""
        if self._coming is not None and self._coming[:2] == (begin, end):
            window = self._coming[2].result()
        else:
            if self._coming is not None:
                self._coming[2].result()  # the order of an epoch is kept by one thread at a time
            window = self._gather(begin, end)
        following = after(end)
        self._coming = (end, following, self._thread.submit(self._gather, end, following)) if following > end else None
        return window, Window(self.batches, jnp.asarray(begin % self.batches.per_epoch, jnp.int32))

    def _gather(self, begin: int, end: int) -> Batch:
        epoch, place = divmod(begin, self.batches.per_epoch)
        if self._epoch is None or self._epoch[0] != epoch:
            self._epoch = (epoch, np.asarray(self.batches.permutation(self.key, epoch)))
        size = self.batches.size
        rows = self._epoch[1][place * size : (place + end - begin) * size]
        room = self.steps * size  # one shape, one program; what is beyond the rows is never read

        def gathered(leaf: Any) -> np.ndarray:
            out = np.zeros((room, *leaf.shape[1:]), leaf.dtype)
            out[: len(rows)] = leaf[rows]
            return out

        return jax.tree.map(lambda leaf: jnp.asarray(gathered(np.asanyarray(leaf))), self.data)

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)
