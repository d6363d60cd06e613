"""Prodigy: D-adapted Adam that weighs recent gradients more, so that its rate d grows faster.

λ = γ d
m ← b1 m + (1 − b1) d g
v ← b2 v + (1 − b2) d² g²
r ← b3 r + λ d ⟨g, θ₀ − θ⟩
s ← b3 s + λ d g
d⁺ = max(d, d_coef r / ‖s‖₁)
θ ← θ − λ (m / (√v + d⁺ eps) + weight_decay θ)

⟨·, ·⟩ and ‖·‖₁ are over all entries of all leaves, and b3 is √b2 unless given. While all gradients are zero d stays.

Source: Mishchenko & Defazio 2023, "Prodigy: An Expeditiously Adaptive Parameter-Free Learner", arXiv:2306.06101,
algorithm 4, as in the authors' repository, which adds decoupled weight_decay, b3 (beta3), d_coef, growth_rate,
bias_correction (λ = γ d √(1 − b2ᵗ) / (1 − b1ᵗ)) and safeguard_warmup (s ← b3 s + d² g, without γ), and takes the
new d beside eps where the paper has the old. optax's `prodigy` always corrects the bias; its estim_lr0 and
estim_lr_coef are d0 and d_coef.

m, r and s are remembered in units of d0, v in units of d0², which changes no step and keeps d² g² of the first
steps, about 1e-12 g², away from float32's smallest numbers.
"""

from typing import Any

import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree
from jgd.core.masks import Mask
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context
from jgd.core.types import Params, Scalar
from jgd.optimizers.dadaptation import check_growth, norm1
from jgd.optimizers.masked_decay import decaying, held
from jgd.transforms import LearningRateState, Mean, ReportsLearningRate


@record
class ProdigyState:
    """Adam's moments of the scaled gradients, and what the estimate d of the distance is made of."""

    start: Params  # θ₀
    mean: Mean  # m, of d g
    square: Mean  # v, of d² g²
    s: Params
    r: Array  # ()
    d: Array  # ()
    d_max: Array  # (), the largest estimate, which d reaches at growth_rate
    rate: LearningRateState  # λ


@record
class DescendByProdigy(ReportsLearningRate):
    """u = −λ (m / (√v + d⁺ eps) + weight_decay θ). It holds the learning rate, which its estimate of d needs."""

    learning_rate: Scalar = hyper("> 0")
    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    b3: Scalar | None
    eps: Scalar = hyper(">= 0")
    d0: float = hyper("> 0", schedule=False)
    d_coef: Scalar = hyper("> 0")
    growth_rate: Scalar | None
    weight_decay: Scalar = hyper(">= 0")
    bias_correction: bool = static_field()
    safeguard_warmup: bool = static_field()
    mask: Any = static_field(default=None)  # as `held` makes it

    def __post_init__(self) -> None:
        check_growth(self.growth_rate)
        if self.b3 is not None:
            checks.hyperparameter("b3", self.b3, "[0, 1)")

    @property
    def per_leaf(self) -> bool:
        return self.mask is not None

    def init(self, params: Params) -> ProdigyState:
        dtype = tree.compute_dtype(params)
        d0 = jnp.asarray(self.d0).astype(dtype)
        return ProdigyState(
            start=tree.copy(params),
            mean=Mean.like(params),
            square=Mean.like(params),
            s=tree.zeros_like(params),
            r=jnp.zeros((), dtype),
            d=d0,
            d_max=d0,
            rate=LearningRateState.unused(params),
        )

    def update(self, grads: Params, state: ProdigyState, context: Context) -> tuple[Params, ProdigyState]:
        b2, d0, d = context.at(self.b2), context.at(self.d0), state.d
        b3 = tree.safe_sqrt(b2) if self.b3 is None else context.at(self.b3)
        moved = tree.subtract(state.start, context.params)

        scaled = tree.scale(d / d0, grads)
        mean = state.mean.absorb(context.at(self.b1), scaled)
        square = state.square.absorb(b2, tree.square(scaled))
        rate = d * context.at(self.learning_rate)
        if self.bias_correction:
            rate = rate * tree.safe_divide(tree.safe_sqrt(square.weight), mean.weight)
        weight = d if self.safeguard_warmup else rate
        r = b3 * state.r + rate * tree.dot(scaled, moved)
        s = tree.map(lambda s, g: b3 * s + weight * g, state.s, scaled)

        estimate = context.at(self.d_coef) * tree.safe_divide(r, norm1(s))
        d_max = jnp.maximum(state.d_max, estimate)
        new = d_max
        if self.growth_rate is not None:
            first = jnp.where(d == d0, jnp.maximum(d, estimate), d)  # the first growth is free, as the authors have it
            new = jnp.minimum(d_max, first * context.at(self.growth_rate))
        eps, decay = new / d0 * context.at(self.eps), context.at(self.weight_decay)
        direction = lambda m, v, p: tree.safe_divide(m, tree.safe_sqrt(v) + eps) + decay * p
        updates = tree.scale(-rate, tree.map(direction, mean.total, square.total, decaying(self.mask, context)))
        return updates, ProdigyState(state.start, mean, square, s, r, new, d_max, LearningRateState(rate))


@builder
def prodigy(
    learning_rate: Scalar = 1.0,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    b3: Scalar | None = None,
    eps: Scalar = 1e-8,
    *,
    d0: float = 1e-6,
    d_coef: Scalar = 1.0,
    growth_rate: Scalar | None = None,
    weight_decay: Scalar = 0.0,
    mask: Mask | None = None,
    bias_correction: bool = False,
    safeguard_warmup: bool = False,
) -> Optimizer:
    """Prodigy: θ ← θ − γ d (m / (√v + d eps) + weight_decay θ), where d grows to its estimate.

    The first steps are as long as d0; bfloat16 parameters lose them, and d, which grows with the way made, stays.
    Defaults: the authors'.

    Args:
        learning_rate: γ > 0, a factor of the estimated rate: 1, or a schedule that treats 1 as its peak; tune d_coef
            instead. Default: 1.0.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.9.
        b2: In [0, 1), what the mean of their squares keeps at a step. Default: 0.999.
        b3: In [0, 1), what r and s keep at a step. None for √b2.
        eps: ≥ 0, added to the root. Default: 1e-8.
        d0: > 0, the first d, smaller than the distance to the solution (in the largest entry); a number, no schedule.
            Default: 1e-6.
        d_coef: > 0, a factor of the estimate. Default: 1.0.
        growth_rate: ≥ 1, by how much d may grow in one step, or None for no limit.
        weight_decay: ≥ 0, decoupled, multiplied by γ d. Default: 0.0.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.
        bias_correction: Whether λ = γ d √(1 − b2ᵗ) / (1 − b1ᵗ); structure. Default: False.
        safeguard_warmup: For a learning_rate that warms up: s without γ; structure. Default: False.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = prodigy(d0=0.01, b1=0.5, b2=0.75)
        >>> updates, state = optimizer.update(jnp.array([-4.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> updates.tolist()
        [0.01]
    """
    transform = DescendByProdigy(
        learning_rate,
        b1,
        b2,
        b3,
        eps,
        d0,
        d_coef,
        growth_rate,
        weight_decay,
        bias_correction,
        safeguard_warmup,
        held(mask),
    )
    return chain(transform)
