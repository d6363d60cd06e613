"""Adam-atan2: Adam without an eps, whose steps don't change when the loss is multiplied by a constant.

m ← b1 m + (1 − b1) g
v ← b2 v + (1 − b2) g²
u = a atan2(m̂, b √v̂)
θ ← θ − η u

Source: Everett et al. 2024, arXiv:2407.05872. atan2(m, s) is about m / s where that is small and never more than π/2;
a = 1.27 ≈ 4/π makes u = ±1, Adam's, where |m̂| = √v̂. a and b, and a's default, as in the known torch implementation;
a = 1 is the bare atan2.
"""

import jax.numpy as jnp
from jax import Array

from jgd.core import tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.optimizers.adam import AdamState
from jgd.transforms import ScaleByLearningRate


@record
class ScaleByAdamAtan2(Transform):
    """u = a atan2(m̂, b √v̂)."""

    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    a: Scalar = hyper("> 0")
    b: Scalar = hyper("> 0")

    def init(self, params: Params) -> AdamState:
        return AdamState.like(params)

    def update(self, grads: Params, moments: AdamState, context: Context) -> tuple[Params, AdamState]:
        a, b = context.at(self.a), context.at(self.b)
        moments = moments.absorb(context.at(self.b1), context.at(self.b2), grads)
        updates = tree.map(
            lambda m, v: a * angle(m, b * tree.safe_sqrt(v)), moments.mean.value(), moments.square.value()
        )
        return updates, moments


def angle(y: Array, x: Array) -> Array:
    """atan2(y, x) for x ≥ 0, with the derivative 0 instead of NaN at x = y = 0."""
    return jnp.where(x == 0, jnp.sign(y) * (jnp.pi / 2), jnp.arctan(tree.safe_divide(y, x)))


@builder
def adam_atan2(
    learning_rate: Scalar,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    *,
    a: Scalar = 1.27,
    b: Scalar = 1.0,
) -> Optimizer:
    """Adam-atan2: θ ← θ − η a atan2(m̂, b √v̂).

    Args:
        learning_rate: η > 0, a number or a schedule.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.9.
        b2: In [0, 1), what the mean of their squares keeps at a step. Default: 0.999.
        a: > 0, the height of the atan2. Default: 1.27.
        b: > 0, its width. Default: 1.0.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = adam_atan2(1.0, a=1.0)
        >>> updates, _ = optimizer.update(jnp.array([-4.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> round(float(updates[0]), 5)  # π/4
        0.7854
    """
    return chain(ScaleByAdamAtan2(b1, b2, a, b), ScaleByLearningRate(learning_rate))
