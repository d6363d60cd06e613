"""D-adapted AdaGrad: dual averaging, weight by weight, whose rate is a lower bound d on the distance to the solution.

λ = γ d
α ← α + g²
q ← q + λ² Σ g² / (√α + eps)
s ← s + λ g
d ← max(d, min((Σ s² / (√α + eps) − q) / ‖s‖₁, growth_rate d))
z = θ₀ − s / (√α + eps)
θ ← momentum θ + (1 − momentum) z

Σ and ‖·‖₁ are over all entries of all leaves, θ₀ are the first parameters, and α starts at 1e-6.

Source: Defazio & Mishchenko 2023, "Learning-Rate-Free Learning by D-Adaptation", arXiv:2301.07733, the AdaGrad variant, in the form
of the authors' DAdaptAdaGrad for dense gradients, whose defaults these are; they say that d grows more slowly here than in
`dadapt_sgd` and `dadapt_adamw`. Its L2 decay is `chain(AddDecayedWeights(…), dadapt_adagrad())`. Neither torch nor optax has it.
"""

import jax.numpy as jnp
from jax import Array

from jgd.core import tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record
from jgd.core.spellings import builder
from jgd.core.transform import Context
from jgd.core.types import Params, Scalar
from jgd.optimizers.dadaptation import check_growth, grown, norm1
from jgd.transforms import LearningRateState, ReportsLearningRate

INITIAL = 1e-6  # the authors' first α


@record
class DadaptAdagradState:
    """The start, the sums of the squares and of the weighted gradients, and what the estimate d of the distance is made of."""

    start: Params  # θ₀
    squares: Params  # α
    s: Params
    q: Array  # ()
    d: Array  # ()
    rate: LearningRateState  # λ


@record
class DescendByDadaptAdagrad(ReportsLearningRate):
    """u = (1 − momentum) (θ₀ − s / (√α + eps) − θ). It holds the learning rate, which its estimate of d needs."""

    learning_rate: Scalar = hyper("> 0")
    momentum: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper(">= 0")
    d0: float = hyper("> 0", schedule=False)
    growth_rate: Scalar | None

    def __post_init__(self) -> None:
        check_growth(self.growth_rate)

    def init(self, params: Params) -> DadaptAdagradState:
        dtype = tree.compute_dtype(params)
        zeros = tree.zeros_like(params)
        return DadaptAdagradState(
            start=tree.copy(tree.widen(params, dtype)),
            squares=tree.map(lambda z: jnp.full_like(z, INITIAL), zeros),
            s=zeros,
            q=jnp.zeros((), dtype),
            d=jnp.asarray(self.d0).astype(dtype),
            rate=LearningRateState.unused(params),
        )

    def update(self, grads: Params, state: DadaptAdagradState, context: Context) -> tuple[Params, DadaptAdagradState]:
        eps, rate = context.at(self.eps), context.at(self.learning_rate) * state.d
        squares = tree.map(lambda a, g: a + g**2, state.squares, grads)
        over = lambda x: tree.map(lambda x, a: tree.safe_divide(x, tree.safe_sqrt(a) + eps), x, squares)
        q = state.q + rate**2 * tree.dot(grads, over(grads))
        s = tree.map(lambda s, g: s + rate * g, state.s, grads)
        offset = over(s)
        growth = None if self.growth_rate is None else context.at(self.growth_rate)
        d = grown(state.d, tree.safe_divide(tree.dot(s, offset) - q, norm1(s)), growth)
        share = 1 - context.at(self.momentum)
        updates = tree.map(lambda at, o, p: share * (at - o - p), state.start, offset, context.params)
        return updates, DadaptAdagradState(state.start, squares, s, q, d, LearningRateState(rate))


@builder
def dadapt_adagrad(
    learning_rate: Scalar = 1.0,
    momentum: Scalar = 0.0,
    eps: Scalar = 1e-6,
    *,
    d0: float = 1e-6,
    growth_rate: Scalar | None = None,
) -> Optimizer:
    """AdaGrad with D-adaptation: θ ← momentum θ + (1 − momentum) (θ₀ − s / (√α + eps)), s ← s + γ d g, where d grows.

    Defaults: the authors'.

    Args:
        learning_rate: γ > 0, a factor of the estimated rate: 1, or a schedule that treats 1 as its peak. Default: 1.0.
        momentum: In [0, 1), what the parameters keep of themselves at a step. Default: 0.0.
        eps: ≥ 0, added to the root. Default: 1e-6.
        d0: > 0, the first d, smaller than the distance to the solution (in the largest entry); a number, no schedule.
            Default: 1e-6.
        growth_rate: ≥ 1, by how much d may grow in one step, or None for no limit.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = dadapt_adagrad(d0=0.5)
        >>> updates, state = optimizer.update(jnp.array([-3.0, 4.0]), optimizer.init(jnp.ones(2)), jnp.ones(2))
        >>> updates.round(4).tolist()
        [0.5, -0.5]
    """
    return chain(DescendByDadaptAdagrad(learning_rate, momentum, eps, d0, growth_rate))
