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
from jgd.core.masks import Mask
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record
from jgd.core.spellings import builder
from jgd.core.transform import Context
from jgd.core.types import Params, Scalar
from jgd.optimizers.dog import DistanceState, hypotenuse
from jgd.optimizers.masked_decay import decay
from jgd.transforms import LearningRateState, ReportsLearningRate


@record
class DescendByDowg(ReportsLearningRate):
    """u = −η r̄² / (√v + eps) · g."""

    learning_rate: Scalar = hyper("> 0")
    init_estim_sq_dist: float = hyper("> 0", schedule=False)
    eps: Scalar = hyper(">= 0")

    def init(self, params: Params) -> DistanceState:
        zero = jnp.zeros((), tree.compute_dtype(params))
        first = jnp.sqrt(jnp.asarray(self.init_estim_sq_dist).astype(zero.dtype))
        return DistanceState(tree.copy(params), first, zero, LearningRateState.unused(params))

    def update(self, grads: Params, state: DistanceState, context: Context) -> tuple[Params, DistanceState]:
        away = tree.norm(tree.subtract(context.params, state.start))
        distance = jnp.maximum(state.distance, away)
        gradients = hypotenuse(state.gradients, distance * tree.norm(grads))
        rate = context.at(self.learning_rate) * tree.safe_divide(distance**2, gradients + context.at(self.eps))
        return tree.scale(-rate, grads), DistanceState(state.start, distance, gradients, LearningRateState(rate))


@builder
def dowg(
    learning_rate: Scalar = 1.0,
    *,
    init_estim_sq_dist: float = 1e-4,
    eps: Scalar = 1e-4,
    weight_decay: Scalar = 0.0,
    mask: Mask | None = None,
) -> Optimizer:
    """DoWG: θ ← θ − η r̄² / (√(Σ r̄² ‖g‖²) + eps) · g, where r̄ is the largest distance from the start so far.

    The first steps are as long as r_ε. Defaults: optax's.

    Args:
        learning_rate: η > 0, a number or a schedule; the paper's method is 1. Default: 1.0.
        init_estim_sq_dist: r_ε² > 0, a number, no schedule, smaller than the squared distance to the solution. Default:
            1e-4.
        eps: ≥ 0, added to the root; 0 in the paper. Default: 1e-4.
        weight_decay: λ ≥ 0, inside the gradient (L2). Default: 0.0.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = dowg(eps=0.0)
        >>> updates, _ = optimizer.update(jnp.array([-4.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> updates.tolist()
        [0.01]
    """
    return chain(decay(weight_decay, mask), DescendByDowg(learning_rate, init_estim_sq_dist, eps))
