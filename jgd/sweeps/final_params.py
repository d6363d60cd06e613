"""The parameters of all runs of a sweep as one tree. Enters: `SweepData`. Leaves: leaves (config, seed, …)."""

from typing import Any

import jax
import numpy as np

from jgd.core import checks
from jgd.core.types import Params
from jgd.sweeps.engine.block import Block


def final_params(data: Any) -> Params:
    """See `SweepData.final`."""
    runs: dict[Block, list[int]] = {}  # the last block of runs -> their configs
    for place, config in np.ndindex(len(data.seeds), len(data.configs)):
        runs.setdefault(data.last_block(config, place), []).append(config)
    ends = {block: data.store.results[block].params for block in runs}
    kinds = {(jax.tree.structure(end), *(leaf.shape[1:] for leaf in jax.tree.leaves(end))) for end in ends.values()}
    if len(kinds) > 1:
        raise checks.JgdValueError("configs have parameters of different shapes: use params(config, seed)")
    like = next(iter(ends.values()))
    out = jax.tree.map(lambda leaf: np.empty((*data.diverged_at.shape, *leaf.shape[1:]), leaf.dtype), like)
    for block, configs in runs.items():
        rows = [block.configs.index(config) for config in configs]
        for into, leaf in zip(jax.tree.leaves(out), jax.tree.leaves(ends[block]), strict=True):
            into[configs, block.seed] = leaf[rows]
    return out
