"""Optimistic gradient descent: the last gradient foretells the next, for games and min-max problems.

u = (α + β) g − β g'       (g' the gradient before; at the first step g' = g)
θ ← θ − η u

Source: Daskalakis et al. 2018, arXiv:1711.00141, equation 4 (α = β = 1: θ ← θ − 2 η g + η g'); the two weights are the
generalized form of Mokhtari et al. 2020, arXiv:1901.08511, section 3, as in optax. The paper starts with two equal points,
so that the first step is that of gradient descent.
"""

import jax.numpy as jnp

from jgd.core import tree
from jgd.core.builders import builder
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.transforms import Mean, ScaleByLearningRate


@record
class ScaleByOptimisticGradient(Transform):
    """u = (α + β) g − β g'. The state is g', with the weight 0 while there is none."""

    alpha: Scalar = hyper(">= 0")
    beta: Scalar = hyper(">= 0")

    def init(self, params: Params) -> Mean:
        return Mean.like(params)

    def update(self, grads: Params, last: Mean, context: Context) -> tuple[Params, Mean]:
        alpha, beta = context.at(self.alpha), context.at(self.beta)
        before = tree.select(last.weight == 0, grads, last.total)
        updates = tree.map(lambda g, b: (alpha + beta) * g - beta * b, grads, before)
        return updates, Mean(grads, jnp.ones_like(last.weight))


@builder
def optimistic_gradient_descent(
    learning_rate: Scalar,
    alpha: Scalar = 1.0,
    beta: Scalar = 1.0,
) -> Optimizer:
    """Optimistic gradient descent: θ ← θ − η ((α + β) g − β g').

    Args:
        learning_rate: η > 0, a number or a schedule.
        alpha: α ≥ 0, the weight of the gradient. Default: 1.0.
        beta: β ≥ 0, the weight of its change. Default: 1.0.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer, params = optimistic_gradient_descent(0.1), jnp.ones(1)
        >>> state = optimizer.init(params)
        >>> for g in (1.0, 3.0):
        ...     updates, state = optimizer.update(jnp.array([g]), state, params)
        >>> updates.tolist()
        [-0.5]
    """
    return chain(ScaleByOptimisticGradient(alpha, beta), ScaleByLearningRate(learning_rate))
