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


def gradient_of(name: str):
    """gradient(w, t) of one leaf, in NumPy."""
    return lambda w, t: w * w * w + w / 2 + NOISE[name][t]


def params(dtype=None):
    """Fresh arrays at the start, in the default float dtype unless said otherwise."""
    return {name: jnp.asarray(leaf, dtype or jnp.result_type(float)) for name, leaf in START.items()}


def noise(steps: int = STEPS, dtype=None):
    return {name: jnp.asarray(leaf[:steps], dtype or jnp.result_type(float)) for name, leaf in NOISE.items()}


def hours_points(w, _batch=None):
    """The lectures' mean squared error, for a () weight."""
    x = jnp.asarray([1.0, 2.0, 3.0], w.dtype)
    return jnp.mean((w * x - 2 * x) ** 2)
