"""D-adapted Adan: Nesterov's momentum over a root, at a rate that is a lower bound d on the distance to the solution.

λ = γ d
Δ = g − g'                                  g' the gradient before, at first g itself
m ← b1 m + (1 − b1) λ g
δ ← b2 δ + (1 − b2) λ Δ
v ← b3 v + (1 − b3) (g + b2 Δ)²
q ← b3 q + (1 − b3) λ² Σ g² / (√v + eps)
s ← b3 s + (1 − b3) λ g
d ← max(d, min((Σ s² / (√v + eps) / (1 − b3) − q) / ‖s‖₁, growth_rate d))
θ ← (θ − (m + b2 δ) / (√v + eps)) / (1 + λ weight_decay)
or (proximal = False): θ ← (1 − λ weight_decay) θ − (m + b2 δ) / (√v + eps)

Σ and ‖·‖₁ are over all entries of all leaves.

Source: the authors' DAdaptAdan, whose defaults these are and which they call experimental; the idea is that of Defazio & Mishchenko
2023, arXiv:2301.07733, and the step that of Xie et al. 2022, arXiv:2208.06677. No bias is corrected. Neither torch nor optax has it.
"""

from typing import Any

import jax.numpy as jnp
from jax import Array

from jgd.core import tree
from jgd.core.masks import Mask
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context
from jgd.core.types import Params, Scalar
from jgd.optimizers.dadaptation import check_growth, grown, norm1
from jgd.optimizers.masked_decay import decaying, held
from jgd.transforms import LearningRateState, ReportsLearningRate


@record
class DadaptAdanState:
    """Adan's means of the scaled gradients, and what the estimate d of the distance is made of."""

    mean: Params  # m, of λ g
    change: Params  # δ, of λ Δ
    square: Params  # v
    last: Params  # g'
    s: Params
    q: Array  # ()
    d: Array  # ()
    rate: LearningRateState  # λ


@record
class DescendByDadaptAdan(ReportsLearningRate):
    """The step to (θ − (m + b2 δ) / (√v + eps)) / (1 + λ weight_decay). It holds the learning rate, for its estimate of d."""

    learning_rate: Scalar = hyper("> 0")
    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    b3: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper(">= 0")
    d0: float = hyper("> 0", schedule=False)
    growth_rate: Scalar | None
    weight_decay: Scalar = hyper(">= 0")
    proximal: bool = static_field(default=True)
    mask: Any = static_field(default=None)  # as `held` makes it

    def __post_init__(self) -> None:
        check_growth(self.growth_rate)

    @property
    def per_leaf(self) -> bool:
        return self.mask is not None

    def init(self, params: Params) -> DadaptAdanState:
        dtype = tree.compute_dtype(params)
        zeros = lambda: tree.zeros_like(params)
        d = jnp.asarray(self.d0).astype(dtype)
        rate = LearningRateState.unused(params)
        return DadaptAdanState(zeros(), zeros(), zeros(), zeros(), zeros(), jnp.zeros((), dtype), d, rate)

    def update(self, grads: Params, state: DadaptAdanState, context: Context) -> tuple[Params, DadaptAdanState]:
        b1, b2, b3, eps = context.at(self.b1), context.at(self.b2), context.at(self.b3), context.at(self.eps)
        rate = context.at(self.learning_rate) * state.d
        change = tree.subtract(grads, tree.select(context.step == 0, grads, state.last))
        mean = tree.lerp(b1, state.mean, tree.scale(rate, grads))
        changes = tree.lerp(b2, state.change, tree.scale(rate, change))
        square = tree.lerp(b3, state.square, tree.map(lambda g, c: (g + b2 * c) ** 2, grads, change))
        over = lambda x: tree.map(lambda x, v: tree.safe_divide(x, tree.safe_sqrt(v) + eps), x, square)

        q = b3 * state.q + (1 - b3) * rate**2 * tree.dot(grads, over(grads))
        s = tree.lerp(b3, state.s, tree.scale(rate, grads))
        estimate = tree.safe_divide(tree.dot(s, over(s)) / (1 - b3) - q, norm1(s))
        growth = None if self.growth_rate is None else context.at(self.growth_rate)
        d = grown(state.d, estimate, growth)

        step = over(tree.map(lambda m, c: m + b2 * c, mean, changes))
        decay, ones = rate * context.at(self.weight_decay), tree.map(jnp.ones_like, grads)
        decays = tree.scale(decay, decaying(self.mask, context.among(params=ones)))  # 0 where nothing decays
        ahead = 1 if self.proximal else 0  # (θ − u) / (1 + decay) − θ, without the difference of two near numbers
        updates = tree.map(lambda u, w, c: -(u + c * w) / (1 + ahead * c), step, context.params, decays)
        return updates, DadaptAdanState(mean, changes, square, grads, s, q, d, LearningRateState(rate))


@builder
def dadapt_adan(
    learning_rate: Scalar = 1.0,
    b1: Scalar = 0.98,
    b2: Scalar = 0.92,
    b3: Scalar = 0.99,
    eps: Scalar = 1e-8,
    *,
    d0: float = 1e-6,
    growth_rate: Scalar | None = None,
    weight_decay: Scalar = 0.02,
    mask: Mask | None = None,
    proximal: bool = True,
) -> Optimizer:
    """Adan with D-adaptation: θ ← (θ − (m + b2 δ) / (√v + eps)) / (1 + γ d weight_decay), where d grows to its estimate.

    Defaults: the authors'.

    Args:
        learning_rate: γ > 0, a factor of the estimated rate: 1, or a schedule that treats 1 as its peak. Default: 1.0.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.98.
        b2: In [0, 1), what the mean of their changes keeps at a step. Default: 0.92.
        b3: In [0, 1), what the mean of the squares keeps at a step. Default: 0.99.
        eps: ≥ 0, added to the root. Default: 1e-8.
        d0: > 0, the first d, smaller than the distance to the solution (in the largest entry); a number, no schedule.
            Default: 1e-6.
        growth_rate: ≥ 1, by how much d may grow in one step, such as 1.02 for a kind of warm-up, or None for no limit.
        weight_decay: ≥ 0, multiplied by γ d. Default: 0.02.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.
        proximal: Whether the decay is at the new point, as 1 / (1 + γ d weight_decay); structure. Default: True.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = dadapt_adan(d0=0.5, b1=0.5, b3=0.75, weight_decay=0.0)
        >>> updates, state = optimizer.update(jnp.array([-3.0, 4.0]), optimizer.init(jnp.ones(2)), jnp.ones(2))
        >>> updates.round(4).tolist()
        [0.5, -0.5]
    """
    own = DescendByDadaptAdan(learning_rate, b1, b2, b3, eps, d0, growth_rate, weight_decay, proximal, held(mask))
    return chain(own)
