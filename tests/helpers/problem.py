"""A small problem for all optimizers: two leaves, a quartic, and noise that differs at every step."""

import jax
import jax.numpy as jnp
import numpy as np

STEPS = 30
_RNG = np.random.default_rng(0)
START = {"bias": np.array(0.3), "weights": np.array([[1.0, -0.7, 0.2], [0.5, -0.1, 0.9]])}
NOISE = {name: _RNG.normal(size=(STEPS, *leaf.shape)) for name, leaf in START.items()}


def loss(params, noise):
    """Σ w⁴/4 + w²/4 + noise · w, whose gradient is w³ + w/2 + noise."""
    each = jax.tree.map(lambda w, n: jnp.sum(w**4 / 4 + w**2 / 4 + n.astype(w.dtype) * w), params, noise)
    return sum(jax.tree.leaves(each))


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


def params(dtype=None):
    """Fresh arrays at the start, in the default float dtype unless said otherwise."""
    return {name: jnp.asarray(leaf, dtype or jnp.result_type(float)) for name, leaf in START.items()}


def noise(steps: int = STEPS, dtype=None):
    return {name: jnp.asarray(leaf[:steps], dtype or jnp.result_type(float)) for name, leaf in NOISE.items()}


def hours_points(w, _batch=None):
    """The lectures' mean squared error, for a () weight."""
    x = jnp.asarray([1.0, 2.0, 3.0], w.dtype)
    return jnp.mean((w * x - 2 * x) ** 2)
