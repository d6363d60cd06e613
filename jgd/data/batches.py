"""Which rows each step sees: a pure function of (seed, step), so that resuming or chunking changes nothing.

An epoch is ⌈rows / size⌉ updates. Where its order sees each row exactly once and size doesn't divide the rows, its last
batch is the short rest, and a mean over it is over its actual size.
"""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.sharding import NamedSharding

from jgd.core import checks
from jgd.core.record import record, static_field
from jgd.core.types import Batch
from jgd.data import orders

MOST_FILLED = 1 / 6  # of an epoch's rows: more repeated rows cost more steps than the second program they save


@record
class Batches:
    """Batches of `size` of `rows` rows, in an order of `jgd.data.orders` or by its name.

    "shuffled" afresh each epoch, "sequential" (rows in their order), "replacement" (independent draws), or a record.
    Full batches are size = rows, single examples size = 1. Raises `JgdValueError` for a size outside 1 … rows, or an
    order that was made for another number of rows.

    >>> batches = Batches(rows=5, size=2, order="sequential")
    >>> batches.per_epoch, [rows.tolist() for rows in batches.epoch(jax.random.key(0), 0)]
    (3, [[0, 1], [2, 3], [4]])
    """

    rows: int = static_field()
    size: int = static_field()
    order: Any = "shuffled"  # an Order; a name becomes its record
    cut: NamedSharding | None = static_field(default=None)  # over which devices `take` spreads a batch's rows

    def __post_init__(self) -> None:
        checks.count("rows", self.rows, 1)
        checks.count("batch_size", self.size, 1, self.rows)
        object.__setattr__(self, "order", orders.named(self.order))
        for leaf in jax.tree.leaves(self.order):
            if getattr(leaf, "ndim", 0) == 1 and len(leaf) != self.rows:
                raise checks.JgdValueError(f"order was made for {len(leaf)} rows, got data of {self.rows}")

    def mined(self, ranked: Array) -> "Batches":
        """The same batches, with the rows ranked from the hardest on (see `orders.HardMining`)."""
        return replace(self, order=replace(self.order, ranked=ranked))

    @property
    def rest(self) -> int:
        """Rows of an epoch's short last batch; 0 where size divides the rows, or rows are drawn with replacement."""
        return self.rows % self.size if self.order.each_once else 0

    @property
    def fillable(self) -> bool:
        """Whether there is a short last batch that is nearly whole, or one of many: filled up it costs little."""
        return self.rest > 0 and self.per_epoch * self.size - self.rows <= MOST_FILLED * self.rows

    @property
    def per_epoch(self) -> int:
        """Updates an epoch."""
        return -(-self.rows // self.size)

    @property
    def whole(self) -> bool:
        """Whether every batch is all rows, so that there is no order at all."""
        return self.size == self.rows and self.order.each_once

    def permutation(self, key: Array, epoch: Array | int) -> Array:
        """(rows of an epoch,) int32: row numbers of one epoch's batches on end, from the key of the seed's ORDER stream."""
        order: Any = orders.Sequential() if self.whole else self.order
        return order.indices(key, epoch, self.rows, self.size)

    def epoch(self, key: Array, epoch: int) -> list[Array]:
        """The row indices of each batch of one epoch."""
        order = self.permutation(key, epoch)
        return [order[start : start + self.size] for start in range(0, len(order), self.size)]

    def at(self, data: Batch, key: Array, step: int) -> Batch:
        """The batch that update number `step` sees."""
        rows = self.epoch(key, step // self.per_epoch)[step % self.per_epoch]
        return jax.tree.map(lambda array: array[np.asarray(rows)], data)

    def take(self, data: Batch, permutation: Array, position: Array, size: int) -> Batch:
        """`size` rows from `position` · self.size on, inside a compiled loop: the batch at a position of an epoch."""
        return self.spread(self._taken(data, permutation, position, size), size)

    def filled(self, permutation: Array) -> Array:
        """The rows of an epoch with its last one repeated, so that its last batch is whole too."""
        return jnp.concatenate([permutation, jnp.broadcast_to(permutation[-1], (self.size - self.rest,))])

    def take_filled(self, data: Batch, filled: Array, position: Array) -> tuple[Batch, Array]:
        """`take` of an epoch's rows that are `filled`: -> (the batch, (size,) 1 for its own rows and 0 for the others)."""
        first = position * self.size
        rows = jax.lax.dynamic_slice_in_dim(filled, first, self.size)
        batch = jax.tree.map(lambda a: a.at[rows].get(mode="promise_in_bounds"), data)
        own = first + jnp.arange(self.size, dtype=jnp.int32) < self.rows
        return self.spread(batch, self.size), own.astype(jnp.float32)

    def spread(self, batch: Batch, size: int) -> Batch:
        """The batch with its rows cut over the devices of `cut`; one that they don't divide stays whole on each."""
        if self.cut is None:
            return batch
        axis = self.cut.spec[0]
        if axis is not None and size % self.cut.mesh.shape[axis]:
            return batch
        return jax.lax.with_sharding_constraint(batch, self.cut)

    def _taken(self, data: Batch, permutation: Array, position: Array, size: int) -> Batch:
        if self.whole:
            return data
        first = position * self.size
        if isinstance(self.order, orders.Sequential):
            return jax.tree.map(lambda a: jax.lax.dynamic_slice_in_dim(a, first, size), data)
        rows, once = jax.lax.dynamic_slice_in_dim(permutation, first, size), self.order.each_once
        return jax.tree.map(lambda a: a.at[rows].get(mode="promise_in_bounds", unique_indices=once), data)
