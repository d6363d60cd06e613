"""Randomness as a pure function of (seed, stream, step): chunking, resuming or reordering changes nothing."""

from enum import IntEnum
from typing import Any

import jax
from jax import Array

from jgd.core import checks

LARGEST = 2**32 - 1  # beyond it a seed's key repeats: 2**32 gives the key of seed 0


class Stream(IntEnum):
    """What the numbers are drawn for; each use has its own stream, so that one never shifts another."""

    INIT = 0
    ORDER = 1
    NOISE = 2
    SPLIT = 3


def key(seed: int, stream: Stream) -> Array:
    """The key of one seed's stream: threefry, so that vmapped lanes draw what they draw alone.

    >>> bool((key(0, Stream.INIT) == key(0, Stream.ORDER)).all())
    False
    """
    return jax.random.fold_in(jax.random.key(check(seed), impl="threefry2x32"), int(stream))


def init_key(seed: int) -> Array:
    """The key from which a sweep's lanes of this seed start their parameters: `task.init(jgd.init_key(seed))`."""
    return key(seed, Stream.INIT)


def check(seed: Any, name: str = "seed") -> int:
    """`seed` as an int, refused outside 0 … 2**32 − 1."""
    return checks.count(name, seed, 0, LARGEST)
