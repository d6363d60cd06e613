"""Which lanes run together: configs of one group at one seed, all after the same number of steps.

All blocks of a group have one width, filled up by repeating the last config, so that a lane's bits don't depend on how
many lanes run or on who its neighbors are. A block's batch is one array, shared by its lanes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np

from jgd.spaces.space import Config


@dataclass(frozen=True)
class Block:
    """Lanes that run side by side: configs of one group, by their indices, at one seed, all after `begin` steps."""

    group: int
    seed: int  # its index
    configs: tuple[int, ...]
    begin: int
    end: int

    @property
    def lane_steps(self) -> int:
        """Steps of all its lanes."""
        return len(self.configs) * (self.end - self.begin)

    def recorded(self, every: int) -> range:
        """Its steps whose losses are kept: 0, every, 2 every, … of the run."""
        return range(-(-self.begin // every) * every, self.end, every)


def padded_numbers(configs: Sequence[Config], names: Sequence[str], width: int) -> dict[str, np.ndarray]:
    """Name -> (width,) values of a block's configs, the last one repeated to fill it."""
    padded = [*configs, *[configs[-1]] * (width - len(configs))]
    dtype = jnp.result_type(float)
    return {name: np.array([config[name] for config in padded], dtype) for name in names}
