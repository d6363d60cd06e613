"""Momentum and its look-ahead: enters a landscape, leaves the arrows of one step of both."""

from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from jgd import optimizers
from jgd.core import checks
from jgd.landscapes import Landscape
from jgd.teaching.descents import descents


@dataclass(frozen=True)
class LookAhead:
    """One step of momentum and of Nesterov's look-ahead from the same point with the same velocity, (dimensions,) each.

    Attributes:
        landscape: Where.
        before: (steps + 1, dimensions), the way that led there; its last point is θ.
        carried: −γ v, what the velocity alone does.
        downhill: −η ∇L(θ), what momentum adds.
        downhill_ahead: −η ∇L(θ − γ v), what the look-ahead adds.
    """

    landscape: Landscape
    before: np.ndarray
    carried: np.ndarray
    downhill: np.ndarray
    downhill_ahead: np.ndarray

    @property
    def point(self) -> np.ndarray:
        """(dimensions,), θ."""
        return self.before[-1]

    @property
    def momentum_end(self) -> np.ndarray:
        """(dimensions,), θ − γ v − η ∇L(θ)."""
        return self.point + self.carried + self.downhill

    @property
    def look_ahead_end(self) -> np.ndarray:
        """(dimensions,), θ − γ v − η ∇L(θ − γ v)."""
        return self.point + self.carried + self.downhill_ahead


def look_ahead(
    landscape: Landscape, learning_rate: float, momentum: float = 0.9, steps: int = 3, start: Any = None
) -> LookAhead:
    """The arrows of the step that follows `steps` steps of momentum, v ← γ v + η g and θ ← θ − v.

    Args:
        landscape: Of two dimensions to be drawn.
        learning_rate: η.
        momentum: γ in [0, 1).
        steps: Before the one whose arrows are wanted, from velocity 0.
        start: (dimensions,); default the landscape's.

    Returns:
        The arrows.

    Raises:
        JgdValueError: As `descents`, and a number outside its rule.

    Example:
        >>> import jgd
        >>> found = look_ahead(jgd.landscapes.quadratic([1.0, 1.0]), 0.25, momentum=0.5, steps=1)
        >>> found.point.tolist(), found.carried.tolist(), found.downhill.tolist(), found.downhill_ahead.tolist()
        ([0.75, 0.75], [-0.125, -0.125], [-0.1875, -0.1875], [-0.15625, -0.15625])
    """
    rate = checks.number("learning_rate", learning_rate, "> 0")
    decay = checks.number("momentum", momentum, "[0, 1)")
    way = descents(landscape, {"": optimizers.momentum(rate, decay)}, steps, start).paths[""]
    slope = lambda point: np.asarray(jax.grad(landscape)(jax.numpy.asarray(point, jax.numpy.result_type(float))), float)
    carried = decay * (way[-1] - way[-2])
    return LookAhead(landscape, way, carried, -rate * slope(way[-1]), -rate * slope(way[-1] + carried))
