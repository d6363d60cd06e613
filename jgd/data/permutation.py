"""`jax.random.permutation` of an epoch, bit for bit, in a third of its programs.

A permutation folds the epoch into the key, and once or twice splits it, draws a number a row and sorts by them. jax has a
program of its own for each of these hashes; here they are the turns of one loop, so that a compiler meets the hash once.
"""

import math

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core.seeds import PARITY, ROTATIONS


def permutation(key: Array, epoch: Array | int, rows: int) -> Array:
    """jax.random.permutation(jax.random.fold_in(key, epoch), rows), (rows,) int32.

    Example:
        >>> jaxs = jax.random.permutation(jax.random.fold_in(jax.random.key(3), 5), 7)
        >>> bool((permutation(jax.random.key(3), 5, 7) == jaxs).all())
        True
    """
    order = jnp.arange(rows, dtype=jnp.int32)
    if not getattr(jax.config, "jax_threefry_partitionable", False) or not str(key.dtype).endswith(
        "<fry>"
    ):  # the user's own keys
        return jax.random.permutation(jax.random.fold_in(key, epoch), order)
    sorts = math.ceil(3 * math.log(rows) / math.log(2**32 - 1)) if rows > 1 else 0  # as many as jax makes
    width = max(rows, 2)
    counter = jnp.arange(width, dtype=jnp.uint32)
    epoch = jnp.asarray(epoch).astype(jnp.uint32)

    def hashed(turn: Array, carry: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        """The first turn folds in, then turns that split and turns that draw alternate."""
        rest, current, drawn = carry
        a, b = _threefry(current, jnp.where(turn == 0, epoch, counter))
        first, second = jnp.stack([a[0], b[0]]), jnp.stack([a[1], b[1]])
        splits, draws = turn % 2 == 1, (turn > 0) & (turn % 2 == 0)
        place = jnp.maximum((turn - 1) // 2, 0)  # of a turn that splits, where the next one writes over it
        drawn = jax.lax.dynamic_update_index_in_dim(drawn, a ^ b, place, 0)
        return jnp.where(draws, rest, first), jnp.where(splits, second, jnp.where(draws, rest, first)), drawn

    data = jax.random.key_data(key)
    begin = data, data, jnp.zeros((max(sorts, 1), width), jnp.uint32)
    drawn = jax.lax.fori_loop(0, 1 + 2 * sorts, hashed, begin)[2]
    for numbers in drawn[:sorts, :rows]:
        order = jax.lax.sort_key_val(numbers, order)[1]
    return order


def _threefry(key: Array, counter: Array) -> tuple[Array, Array]:
    """Threefry-2x32 of (0, counter), see `jgd.core.seeds.threefry`."""
    keys = (key[0], key[1], key[0] ^ key[1] ^ jnp.uint32(PARITY))
    a, b = jnp.zeros_like(counter) + keys[0], counter + keys[1]
    for group in range(5):
        for turn in ROTATIONS[group % 2]:
            a = a + b
            b = (b << jnp.uint32(turn) | b >> jnp.uint32(32 - turn)) ^ a
        a = a + keys[(group + 1) % 3]
        b = b + keys[(group + 2) % 3] + jnp.uint32(group + 1)
    return a, b
