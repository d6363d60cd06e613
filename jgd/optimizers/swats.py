"""SWATS: Adam until it knows the learning rate that descent should have, then descent with momentum.

m ← b1 m + (1 − b1) g,  v ← b2 v + (1 − b2) g²
p = −η √(1 − b2ᵗ) / (1 − b1ᵗ) · m / (√v + eps),  θ ← θ + p
γ = pᵀp / −pᵀg,  λ ← b2 λ + (1 − b2) γ            where pᵀg is not 0
where t > 1 and |λ / (1 − b2ᵗ) − γ| < tolerance: Λ ← λ / (1 − b2ᵗ), and from the next step on
v ← b1 v + g,  θ ← θ − (1 − b1) Λ v

Source: Keskar & Socher 2017, arXiv:1712.07628, algorithm 1, over all parameters as one vector; its ε = 1e-9 is both eps and
tolerance. γ is the rate at which a step along g projects onto p as p itself. Where we differ: Λ is kept in units of η, so that a
schedule goes on after the switch (for a constant η it is the same), and steps without a γ don't count in λ's correction. Neither
torch nor optax has it.
"""

import jax.numpy as jnp
from jax import Array

from jgd.core import tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record
from jgd.core.spellings import builder
from jgd.core.transform import Context
from jgd.core.types import Params, Scalar
from jgd.optimizers.adam import AdamState
from jgd.optimizers.low_rank import by_adam
from jgd.transforms import Mean
from jgd.transforms.learning_rate import LearningRateState, ReportsLearningRate


@record
class SwatsState:
    """Adam's moments, descent's velocity, the mean of γ / η, (), Λ / η, (), 0 before the switch, and the rate used."""

    moments: AdamState
    velocity: Params
    seen: Mean
    switched: Array
    rate: LearningRateState


@record
class DescendBySwats(ReportsLearningRate):
    """Adam's step, and −(1 − b1) Λ v after the switch. It holds the learning rate, which the tolerance is compared with."""

    learning_rate: Scalar = hyper("> 0")
    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper(">= 0")
    tolerance: Scalar = hyper(">= 0")

    def init(self, params: Params) -> SwatsState:
        zero = jnp.zeros((), tree.compute_dtype(params))
        rate = LearningRateState.unused(params)
        return SwatsState(AdamState.like(params), tree.zeros_like(params), Mean(zero, zero + 0), zero + 0, rate)

    def update(self, grads: Params, state: SwatsState, context: Context) -> tuple[Params, SwatsState]:
        rate, b1, b2 = context.at(self.learning_rate), context.at(self.b1), context.at(self.b2)
        done = state.switched > 0
        moments = state.moments.absorb(b1, b2, grads)
        within, correction = by_adam(moments, context.at(self.eps))
        direction = tree.scale(correction, within)
        velocity = tree.map(lambda v, g: jnp.where(done, b1 * v + g, 0), state.velocity, grads)

        along = tree.dot(direction, grads)
        ratio = tree.safe_divide(tree.dot(direction, direction), along)  # γ / η
        seen = tree.select(along != 0, state.seen.absorb(b2, ratio), state.seen)
        settled = (
            (context.step > 0) & (along != 0) & (rate * jnp.abs(seen.value() - ratio) < context.at(self.tolerance))
        )
        switched = jnp.where(done, state.switched, jnp.where(settled, seen.value(), 0))

        factor = rate * state.switched
        updates = tree.map(lambda d, v: jnp.where(done, -(1 - b1) * factor * v, -rate * d), direction, velocity)
        used = LearningRateState(jnp.where(done, factor, rate))
        return updates, SwatsState(moments, velocity, tree.select(done, state.seen, seen), switched, used)


@builder
def swats(
    learning_rate: Scalar = 1e-3,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-9,
    *,
    tolerance: Scalar = 1e-9,
) -> Optimizer:
    """SWATS: Adam, and from where the rate γ of an equal step of descent has settled on, descent with momentum at its mean Λ.

    Args:
        learning_rate: η > 0, Adam's, a number or a schedule. Default: 1e-3.
        b1: In [0, 1), what Adam's mean and descent's velocity keep at a step. Default: 0.9.
        b2: In [0, 1), what the means of g² and γ keep at a step. Default: 0.999.
        eps: ≥ 0, added to the root. Default: 1e-9.
        tolerance: ≥ 0, how near to its mean γ must be; 0 never switches. Default: 1e-9.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer, grads = swats(0.1, b1=0.0, tolerance=1e-3), jnp.array([2.0])
        >>> state = optimizer.init(grads)
        >>> for _ in range(3):  # γ = 0.1 / 2 at each step, so that the third is descent
        ...     updates, state = optimizer.update(grads, state, grads)
        ...     print(updates.round(3).tolist(), optimizer.info(state).learning_rate.round(3))
        [-0.1] 0.1
        [-0.1] 0.1
        [-0.1] 0.05
    """
    return chain(DescendBySwats(learning_rate, b1, b2, eps, tolerance))
