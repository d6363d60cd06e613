"""Randomness as a pure function of (seed, stream, step): chunking, resuming or reordering changes nothing."""

from enum import IntEnum
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core import checks

WORD = 2**32 - 1
PARITY = 0x1BD11BDA  # of threefry
ROTATIONS = (13, 15, 26, 6), (17, 29, 16, 24)
LARGEST = WORD  # beyond it a seed's key repeats: 2**32 gives the key of seed 0


class Stream(IntEnum):
    """What the numbers are drawn for; each use has its own stream, so that one never shifts another."""

    INIT = 0
    ORDER = 1
    NOISE = 2
    SPLIT = 3
    LOSS = 4


def key(seed: int, stream: Stream) -> Array:
    """The key of one seed's stream: threefry, so that vmapped lanes draw what they draw alone.

    Args:
        seed: 0 … 2**32 − 1.
        stream: What the numbers are for.

    Returns:
        A key of `jax.random`, ().

    Raises:
        JgdTypeError: For a seed that is no whole number.
        JgdValueError: For one outside the range.

    Example:
        >>> bool((key(0, Stream.INIT) == key(0, Stream.ORDER)).all())
        False
    """
    data = threefry((0, check(seed)), (0, int(stream)))
    return jax.random.wrap_key_data(jax.device_put(np.array(data, np.uint32)), impl="threefry2x32")


def threefry(key: tuple[int, int], counter: tuple[int, int]) -> tuple[int, int]:
    """One block of Threefry-2x32 on the host, twenty rounds: what jax's fold_in of a seed's key and a number is.

    jax would compile two programs for it, which takes longer than all that a small sweep plans. Source: Salmon, Moraes,
    Dror & Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3", section 3.3.

    >>> threefry((0, 0), (0, 0)) == (0x6B200159, 0x99BA4EFE)
    True
    """
    keys = (*key, key[0] ^ key[1] ^ PARITY)
    a, b = (counter[0] + keys[0]) & WORD, (counter[1] + keys[1]) & WORD
    for group in range(5):
        for turn in ROTATIONS[group % 2]:
            a = (a + b) & WORD
            b = ((b << turn | b >> (32 - turn)) & WORD) ^ a
        a = (a + keys[(group + 1) % 3]) & WORD
        b = (b + keys[(group + 2) % 3] + group + 1) & WORD
    return a, b


def init_key(seed: int) -> Array:
    """The key from which a sweep's runs of this seed start their parameters: `task.init(jgd.init_key(seed))`.

    Args:
        seed: 0 … 2**32 − 1.

    Returns:
        A key of `jax.random`, ().

    Raises:
        JgdTypeError: For a seed that is no whole number.
        JgdValueError: For one outside the range.

    Example:
        >>> jax.random.normal(init_key(0), (2,)).shape
        (2,)
    """
    return key(seed, Stream.INIT)


def loss_key(key: Array | None, step: Array | int) -> Array | None:
    """What a loss that draws gets at a step, from the key of its seed's LOSS stream; None from None."""
    return None if key is None else jax.random.fold_in(key, step)


def check(seed: Any, name: str = "seed") -> int:
    """`seed` as an int, refused outside 0 … 2**32 − 1."""
    return checks.count(name, seed, 0, LARGEST)


class NoiseKeys:
    """One run's keys for the transforms of its optimizer: each asks once, in order, and no two share their numbers.

    Args:
        key: The run's own key, of `jax.random`.

    Example:
        >>> first, second = jnp.zeros(2, jnp.uint32), jnp.zeros(2, jnp.uint32)
        >>> keys = NoiseKeys(key(7, Stream.NOISE))
        >>> bool((keys.mix(first) == keys.mix(second)).all())
        False
    """

    def __init__(self, key: Array):
        self._key, self._count = key, 0

    def mix(self, data: Array) -> Array:
        """A transform's own key data, (2,) uint32, made the run's, and another one at each call."""
        own = jnp.bitwise_xor(data[0], data[1])
        mixed = jax.random.fold_in(jax.random.fold_in(self._key, own), self._count)
        self._count += 1
        return jax.random.key_data(mixed)
