"""An exponential mean that knows its own weight.

The textbook's bias correction 1 − bᵗ holds for a constant b only. A mean that carries its weight is exact for a
scheduled b and for skipped steps too, and more accurate in float32.
"""

import jax.numpy as jnp
from jax import Array

from jgd.core import tree
from jgd.core.record import record
from jgd.core.types import Params


@record
class Mean:
    """total = Σ of what was absorbed, each with its weight; weight = the sum of the weights, ()."""

    total: Params
    weight: Array

    @staticmethod
    def like(params: Params) -> "Mean":
        """The empty mean of things in the shape of `params`, in float32 or wider."""
        return Mean(tree.zeros_like(params), jnp.zeros((), tree.compute_dtype(params)))

    def absorb(self, b: Array, x: Params) -> "Mean":
        """total ← b total + (1 − b) x, weight ← b weight + (1 − b)."""
        return Mean(tree.lerp(b, self.total, x), b * self.weight + (1 - b))

    def value(self) -> Params:
        """total / weight: the bias-corrected mean; 0 while empty. One division, then products."""
        return tree.scale(tree.safe_divide(jnp.ones_like(self.weight), self.weight), self.total)
