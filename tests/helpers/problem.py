"""A small problem for all optimizers, that of jgd.testing, and beside it the lectures'; both in NumPy too."""

import jax.numpy as jnp
import numpy as np

from jgd.testing.problem import NOISE, START, STEPS, default
from jgd.testing.problem import quartic as loss

__all__ = ["NOISE", "START", "STEPS", "Slope", "hours_points", "loss", "noise", "params"]

params = default().params


def noise(steps: int = STEPS, dtype=None):
    return default().first(steps, dtype)


class Slope:
    """The problem in NumPy, for one leaf or for the whole tree: its gradient, value and (diagonal) curvature."""

    def __init__(self, name: str | None = None):
        self.name = name

    def _each(self, f, w, t):
        if self.name is not None:
            return f(w, NOISE[self.name][t])
        return {name: f(leaf, NOISE[name][t]) for name, leaf in w.items()}

    def __call__(self, w, t):
        return self._each(lambda w, n: w * w * w + w / 2 + n, w, t)

    def value(self, w, t):
        losses = self._each(lambda w, n: np.sum(w**4 / 4 + w**2 / 4 + n * w), w, t)
        return losses if self.name is not None else sum(losses.values())

    def curvature(self, w, t):
        return self._each(lambda w, n: 3 * w**2 + 0.5, w, t)


def hours_points(w, _batch=None):
    """The lectures' mean squared error, for a () weight."""
    x = jnp.asarray([1.0, 2.0, 3.0], w.dtype)
    return jnp.mean((w * x - 2 * x) ** 2)
