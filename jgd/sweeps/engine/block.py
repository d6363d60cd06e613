"""Which lanes run together: configs of one group at one seed, all after the same number of steps.

All blocks of a group have one width, filled up by repeating the last config, so that a lane's bits don't depend on how
many lanes run or on who its neighbors are. A block's batch is one array, shared by its lanes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np

from jgd.spaces.space import Config

# Lanes a block, by the number of parameters: small blocks stay in the cache and pad less, wide ones spread the cost of
# each operation. Never by the number of configs: a lane's bits depend on the width, and must not on who else runs.
WIDTHS = {
    "cpu": ((65536, 32), (2**20, 8)),  # measured on two cores
    "gpu": ((65536, 256), (2**20, 32)),
}
LARGEST = 4  # lanes of models beyond the table


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


def width_for(parameters: int, platform: str) -> int:
    """Lanes a block for a model of so many parameters.

    >>> width_for(1000, "cpu"), width_for(100_000, "cpu"), width_for(10**9, "gpu")
    (32, 8, 4)
    """
    table = WIDTHS.get(platform, WIDTHS["gpu"])
    return next((width for most, width in table if parameters <= most), LARGEST)


def padded_numbers(configs: Sequence[Config], names: Sequence[str], width: int) -> dict[str, np.ndarray]:
    """Name -> (width,) values of a block's configs, the last one repeated to fill it."""
    padded = [*configs, *[configs[-1]] * (width - len(configs))]
    dtype = jnp.result_type(float)
    return {name: np.array([config[name] for config in padded], dtype) for name in names}
