"""Difference formulas: offsets, weights, and the step where their error meets the rounding."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Formula:
    """slope = Σ weights · f(x + offsets · h) / h, with an error of order h^order."""

    offsets: tuple[int, ...]
    weights: tuple[float, ...]
    order: int

    def step(self, eps: float, size: Any) -> Any:
        """eps^(1/(order+1)) · max(1, size): where the formula's error meets the rounding."""
        return eps ** (1 / (self.order + 1)) * np.maximum(1.0, size)


FORWARD = Formula((0, 1), (-1, 1), 1)
CENTRAL = Formula((-1, 1), (-1 / 2, 1 / 2), 2)
RICHARDSON = Formula((-2, -1, 1, 2), (1 / 12, -8 / 12, 8 / 12, -1 / 12), 4)
COMPLEX_STEP = 1e-20  # nothing is subtracted, so nothing cancels: as small as you like; its square is 0 in float32

formulas: dict[str, Formula] = {"forward": FORWARD, "central": CENTRAL, "richardson": RICHARDSON}
methods: tuple[str, ...] = (*formulas, "complex")
