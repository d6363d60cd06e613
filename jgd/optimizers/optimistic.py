"""Optimistic gradient descent: the last gradient foretells the next, for games and min-max problems.

u = (α + β) g − β g'       (g' the gradient before; at the first step g' = g)
θ ← θ − η u

Source: Daskalakis et al. 2018, arXiv:1711.00141, equation 4 (α = β = 1: θ ← θ − 2 η g + η g'); the two weights are the
generalized form of Mokhtari et al. 2020, arXiv:1901.08511, section 3, as in optax. The paper starts with two equal points,
so that the first step is that of gradient descent.

Optimistic Adam is the same of Adam's direction m̂ / (√v̂ + eps) in place of g: Daskalakis et al., algorithm 1, α = β = 1. Its
first step is Adam's, as in optax; the paper's, with a direction of 0 before it, is twice as long. optax's has Nesterov's m̂ unless
told otherwise.
"""

import jax.numpy as jnp

from jgd.core import tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.optimizers.adam import ScaleByAdam
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


@builder
def optimistic_adam(
    learning_rate: Scalar,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    *,
    alpha: Scalar = 1.0,
    beta: Scalar = 1.0,
    eps_root: Scalar = 0.0,
    nesterov: bool = False,
) -> Optimizer:
    """Optimistic Adam: θ ← θ − η ((α + β) u − β u'), u = m̂ / (√(v̂ + eps_root) + eps), u' the u before.

    Args:
        learning_rate: η > 0, a number or a schedule.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.9.
        b2: In [0, 1), what the mean of their squares keeps at a step. Default: 0.999.
        eps: ≥ 0, added to the root. Default: 1e-8.
        alpha: α ≥ 0, the weight of the direction. Default: 1.0.
        beta: β ≥ 0, the weight of its change. Default: 1.0.
        eps_root: ≥ 0, added inside the root. Default: 0.0.
        nesterov: optax's simplified Nesterov form of m̂; structure. Default: False.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer, params = optimistic_adam(0.1, b1=0.0, b2=0.0), jnp.ones(1)
        >>> state = optimizer.init(params)
        >>> for g in (4.0, -1.0):  # the direction is 1, then -1
        ...     updates, state = optimizer.update(jnp.array([g]), state, params)
        >>> updates.round(4).tolist()
        [0.3]
    """
    adam = ScaleByAdam(b1, b2, eps, eps_root, nesterov)
    return chain(adam, ScaleByOptimisticGradient(alpha, beta), ScaleByLearningRate(learning_rate))
