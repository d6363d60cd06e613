"""D-adapted Lion: signs of a mean, at a rate that is a lower bound d on the distance to the solution.

λ = γ d
u = sign(b1 m + (1 − b1) g)
m ← b2 m + (1 − b2) λ g
r ← √b2 r + (1 − √b2) λ ⟨u, s⟩
s ← √b2 s + (1 − √b2) λ u
d ← max(d, r / ((1 − √b2) ‖s‖₁))
θ ← θ − λ (u + weight_decay θ)

⟨·, ·⟩ and ‖·‖₁ are over all entries of all leaves.

Source: the authors' DAdaptLion, whose defaults these are and which they call experimental; the idea is that of Defazio & Mishchenko
2023, arXiv:2301.07733, and the step that of Chen et al. 2023, arXiv:2302.06675. As there, m holds λ g, so that while d is far
from the distance the sign is that of the gradient alone. Neither torch nor optax has it.
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
from jgd.optimizers.dadaptation import grown, norm1
from jgd.optimizers.masked_decay import decaying, held
from jgd.transforms import LearningRateState, ReportsLearningRate


@record
class DadaptLionState:
    """The mean of the scaled gradients, and what the estimate d of the distance is made of."""

    mean: Params  # m, of λ g
    s: Params
    r: Array  # ()
    d: Array  # ()
    rate: LearningRateState  # λ


@record
class DescendByDadaptLion(ReportsLearningRate):
    """u = −λ (sign(b1 m + (1 − b1) g) + weight_decay θ). It holds the learning rate, which its estimate of d needs."""

    learning_rate: Scalar = hyper("> 0")
    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    d0: float = hyper("> 0", schedule=False)
    weight_decay: Scalar = hyper(">= 0")
    mask: Any = static_field(default=None)  # as `held` makes it

    @property
    def per_leaf(self) -> bool:
        return self.mask is not None

    def init(self, params: Params) -> DadaptLionState:
        dtype = tree.compute_dtype(params)
        d = jnp.asarray(self.d0).astype(dtype)
        zeros = lambda: tree.zeros_like(params)
        return DadaptLionState(zeros(), zeros(), jnp.zeros((), dtype), d, LearningRateState.unused(params))

    def update(self, grads: Params, state: DadaptLionState, context: Context) -> tuple[Params, DadaptLionState]:
        b1, b2 = context.at(self.b1), context.at(self.b2)
        keep, rate = tree.safe_sqrt(b2), context.at(self.learning_rate) * state.d
        signs = tree.map(jnp.sign, tree.lerp(b1, state.mean, grads))
        mean = tree.lerp(b2, state.mean, tree.scale(rate, grads))
        r = keep * state.r + (1 - keep) * rate * tree.dot(signs, state.s)
        s = tree.lerp(keep, state.s, tree.scale(rate, signs))
        d = grown(state.d, tree.safe_divide(r, (1 - keep) * norm1(s)), None)
        decay = context.at(self.weight_decay)
        updates = tree.map(lambda u, p: -rate * (u + decay * p), signs, decaying(self.mask, context))
        return updates, DadaptLionState(mean, s, r, d, LearningRateState(rate))


@builder
def dadapt_lion(
    learning_rate: Scalar = 1.0,
    b1: Scalar = 0.9,
    b2: Scalar = 0.99,
    *,
    d0: float = 1e-6,
    weight_decay: Scalar = 0.0,
    mask: Mask | None = None,
) -> Optimizer:
    """Lion with D-adaptation: θ ← θ − γ d (sign(b1 m + (1 − b1) g) + weight_decay θ), where d grows to its estimate.

    The first steps are as long as d0, in each entry. Defaults: the authors'.

    Args:
        learning_rate: γ > 0, a factor of the estimated rate: 1, or a schedule that treats 1 as its peak. Default: 1.0.
        b1: In [0, 1), the share of the mean in the step. Default: 0.9.
        b2: In [0, 1), what the mean keeps at a step. Default: 0.99.
        d0: > 0, the first d, smaller than the distance to the solution (in the largest entry); a number, no schedule.
            Default: 1e-6.
        weight_decay: ≥ 0, decoupled, multiplied by γ d. Default: 0.0.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = dadapt_lion(d0=0.5)
        >>> updates, state = optimizer.update(jnp.array([-3.0, 4.0]), optimizer.init(jnp.ones(2)), jnp.ones(2))
        >>> updates.tolist()
        [0.5, -0.5]
    """
    return chain(DescendByDadaptLion(learning_rate, b1, b2, d0, weight_decay, held(mask)))
