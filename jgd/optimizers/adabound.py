"""AdaBound: Adam whose rates for each weight are held between bounds that close in on that of plain momentum.

m, v: Adam's; t = 1, 2, …
η_t = clip(η √(1 − b2ᵗ) / (1 − b1ᵗ) / (√v + eps), low, high)
low = final (1 − 1 / (γ t + 1)),   high = final (1 + 1 / (γ t))
θ ← θ − η_t m

Source: Luo et al. 2019, arXiv:1902.09843, algorithm 2, in the form of the authors' code, whose defaults these are (the paper
divides by √t and has no bias correction). There the bounds follow a scheduled η; here `final_learning_rate` may be a schedule of
its own. Neither torch nor optax has it.
"""

import jax.numpy as jnp

from jgd.core import tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record
from jgd.core.spellings import builder
from jgd.core.transform import Context
from jgd.core.types import Params, Scalar
from jgd.optimizers.adam import AdamState
from jgd.transforms import LearningRateState, ReportsLearningRate


@record
class AdaboundState:
    """Adam's moments and the rate used."""

    moments: AdamState
    rate: LearningRateState


@record
class DescendByAdabound(ReportsLearningRate):
    """−clip(η √(1 − b2ᵗ) / (1 − b1ᵗ) / (√v + eps), low, high) m."""

    entrywise = True

    learning_rate: Scalar = hyper("> 0")
    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper(">= 0")
    final_learning_rate: Scalar = hyper("> 0")
    gamma: Scalar = hyper("> 0")

    def init(self, params: Params) -> AdaboundState:
        return AdaboundState(AdamState.like(params), LearningRateState.unused(params))

    def update(self, grads: Params, state: AdaboundState, context: Context) -> tuple[Params, AdaboundState]:
        rate, final, eps = context.at(self.learning_rate), context.at(self.final_learning_rate), context.at(self.eps)
        moments = state.moments.absorb(context.at(self.b1), context.at(self.b2), grads)
        mean, square = moments.mean, moments.square
        passed = context.at(self.gamma) * (context.step.astype(rate.dtype) + 1)
        low, high = final * (1 - 1 / (passed + 1)), final * (1 + 1 / passed)
        scale = rate * jnp.sqrt(square.weight) / mean.weight

        def one(m, v):
            root = tree.safe_sqrt(v) + eps
            own = jnp.where(root > 0, scale / jnp.where(root > 0, root, 1), high)  # no gradient yet: as fast as may be
            return -jnp.clip(own, low, high) * m

        updates = tree.map(one, mean.total, square.total)
        return updates, AdaboundState(moments, LearningRateState(rate))


@builder
def adabound(
    learning_rate: Scalar = 1e-3,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    *,
    final_learning_rate: Scalar = 0.1,
    gamma: Scalar = 1e-3,
) -> Optimizer:
    """AdaBound: θ ← θ − clip(η √(1 − b2ᵗ) / (1 − b1ᵗ) / (√v + eps), final (1 ∓ …)) m.

    Args:
        learning_rate: η > 0, Adam's rate, a number or a schedule. Default: 1e-3.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.9.
        b2: In [0, 1), what the mean of their squares keeps at a step. Default: 0.999.
        eps: ≥ 0, added to the root. Default: 1e-8.
        final_learning_rate: > 0, that of the momentum it ends as. Default: 0.1.
        gamma: γ > 0, how fast the bounds close: they are half as wide at 1 / γ steps. Default: 1e-3.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = adabound(0.1, final_learning_rate=0.5)
        >>> updates, _ = optimizer.update(jnp.array([-4.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> updates.round(6).tolist()
        [0.1]
    """
    return chain(DescendByAdabound(learning_rate, b1, b2, eps, final_learning_rate, gamma))
