"""The parameters that lanes ended with. Enters: a `Sweep`. Leaves: those of one lane, or of all with two axes more."""

from typing import TYPE_CHECKING

import jax
import numpy as np

from jgd.core import checks
from jgd.core.types import Params

if TYPE_CHECKING:
    from jgd.sweeps.result import Sweep


def of_lane(sweep: "Sweep", config: int, seed: int) -> Params:
    """See `Sweep.params`."""
    ends = sweep.archive.ends.get(sweep.lane(config, seed))
    if not ends:
        raise checks.JgdValueError(f"config {config} with seed {seed} has not run so far: it has no parameters")
    reached = int(sweep.reached[config])
    block = ends[reached if reached in ends else max(ends)]  # of a sweep that still runs: where the lane is
    return jax.tree.map(lambda leaf: leaf[block.configs.index(config)], sweep.archive.pieces[block].params)


def of_all(sweep: "Sweep") -> Params:
    """See `Sweep.final`."""
    ends = [sweep.params(config, sweep.seeds[0]) for config in range(len(sweep.configs))]
    if len({(jax.tree.structure(params), *map(np.shape, jax.tree.leaves(params))) for params in ends}) > 1:
        raise checks.JgdValueError("configs have parameters of different shapes: use params(config, seed)")
    rows = [[sweep.params(config, seed) for seed in sweep.seeds] for config in range(len(sweep.configs))]
    stack = lambda parts: jax.tree.map(lambda *leaves: np.stack(leaves), *parts)
    return stack([stack(row) for row in rows])
