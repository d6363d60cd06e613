"""Which rows each step sees: a pure function of (seed, step), so that resuming or chunking changes nothing.

An epoch is one pass over the rows, ⌈rows / size⌉ updates; each row is seen exactly once in it. When size doesn't
divide the rows, the epoch's last batch is the short rest, and a mean over it is over its actual size.
"""

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks
from jgd.core.record import record, static
from jgd.core.types import Batch

ORDERS = ("shuffled", "sequential")


@record
class Batches:
    """Batches of `size` of `rows` rows, "shuffled" afresh each epoch or "sequential" (rows in their order).

    Full batches are size = rows, single examples size = 1. Raises `JgdValueError` for a size outside 1 … rows.

    >>> batches = Batches(rows=5, size=2, order="sequential")
    >>> batches.per_epoch, [rows.tolist() for rows in batches.epoch(jax.random.key(0), 0)]
    (3, [[0, 1], [2, 3], [4]])
    """

    rows: int = static()
    size: int = static()
    order: str = static(default="shuffled")

    def __post_init__(self) -> None:
        checks.count("rows", self.rows, 1)
        checks.count("batch_size", self.size, 1, self.rows)
        checks.choice("order", self.order, ORDERS)

    @property
    def rest(self) -> int:
        """Rows of an epoch's short last batch; 0 where size divides the rows."""
        return self.rows % self.size

    @property
    def per_epoch(self) -> int:
        """Updates an epoch."""
        return -(-self.rows // self.size)

    def permutation(self, key: Array, epoch: Array | int) -> Array:
        """(rows,) int32: the order of one epoch, from the key of the seed's ORDER stream."""
        if self.order == "sequential" or self.size == self.rows:
            return jnp.arange(self.rows, dtype=jnp.int32)
        return jax.random.permutation(jax.random.fold_in(key, epoch), jnp.arange(self.rows, dtype=jnp.int32))

    def epoch(self, key: Array, epoch: int) -> list[Array]:
        """The row indices of each batch of one epoch."""
        order = self.permutation(key, epoch)
        return [order[start : start + self.size] for start in range(0, self.rows, self.size)]

    def at(self, data: Batch, key: Array, step: int) -> Batch:
        """The batch that update number `step` sees."""
        rows = self.epoch(key, step // self.per_epoch)[step % self.per_epoch]
        return jax.tree.map(lambda array: array[rows], data)

    def take(self, data: Batch, permutation: Array, position: Array, size: int) -> Batch:
        """`size` rows from `position` · self.size on, inside a compiled loop: the batch at a position of an epoch."""
        if self.size == self.rows:
            return data
        first = position * self.size
        if self.order == "sequential":
            return jax.tree.map(lambda a: jax.lax.dynamic_slice_in_dim(a, first, size), data)
        rows = jax.lax.dynamic_slice_in_dim(permutation, first, size)
        return jax.tree.map(lambda a: a.at[rows].get(mode="promise_in_bounds", unique_indices=True), data)
