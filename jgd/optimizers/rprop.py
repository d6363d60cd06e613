"""Rprop: a step size for each weight, longer while the gradient keeps its sign and shorter when it changes.

Δ ← clip(η⁺ Δ)   where g g' > 0      (g' the gradient before)
Δ ← clip(η⁻ Δ)   where g g' < 0, and there g ← 0
θ ← θ − Δ sign(g)
g' ← g

Source: Riedmiller & Braun 1993, ICNN; in this form iRprop⁻ of Igel & Hüsken 2003, Neurocomputing 50, as in torch: a
weight whose gradient changed sign rests for one step and isn't judged in the next. `rest=False` is their Rprop⁻, which
takes the shorter step at once. No form here takes back the step before (Rprop⁺), and none delays a step: optax's rprop
applies the step computed one update earlier, so that its first update is 0. For full batches: noise changes signs.
"""

import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context
from jgd.core.types import Params, Scalar
from jgd.transforms import LearningRateState, ReportsLearningRate


@record
class RpropState:
    """A step length an entry and the gradient before, shaped as the parameters."""

    lengths: Params  # Δ
    before: Params  # g'
    rate: LearningRateState  # Δ's start


@record
class DescendByRprop(ReportsLearningRate):
    """u = −Δ sign(g), with g = 0 where it changed its sign."""

    learning_rate: float = hyper("> 0", schedule=False)
    eta_minus: Scalar = hyper("(0, 1)")
    eta_plus: Scalar = hyper("(1, inf)")
    min_step_size: Scalar = hyper(">= 0")
    max_step_size: Scalar = hyper("> 0")
    rest: bool = static_field()

    def __post_init__(self) -> None:
        checks.in_order("min_step_size", self.min_step_size, "max_step_size", self.max_step_size)

    def init(self, params: Params) -> RpropState:
        start = jnp.asarray(self.learning_rate)
        zeros = tree.zeros_like(params)
        return RpropState(
            tree.map(lambda zero: zero + start.astype(zero.dtype), zeros), zeros, LearningRateState.unused(params)
        )

    def update(self, grads: Params, state: RpropState, context: Context) -> tuple[Params, RpropState]:
        minus, plus = context.at(self.eta_minus), context.at(self.eta_plus)
        least, most = context.at(self.min_step_size), context.at(self.max_step_size)

        def length(length: Array, g: Array, before: Array) -> Array:
            agree = jnp.sign(g) * jnp.sign(before)  # the product itself may underflow
            factor = jnp.where(agree > 0, plus, jnp.where(agree < 0, minus, jnp.ones_like(minus)))
            return jnp.clip(factor * length, least, most)

        def kept(g: Array, before: Array) -> Array:
            return jnp.where(jnp.sign(g) * jnp.sign(before) < 0, jnp.zeros_like(g), g)

        lengths = tree.map(length, state.lengths, grads, state.before)
        if self.rest:
            grads = tree.map(kept, grads, state.before)
        updates = tree.map(lambda length, g: -length * jnp.sign(g), lengths, grads)
        return updates, RpropState(lengths, grads, LearningRateState(context.at(self.learning_rate)))


@builder
def rprop(
    learning_rate: float,
    eta_minus: Scalar = 0.5,
    eta_plus: Scalar = 1.2,
    min_step_size: Scalar = 1e-6,
    max_step_size: Scalar = 50.0,
    *,
    rest: bool = True,
) -> Optimizer:
    """iRprop⁻: Δ ← clip(η± Δ), θ ← θ − Δ sign(g); a weight rests for the step at which its gradient changes sign.

    Defaults: the papers'.

    Args:
        learning_rate: Δ at the start, > 0, a number and no schedule.
        eta_minus: In (0, 1), by what a step shrinks. Default: 0.5.
        eta_plus: > 1, by what a step grows. Default: 1.2.
        min_step_size: ≥ 0, the shortest Δ. Default: 1e-6.
        max_step_size: > 0, the longest Δ. Default: 50.0.
        rest: False is Rprop⁻; structure. Default: True.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer, params = rprop(0.1), jnp.ones(2)
        >>> state = optimizer.init(params)
        >>> for g in ([1.0, 1.0], [2.0, -2.0]):
        ...     updates, state = optimizer.update(jnp.array(g), state, params)
        >>> (updates + 0).tolist()
        [-0.12, 0.0]
    """
    return chain(DescendByRprop(learning_rate, eta_minus, eta_plus, min_step_size, max_step_size, rest))
