"""Batches that somebody else's loader makes: torch's DataLoader, grain, tf.data as NumPy, or any other iterable of them.

Rows and their order are the loader's; the steps on them are the same compiled loop as with arrays.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core import checks
from jgd.core.types import Batch
from jgd.data.batches import Batches
from jgd.training.loader import WINDOW, Loader, row_bytes

AHEAD = 32  # batches that are asked for at once, at most: the first step waits for them
ENDLESS = 2**31 - 2  # batches a pass of a loader without a length


def is_loader(data: Any) -> bool:
    """Whether `data` is no tree of arrays, but something that gives batches one after the other; a list of them is."""
    if checks.are_batches(data):
        return True
    arrays = isinstance(data, str) or hasattr(data, "__array__")
    return jax.tree_util.all_leaves([data]) and isinstance(data, Iterable) and not arrays


@dataclass
class BatchSource:
    """A loader with its first batch, which is read to know the shapes, and is the first that a run sees."""

    loader: Any
    first: Batch
    size: int  # rows a batch
    per_pass: int  # batches, `ENDLESS` of a loader without a length
    opened: Iterator[Any] | None  # the first pass, after its first batch

    @staticmethod
    def of(loader: Any, batch_size: int | None, order: Any) -> "BatchSource":
        """The loader, checked as far as one batch and its attributes tell.

        Raises:
            JgdValueError: It can be iterated only once, has no batch, or would end its passes with a short one; or the
                caller gives a batch size or an order, which are the loader's.
        """
        for name, given in (("batch_size", batch_size is not None), ("order", order != "shuffled")):
            if given:
                raise checks.JgdValueError(f"{name} is the loader's: data is no tree of arrays, but gives batches")
        opened = begun(loader, 0)
        if opened is loader:
            raise checks.JgdValueError(
                "data must be iterable again for each epoch, and an iterator is used up after one: give the loader "
                "itself, or a class with __iter__"
            )
        first = next(opened, None)
        if first is None:
            raise checks.JgdValueError("data must give at least one batch, got none")
        first = as_arrays(first)
        size = checks.rows("a batch of data", first)
        rows: Any = getattr(loader, "dataset", None)  # of torch
        if getattr(loader, "drop_last", True) is False and hasattr(rows, "__len__") and len(rows) % size:
            raise checks.JgdValueError(
                f"data must give batches of one size, and {len(rows)} rows make no whole batches of {size}: "
                "DataLoader(…, drop_last=True)"
            )
        try:
            count = len(loader)
        except TypeError:  # it has no length, or, as torch's of an iterable data set, says so when it is asked
            count = ENDLESS
        return BatchSource(loader, first, size, count, opened)

    def batches(self, steps: int | None) -> Batches:
        """The shape of a run's epochs: a pass each, or of a loader without a length, the whole run."""
        if self.per_pass == ENDLESS and steps is None:
            raise checks.JgdValueError("epochs needs a loader with a length (__len__): give steps", argument="epochs")
        per_epoch = max(1, steps or 1) if self.per_pass == ENDLESS else self.per_pass
        return Batches(per_epoch * self.size, self.size, "sequential")


def begun(loader: Any, epoch: int) -> Iterator[Any]:
    """An epoch's pass; a loader with `set_epoch` is told which."""
    if hasattr(loader, "set_epoch"):
        loader.set_epoch(epoch)
    return iter(loader)


def as_arrays(batch: Any) -> Batch:
    """A batch of NumPy arrays, also of what says how to become one, such as torch's tensors."""
    return jax.tree.map(np.asarray, batch)


@dataclass
class BatchLoader(Loader):
    """Windows of a loader's batches, read in a thread of their own."""

    source: BatchSource = field(kw_only=True)
    _pass: Iterator[Any] | None = None
    _place: tuple[int, int] = (0, 0)  # the epoch, and its batches that were read

    @staticmethod
    def reading(source: BatchSource, batches: Batches, key: Array, capacity: int, total: int) -> "BatchLoader":
        steps = max(1, min(AHEAD, capacity, WINDOW // max(row_bytes(source.first) * source.size, 1)))
        return BatchLoader(source.first, batches, key, steps, total, source=source)

    def _gather(self, begin: int, end: int) -> Batch:
        read = [self._batch(*divmod(step, self.batches.per_epoch)) for step in range(begin, end)]
        size = self.steps * self.source.size

        def joined(*leaves: np.ndarray) -> Array:
            out = np.zeros((size, *leaves[0].shape[1:]), leaves[0].dtype)
            np.concatenate(leaves, out=out[: len(leaves) * self.source.size])
            return jnp.asarray(out)

        return jax.tree.map(joined, *read)

    def _batch(self, epoch: int, place: int) -> Batch:
        """A batch of an epoch; those before it that nobody has read are read and dropped."""
        if self._pass is None or self._place[0] != epoch or self._place[1] > place:
            self._pass, self._place = begun(self.source.loader, epoch), (epoch, 0)
            if epoch == 0 and self.source.opened is not None:
                self._pass, self._place, self.source.opened = self.source.opened, (0, 1), None
                if place == 0:
                    return self.source.first
        for _ in range(place - self._place[1]):
            self._following(epoch)
        return self._following(epoch)

    def _following(self, epoch: int) -> Batch:
        assert self._pass is not None
        batch = next(self._pass, None)
        if batch is None and self.source.per_pass == ENDLESS:
            self._pass = begun(self.source.loader, epoch)
            batch = next(self._pass, None)
        if batch is None:
            raise checks.JgdValueError(
                f"data gave {self._place[1]} batches in epoch {epoch}, and {self.batches.per_epoch} were expected"
            )
        self._place = (epoch, self._place[1] + 1)
        batch = as_arrays(batch)
        if kind(batch) != kind(self.source.first):
            raise checks.JgdValueError(
                f"data must give batches of one kind (drop_last=True for a short last one): number {self._place[1] - 1} "
                f"of epoch {epoch} is {kind(batch)[1]}, the first was {kind(self.source.first)[1]}"
            )
        return batch


def kind(batch: Batch) -> tuple[Any, list[str]]:
    """A batch's structure, shapes and dtypes."""
    return jax.tree.structure(batch), [f"{leaf.dtype}{list(leaf.shape)}" for leaf in jax.tree.leaves(batch)]
