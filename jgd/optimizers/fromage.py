"""Fromage: each leaf turns by a set share of its own length, and is drawn back so that it doesn't grow.

θ ← (θ − η ‖θ‖ / ‖g‖ · g) / √(1 + η²)     for each leaf

Source: Bernstein, Vahdat, Yue & Liu 2020, arXiv:2002.03432, algorithm 1. Where ‖θ‖ or ‖g‖ is 0 the ratio is 1, as in
the authors' code, so that a leaf of zeros can leave 0; optax takes both norms as 10⁻⁶ at least.
"""

import jax.numpy as jnp

from jgd.core import tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record
from jgd.core.spellings import builder
from jgd.core.transform import Context
from jgd.core.types import Params, Scalar
from jgd.transforms import LearningRateState, ReportsLearningRate, TrustRatio


@record
class DescendByFromage(ReportsLearningRate):
    """updates ← (θ − η · updates) / √(1 + η²) − θ."""

    learning_rate: Scalar = hyper("> 0")

    def init(self, params: Params) -> LearningRateState:
        return LearningRateState.unused(params)

    def update(self, updates: Params, state: LearningRateState, context: Context) -> tuple[Params, LearningRateState]:
        rate = context.at(self.learning_rate)
        root = jnp.sqrt(1 + rate**2)
        shrink = rate**2 / (root * (1 + root))  # 1 − 1/root, which float32 would round to a few digits
        return tree.map(lambda u, w: -rate / root * u - shrink * w, updates, context.params), LearningRateState(rate)


@builder
def fromage(
    learning_rate: Scalar = 0.01,
    min_norm: Scalar = 0.0,
) -> Optimizer:
    """Fromage: θ ← (θ − η ‖θ‖ / ‖g‖ · g) / √(1 + η²) for each leaf.

    Args:
        learning_rate: η > 0, a number or a schedule; the authors' 0.01 is a turn by one hundredth. Default: 0.01.
        min_norm: ≥ 0, the least ‖θ‖ in the ratio. Default: 0.0.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = fromage(0.75)
        >>> updates, _ = optimizer.update(jnp.array([4.0, 0.0]), optimizer.init(jnp.ones(2)), jnp.array([5.0, 0.0]))
        >>> updates.tolist()
        [-4.0, 0.0]
    """
    return chain(TrustRatio(min_norm=min_norm), DescendByFromage(learning_rate))
