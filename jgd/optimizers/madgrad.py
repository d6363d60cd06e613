"""MADGRAD: dual averaging with AdaGrad's squares under a cube root, and momentum as an average of points.

λ_t = η √(t + 1)                     t = 0, 1, …
s ← s + λ_t g
ν ← ν + λ_t g²
z = θ_0 − s / (∛ν + eps)
θ ← γ θ + (1 − γ) z

Source: Defazio & Jelassi 2021, arXiv:2101.11075, algorithm 1, c = 1 − γ. The authors' code and optax take η + eps for
η, a relative 1e-4 at their defaults: `madgrad(η + eps)` is theirs. weight_decay is added to the gradient as in both.
"""

import jax.numpy as jnp
from jax import Array

from jgd.core import tree
from jgd.core.masks import Mask
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record
from jgd.core.spellings import builder
from jgd.core.transform import Context
from jgd.core.types import Params, Scalar
from jgd.optimizers.masked_decay import decay
from jgd.transforms import LearningRateState, ReportsLearningRate


@record
class MadgradState:
    """The start, and the weighted sums of gradients and of their squares."""

    start: Params  # θ_0
    sums: Params  # s
    squares: Params  # ν
    rate: LearningRateState


@record
class DescendByMadgrad(ReportsLearningRate):
    """u = (1 − γ) (θ_0 − s / (∛ν + eps) − θ)."""

    learning_rate: Scalar = hyper("> 0")
    momentum: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper(">= 0")

    def init(self, params: Params) -> MadgradState:
        return MadgradState(
            tree.copy(params), tree.zeros_like(params), tree.zeros_like(params), LearningRateState.unused(params)
        )

    def update(self, grads: Params, state: MadgradState, context: Context) -> tuple[Params, MadgradState]:
        rate, momentum, eps = context.at(self.learning_rate), context.at(self.momentum), context.at(self.eps)
        weight = rate * jnp.sqrt(context.step.astype(rate.dtype) + 1)
        sums = tree.map(lambda s, g: s + weight * g, state.sums, grads)
        squares = tree.map(lambda v, g: v + weight * g**2, state.squares, grads)
        points = tree.map(lambda x, s, v: x - tree.safe_divide(s, cube_root(v) + eps), state.start, sums, squares)
        updates = tree.map(lambda z, w: (1 - momentum) * (z - w), points, context.params)
        return updates, MadgradState(state.start, sums, squares, LearningRateState(rate))


def cube_root(x: Array) -> Array:
    """∛x for x ≥ 0 whose derivative at 0 is 0, as `tree.safe_sqrt`'s."""
    safe = jnp.where(x > 0, x, jnp.ones_like(x))
    return jnp.where(x > 0, jnp.cbrt(safe), jnp.zeros_like(x))


@builder
def madgrad(
    learning_rate: Scalar,
    momentum: Scalar = 0.9,
    eps: Scalar = 1e-6,
    *,
    weight_decay: Scalar = 0.0,
    mask: Mask | None = None,
) -> Optimizer:
    """MADGRAD: s ← s + λ_t g, ν ← ν + λ_t g², θ ← γ θ + (1 − γ) (θ_0 − s / (∛ν + eps)), λ_t = η √(t + 1).

    It steps from where it began: parameters changed by other hands are drawn back.

    Args:
        learning_rate: η > 0, a number or a schedule.
        momentum: γ in [0, 1). Default: 0.9.
        eps: ≥ 0, added to the cube root. Default: 1e-6.
        weight_decay: λ ≥ 0, inside the gradient (L2). Default: 0.0.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = madgrad(1.0, momentum=0.0, eps=0.0)
        >>> updates, _ = optimizer.update(jnp.array([8.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> updates.tolist()
        [-2.0]
    """
    return chain(decay(weight_decay, mask), DescendByMadgrad(learning_rate, momentum, eps))
