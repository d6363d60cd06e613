"""D-adapted SGD: dual averaging whose rate is a lower bound d on the distance to the solution, estimated as it goes.

λ = γ d / ‖g₀‖                              g₀ the first gradient that isn't 0
r ← r + λ ⟨g, s⟩
s ← s + λ g
d ← max(d, min(2 r / ‖s‖, growth_rate d))
z = θ₀ − s
θ ← momentum θ + (1 − momentum) z

⟨·, ·⟩ and ‖·‖ are over all entries of all leaves, and θ₀ are the first parameters.

Source: Defazio & Mishchenko 2023, "Learning-Rate-Free Learning by D-Adaptation", arXiv:2301.07733, the SGD variant, in the form of
the authors' DAdaptSGD, whose defaults these are. Its L2 decay is `chain(AddDecayedWeights(…), dadapt_sgd())`. Neither torch
nor optax has it.
"""

import jax.numpy as jnp
from jax import Array

from jgd.core import tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record
from jgd.core.spellings import builder
from jgd.core.transform import Context
from jgd.core.types import Params, Scalar
from jgd.optimizers.dadaptation import check_growth, grown
from jgd.transforms import LearningRateState, ReportsLearningRate


@record
class DadaptSgdState:
    """The start, the weighted sum of the gradients, and what the estimate d of the distance is made of."""

    start: Params  # θ₀
    s: Params
    r: Array  # ()
    d: Array  # ()
    first_norm: Array  # ‖g₀‖, (); 0 before it is seen
    rate: LearningRateState  # λ


@record
class DescendByDadaptSgd(ReportsLearningRate):
    """u = (1 − momentum) (θ₀ − s − θ). It holds the learning rate, which its estimate of d needs."""

    learning_rate: Scalar = hyper("> 0")
    momentum: Scalar = hyper("[0, 1)")
    d0: float = hyper("> 0", schedule=False)
    growth_rate: Scalar | None

    def __post_init__(self) -> None:
        check_growth(self.growth_rate)

    def init(self, params: Params) -> DadaptSgdState:
        dtype = tree.compute_dtype(params)
        zero = jnp.zeros((), dtype)
        start = tree.copy(tree.widen(params, dtype))
        d = jnp.asarray(self.d0).astype(dtype)
        return DadaptSgdState(start, tree.zeros_like(params), zero, d, zero, LearningRateState.unused(params))

    def update(self, grads: Params, state: DadaptSgdState, context: Context) -> tuple[Params, DadaptSgdState]:
        first = jnp.where(state.first_norm > 0, state.first_norm, tree.norm(grads))
        rate = tree.safe_divide(context.at(self.learning_rate) * state.d, first)
        r = state.r + rate * tree.dot(grads, state.s)
        s = tree.map(lambda s, g: s + rate * g, state.s, grads)
        growth = None if self.growth_rate is None else context.at(self.growth_rate)
        d = grown(state.d, tree.safe_divide(2 * r, tree.norm(s)), growth)
        share = 1 - context.at(self.momentum)
        updates = tree.map(lambda at, s, p: share * (at - s - p), state.start, s, context.params)
        return updates, DadaptSgdState(state.start, s, r, d, first, LearningRateState(rate))


@builder
def dadapt_sgd(
    learning_rate: Scalar = 1.0,
    momentum: Scalar = 0.0,
    *,
    d0: float = 1e-6,
    growth_rate: Scalar | None = None,
) -> Optimizer:
    """SGD with D-adaptation: θ ← momentum θ + (1 − momentum) (θ₀ − Σ λ g), λ = γ d / ‖g₀‖, where d grows to its estimate.

    The first step is as long as d0. Defaults: the authors'.

    Args:
        learning_rate: γ > 0, a factor of the estimated rate: 1, or a schedule that treats 1 as its peak. Default: 1.0.
        momentum: In [0, 1), what the parameters keep of themselves at a step. Default: 0.0.
        d0: > 0, the first d, smaller than the distance to the solution; a number, no schedule. Default: 1e-6.
        growth_rate: ≥ 1, by how much d may grow in one step, such as 1.02 where training is unstable, or None for no limit.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = dadapt_sgd(d0=0.5)
        >>> updates, state = optimizer.update(jnp.array([-3.0, 4.0]), optimizer.init(jnp.ones(2)), jnp.ones(2))
        >>> updates.round(4).tolist()
        [0.3, -0.4]
    """
    return chain(DescendByDadaptSgd(learning_rate, momentum, d0, growth_rate))
