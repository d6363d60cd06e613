"""DoWG, distance over weighted gradients: DoG whose later gradients, further from the start, count more.

r̄ ← max(r̄, ‖θ − θ₀‖), from r̄ = r_ε
v ← v + r̄² ‖g‖²
θ ← θ − η r̄² / (√v + eps) · g

Norms are over the whole tree.

Source: Khaled, Mishchenko & Jin 2023, "DoWG Unleashed", arXiv:2305.16284, algorithm 1 without its projection. eps
(0 in the paper), η, the L2 decay inside g and the start r_ε² = init_estim_sq_dist as in optax, where eps is also that
start unless given; here both are numbers of their own. r̄ and √v are remembered, not their squares.
"""

import jax.numpy as jnp

from jgd.core import tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record
from jgd.core.spellings import builder
from jgd.core.transform import Context
from jgd.core.types import Params, Scalar
from jgd.optimizers.dog import DistanceMemory, hypotenuse
from jgd.transforms import AddDecayedWeights, LearningRateState, ReportsLearningRate


@record
class Dowg(ReportsLearningRate):
    """u = −η r̄² / (√v + eps) · g."""

    learning_rate: Scalar = hyper("> 0")
    init_estim_sq_dist: float = hyper("> 0", schedule=False)
    eps: Scalar = hyper(">= 0")

    def init(self, params: Params) -> DistanceMemory:
        zero = jnp.zeros((), tree.compute_dtype(params))
        first = jnp.sqrt(jnp.asarray(self.init_estim_sq_dist).astype(zero.dtype))
        return DistanceMemory(tree.copy(params), first, zero, LearningRateState.unused(params))

    def update(self, grads: Params, state: DistanceMemory, context: Context) -> tuple[Params, DistanceMemory]:
        away = tree.norm(tree.subtract(context.params, state.start))
        distance = jnp.maximum(state.distance, away)
        gradients = hypotenuse(state.gradients, distance * tree.norm(grads))
        rate = context.at(self.learning_rate) * tree.safe_divide(distance**2, gradients + context.at(self.eps))
        return tree.scale(-rate, grads), DistanceMemory(state.start, distance, gradients, LearningRateState(rate))


@builder
def dowg(
    learning_rate: Scalar = 1.0,
    init_estim_sq_dist: float = 1e-4,
    eps: Scalar = 1e-4,
    weight_decay: Scalar = 0.0,
) -> Optimizer:
    """DoWG: θ ← θ − η r̄² / (√(Σ r̄² ‖g‖²) + eps) · g, where r̄ is the largest distance from the start so far.

    learning_rate: η > 0; the paper's method is 1. init_estim_sq_dist: r_ε² > 0, a number, no schedule, smaller than
    the squared distance to the solution. eps: ≥ 0, 0 in the paper. weight_decay: ≥ 0, inside the gradient. The first
    steps are as long as r_ε. Defaults: optax's.

    >>> optimizer = dowg(eps=0.0)
    >>> updates, _ = optimizer.update(jnp.array([-4.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
    >>> updates.tolist()
    [0.01]
    """
    return chain(AddDecayedWeights(weight_decay), Dowg(learning_rate, init_estim_sq_dist, eps))
