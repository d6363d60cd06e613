"""Lanes taken out of the arrays of blocks, and put together as another block; the counter has no lane axis."""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from jgd.core.optimizer import OptimizerState
from jgd.descent import TrainState
from jgd.lane import Lane


def gather_lanes(sources: Sequence[tuple[Lane, int]]) -> Lane:
    """One block of the lanes (block, row in it), all after the same number of steps."""
    step = sources[0][0].train_state.opt_state.step
    rows = lambda *leaves: np.stack([leaf[row] for leaf, (_, row) in zip(leaves, sources, strict=True)])
    return _joined(step, jax.tree.map(rows, *(_batched(lanes) for lanes, _ in sources)))


def first_lanes(lanes: Lane, count: int, copy: bool) -> Lane:
    """The first `count` lanes of a block on the host. copy: its arrays will be overwritten."""
    step: Any = np.array(lanes.train_state.opt_state.step)
    return _joined(step, first_rows(_batched(lanes), count, copy))


def only_lane(lanes: Lane) -> TrainState:
    """The train state of the one lane of a block of one."""
    params, inner, _ = jax.tree.map(lambda leaf: leaf[0], _batched(lanes))
    return TrainState(params, OptimizerState(lanes.train_state.opt_state.step, inner))


def first_rows(tree: Any, count: int, copy: bool = False) -> Any:
    """The first `count` rows of every leaf on the host: on a CPU the arrays themselves, where they are all of them."""
    some = lambda leaf: np.array(leaf[:count]) if copy or len(leaf) > count else leaf
    return jax.tree.map(some, jax.device_get(tree))


def _batched(lanes: Lane) -> tuple[Any, Any, Any]:
    """What has a lane axis."""
    return lanes.train_state.params, lanes.train_state.opt_state.inner, lanes.diverged_at


def _joined(step: Any, batched: tuple[Any, Any, Any]) -> Lane:
    params, inner, diverged_at = batched
    return Lane(TrainState(params, OptimizerState(step, inner)), diverged_at)
