"""How far the runs of a sweep are, as far as a plan asks."""

from typing import Protocol

import numpy as np


class Progress(Protocol):
    """A store, or what stands for one."""

    def done(self, step: int) -> np.ndarray:
        """(config, seed): whether the run's results are there up to this step."""
        ...

    def reached(self, configs: np.ndarray, seed: int, most: int) -> np.ndarray:
        """The latest step ≤ most from which each run can go on, of these configs at a seed; 0 is its start."""
        ...
