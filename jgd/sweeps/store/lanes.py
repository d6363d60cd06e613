"""Lanes taken out of the arrays of blocks, and put together as another block; the counter has no lane axis."""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from jgd.descent import TrainState
from jgd.lane import Lane, arrays_of, train_state_of


def gather_lanes(sources: Sequence[tuple[Lane, int]]) -> Lane:
    """One block of the lanes (block, row in it), all after the same number of steps."""
    step = sources[0][0].train_state.opt_state.step
    rows = lambda *leaves: np.stack([leaf[row] for leaf, (_, row) in zip(leaves, sources, strict=True)])
    return _joined(step, jax.tree.map(rows, *(arrays_of(lanes) for lanes, _ in sources)))


def first_lanes(lanes: Lane, count: int, copy: bool) -> Lane:
    """The first `count` lanes of a block on the host. copy: its arrays will be overwritten."""
    step: Any = np.array(lanes.train_state.opt_state.step)
    return _joined(step, first_rows(arrays_of(lanes), count, copy))


def only_lane(lanes: Lane) -> TrainState:
    """The train state of the one lane of a block of one."""
    arrays, _ = jax.tree.map(lambda leaf: leaf[0], arrays_of(lanes))
    return train_state_of(lanes.train_state.opt_state.step, arrays)


def first_rows(tree: Any, count: int, copy: bool = False) -> Any:
    """The first `count` rows of every leaf on the host: on a CPU the arrays themselves, where they are all of them."""
    some = lambda leaf: np.array(leaf[:count]) if copy or len(leaf) > count else leaf
    return jax.tree.map(some, jax.device_get(tree))


def _joined(step: Any, arrays: Any) -> Lane:
    parts, diverged_at = arrays
    return Lane(train_state_of(step, parts), diverged_at)
