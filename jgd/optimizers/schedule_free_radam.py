"""Schedule-free RAdam: its rectification warms the rate up, so that neither a schedule nor a warm-up is set.

γ_t = γ r where ρ > 4                        r and ρ as in `radam`
γ_t = 0 before, or γ without `silent_sgd_phase`
z ← z − γ_t (g / (√v̂ + eps) + weight_decay y)    g itself while ρ ≤ 4
x and y as in `schedule_free`, whose weights know γ_t: x is no mean of steps that were not made

Source: the authors' code of Defazio et al. 2024, arXiv:2405.15682, `RAdamScheduleFree`, whose defaults these are; the rectification
is that of Liu et al. 2020, arXiv:1908.03265. Neither torch nor optax has it.
"""

from typing import Any

import jax.numpy as jnp
from jax import Array

from jgd.core import tree
from jgd.core.masks import Mask
from jgd.core.optimizer import Optimizer
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context
from jgd.core.types import Params, Scalar
from jgd.optimizers.adam import over_root
from jgd.optimizers.masked_decay import decaying, held
from jgd.optimizers.radam import older, rectification
from jgd.optimizers.schedule_free import schedule_free
from jgd.transforms import LearningRateState, Mean, ReportsLearningRate


@record
class RectifiedState:
    """v, how old its squares are, and the last γ_t."""

    square: Mean
    ages: Array  # Σ weight · age, ()
    rate: LearningRateState


@record
class DescendRectified(ReportsLearningRate):
    """u = −γ_t (g / (√v̂ + eps) + weight_decay θ), g itself while ρ ≤ 4."""

    learning_rate: Scalar = hyper("> 0")
    b2: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper(">= 0")
    weight_decay: Scalar = hyper(">= 0")
    silent_sgd_phase: bool = static_field(default=True)
    mask: Any = static_field(default=None)  # as `held` makes it

    @property
    def per_leaf(self) -> bool:
        return self.mask is not None

    def init(self, params: Params) -> RectifiedState:
        zero = jnp.zeros((), tree.compute_dtype(params))
        return RectifiedState(Mean.like(params), zero, LearningRateState.unused(params))

    def update(self, grads: Params, state: RectifiedState, context: Context) -> tuple[Params, RectifiedState]:
        b2, ages = context.at(self.b2), older(state.square, state.ages, context.at(self.b2))
        square = state.square.absorb(b2, tree.square(grads))
        trusted, rectifier = rectification(b2, square.weight, ages, 4.0)
        factor = jnp.where(trusted, rectifier, jnp.zeros_like(rectifier)) if self.silent_sgd_phase else rectifier
        rate = factor * context.at(self.learning_rate)
        direction = tree.select(trusted, over_root(grads, square.value(), context.at(self.eps)), grads)
        decay = tree.scale(context.at(self.weight_decay), decaying(self.mask, context))
        return tree.scale(-rate, tree.add(direction, decay)), RectifiedState(square, ages, LearningRateState(rate))


@builder
def schedule_free_radam(
    learning_rate: Scalar = 0.0025,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    *,
    weight_decay: Scalar = 0.0,
    mask: Mask | None = None,
    weight_lr_power: Scalar = 2.0,
    r: Scalar = 0.0,
    silent_sgd_phase: bool = True,
) -> Optimizer:
    """Schedule-free RAdam: z ← z − γ_t (g / (√v̂ + eps) + weight_decay y), γ_t = γ times RAdam's rectification.

    Args:
        learning_rate: γ > 0, a number or a schedule. Default: 0.0025.
        b1: In [0, 1], as in `schedule_free`. Default: 0.9.
        b2: In [0, 1), what the mean of the squares keeps at a step; up to 0.6, ρ never passes 4. Default: 0.999.
        eps: ≥ 0, added to the root. Default: 1e-8.
        weight_decay: ≥ 0, at y. Default: 0.0.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.
        weight_lr_power: p ≥ 0, as in `schedule_free`, of γ_t. Default: 2.0.
        r: ≥ 0, as in `schedule_free`. Default: 0.0.
        silent_sgd_phase: Whether there is no step while ρ ≤ 4, the first four at the default b2; False: one along the
            gradient at γ; structure. Default: True.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer, moved = schedule_free_radam(0.5), []
        >>> state = optimizer.init(jnp.ones(1))
        >>> for t in range(6):
        ...     updates, state = optimizer.update(jnp.array([4.0]), state, jnp.ones(1))
        ...     moved.append(bool(updates.any()))
        >>> moved
        [False, False, False, False, True, True]
    """
    base = DescendRectified(learning_rate, b2, eps, weight_decay, silent_sgd_phase, held(mask))
    return schedule_free(base, b1, weight_lr_power=weight_lr_power, r=r)
