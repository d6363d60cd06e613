"""D-adapted AdamW: Adam whose rate is a lower bound d on the distance to the solution, estimated as it goes.

λ = γ d
r ← √b2 r + (1 − √b2) λ ⟨g, s / (√v + eps)⟩
m ← b1 m + (1 − b1) λ g
v ← b2 v + (1 − b2) g²
s ← √b2 s + (1 − √b2) λ g
d ← max(d, min(r / ((1 − √b2) ‖s‖₁), growth_rate d))
θ ← θ − m / (√v + eps) − λ weight_decay θ

⟨·, ·⟩ and ‖·‖₁ are over all entries of all leaves; r weighs with the v before this gradient's. While all gradients
are zero d stays, and so do the weights (but for their decay).

Source: Defazio & Mishchenko 2023, "Learning-Rate-Free Learning by D-Adaptation", arXiv:2301.07733, the Adam variant, in
the form of the authors' DAdaptAdam, whose d0, growth_rate, bias_correction and decoupled decay are here too.
optax's `dadapt_adamw` always has the bias correction λ √(1 − b2ᵗ) / (1 − b1ᵗ), which neither the paper nor the
authors' default has, and calls d0 `estim_lr0`.
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
from jgd.transforms import LearningRateState, Mean, ReportsLearningRate


@record
class DadaptAdamwState:
    """Adam's moments of the scaled gradients, and what the estimate d of the distance is made of."""

    mean: Mean  # m, of λ g
    square: Mean  # v, of g²
    s: Params
    r: Array  # ()
    d: Array  # ()
    rate: LearningRateState  # λ


@record
class DescendByDadaptAdamw(ReportsLearningRate):
    """u = −m / (√v + eps) − λ weight_decay θ. It holds the learning rate, which its estimate of d needs."""

    learning_rate: Scalar = hyper("> 0")
    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper(">= 0")
    d0: float = hyper("> 0", schedule=False)
    growth_rate: Scalar | None
    weight_decay: Scalar = hyper(">= 0")
    bias_correction: bool = static_field()
    mask: Any = static_field(default=None)  # as `held` makes it

    def __post_init__(self) -> None:
        check_growth(self.growth_rate)

    @property
    def per_leaf(self) -> bool:
        return self.mask is not None

    def init(self, params: Params) -> DadaptAdamwState:
        dtype = tree.compute_dtype(params)
        return DadaptAdamwState(
            mean=Mean.like(params),
            square=Mean.like(params),
            s=tree.zeros_like(params),
            r=jnp.zeros((), dtype),
            d=jnp.asarray(self.d0).astype(dtype),
            rate=LearningRateState.unused(params),
        )

    def update(self, grads: Params, state: DadaptAdamwState, context: Context) -> tuple[Params, DadaptAdamwState]:
        b1, b2, eps, d = context.at(self.b1), context.at(self.b2), context.at(self.eps), state.d
        keep = tree.safe_sqrt(b2)
        over = lambda x, v: tree.safe_divide(x, tree.safe_sqrt(v) + eps)

        square = state.square.absorb(b2, tree.square(grads))
        rate = d * context.at(self.learning_rate)
        if self.bias_correction:  # m's weight is the one that it has after this gradient
            rate = rate * tree.safe_divide(tree.safe_sqrt(square.weight), b1 * state.mean.weight + (1 - b1))
        weighted = tree.map(over, state.s, state.square.total)
        r = keep * state.r + (1 - keep) * rate * tree.dot(grads, weighted)
        mean = state.mean.absorb(b1, tree.scale(rate, grads))
        s = tree.lerp(keep, state.s, tree.scale(rate, grads))

        estimate = tree.safe_divide(r, (1 - keep) * norm1(s))
        growth = None if self.growth_rate is None else context.at(self.growth_rate)
        decay = rate * context.at(self.weight_decay)
        updates = tree.map(
            lambda m, v, p: -over(m, v) - decay * p, mean.total, square.total, decaying(self.mask, context)
        )
        return updates, DadaptAdamwState(mean, square, s, r, grown(d, estimate, growth), LearningRateState(rate))


@builder
def dadapt_adamw(
    learning_rate: Scalar = 1.0,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    *,
    d0: float = 1e-6,
    growth_rate: Scalar | None = None,
    weight_decay: Scalar = 0.0,
    mask: Mask | None = None,
    bias_correction: bool = False,
) -> Optimizer:
    """AdamW with D-adaptation: θ ← θ − m / (√v + eps) − γ d weight_decay θ, where d grows to its estimate.

    The first steps are as long as d0. Defaults: the authors'.

    Args:
        learning_rate: γ > 0, a factor of the estimated rate: 1, or a schedule that treats 1 as its peak. Default: 1.0.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.9.
        b2: In [0, 1), what the mean of their squares keeps at a step. Default: 0.999.
        eps: ≥ 0, added to the root. Default: 1e-8.
        d0: > 0, the first d, smaller than the distance to the solution (in the largest entry); a number, no schedule.
            Default: 1e-6.
        growth_rate: ≥ 1, by how much d may grow in one step, or None for no limit.
        weight_decay: ≥ 0, decoupled, multiplied by γ d. Default: 0.0.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.
        bias_correction: Whether λ = γ d √(1 − b2ᵗ) / (1 − b1ᵗ); structure. Default: False.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = dadapt_adamw(d0=0.01, b1=0.5, b2=0.75)
        >>> updates, state = optimizer.update(jnp.array([-4.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> updates.tolist()
        [0.01]
    """
    return chain(
        DescendByDadaptAdamw(learning_rate, b1, b2, eps, d0, growth_rate, weight_decay, bias_correction, held(mask))
    )
