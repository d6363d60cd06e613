"""MoMo: momentum whose step size follows from the value of the loss, and its form with Adam's preconditioner.

d ← β d + (1 − β) g,  f̄ ← β f̄ + (1 − β) f,  γ ← β γ + (1 − β) ⟨g, θ⟩,  ρ the weight of these means
D = 1 in MoMo, √v̂ + eps in MoMo-Adam
τ = min(η / ρ, max((1 + η λ) (f̄ − ρ f* − γ) + ⟨d, θ⟩, 0) / ⟨d, d / D⟩)
θ ← (θ − τ d / D) / (1 + η λ)

Source: Schaipp, Ohana, Eickenberg, Defazio & Gower 2024, arXiv:2305.07583, algorithms 1 and 2; with
`adapt_lower_bound` also their estimate of f* (section 4.1, in the order of their code). MoMo's means start at the first
gradient, value and product (ρ = 1), MoMo-Adam's at 0 (ρ = 1 − β^t), as in the paper. With weight decay optax's step is
θ / (1 + η λ) − τ d / D, undivided; the paper's and its authors' code divide both.
"""

import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context
from jgd.core.types import Params, Scalar
from jgd.transforms import LearningRateState, Mean, ReportsLearningRate


@record
class MomoState:
    """The means that make the model of the loss, and its lower bound."""

    mean: Mean  # (d, f̄, γ) with the one weight ρ
    square: Mean | None  # v, in MoMo-Adam
    lower_bound: Array | None  # the estimate of f*, where it is adapted
    rate: LearningRateState  # τ


@record
class DescendByMomo(ReportsLearningRate):
    """u = (θ − τ d / D) / (1 + η λ) − θ, with inner products over the whole tree."""

    learning_rate: Scalar = hyper("> 0")
    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper(">= 0")
    lower_bound: Scalar = hyper("(-inf, inf)")
    weight_decay: Scalar = hyper(">= 0")
    adapt_lower_bound: bool = static_field()
    adam: bool = static_field()

    def init(self, params: Params) -> MomoState:
        zero = jnp.zeros((), tree.compute_dtype(params))
        square = Mean.like(params) if self.adam else None
        bound = zero if self.adapt_lower_bound else None
        return MomoState(Mean.like((params, zero, zero)), square, bound, LearningRateState.unused(params))

    def update(self, grads: Params, state: MomoState, context: Context) -> tuple[Params, MomoState]:
        value, params = context.value_for("momo_adam" if self.adam else "momo"), context.params
        rate, b1, least = context.at(self.learning_rate), context.at(self.b1), context.at(self.lower_bound)
        first = state.mean.weight == 0
        if not self.adam:
            b1 = jnp.where(first, 0, b1)
        mean, square = state.mean.absorb(b1, (grads, value, tree.dot(grads, params))), state.square
        d, f, gamma = mean.total
        rho, direction = mean.weight, d
        if square is not None:
            square, eps = square.absorb(context.at(self.b2), tree.square(grads)), context.at(self.eps)
            direction = tree.map(lambda d, v: tree.safe_divide(d, tree.safe_sqrt(v) + eps), d, square.value())
        size, inner = tree.dot(d, direction), tree.dot(d, params)

        growth, bound = 1 + rate * context.at(self.weight_decay), state.lower_bound
        if bound is not None:
            bound = jnp.where(first, least, bound)
            most = (growth * (f - gamma) + inner) / (growth * rho)  # a bound above makes the step 0
            bound = jnp.where(most < bound, jnp.maximum(most / 2, least), bound)
            least_now, adapted = bound, lambda tau: jnp.maximum((f + inner - gamma - tau * size / 2) / rho, least)
        else:
            least_now, adapted = least, lambda tau: None
        gap = growth * (f - rho * least_now - gamma) + inner
        tau = jnp.minimum(rate / rho, tree.safe_divide(jnp.maximum(gap, 0), size))
        updates = tree.map(lambda w, u: -(tau * u + (growth - 1) * w) / growth, params, direction)
        return updates, MomoState(mean, square, adapted(tau), LearningRateState(tau))


@builder
def momo(
    learning_rate: Scalar = 1.0,
    beta: Scalar = 0.9,
    *,
    lower_bound: Scalar = 0.0,
    weight_decay: Scalar = 0.0,
    adapt_lower_bound: bool = False,
) -> Optimizer:
    """MoMo: θ ← (θ − τ d) / (1 + η λ), τ = min(η, a Polyak step of the momentum model).

    `update` needs `value=`, the loss; `jgd.step`, `jgd.train` and `jgd.sweep` give it. The rate reported is τ.
    Defaults: the authors'.

    Args:
        learning_rate: η > 0, an upper bound of the step size. Default: 1.0.
        beta: In [0, 1), what all means keep at a step. Default: 0.9.
        lower_bound: f*, a bound below the loss. Default: 0.0.
        weight_decay: λ ≥ 0. Default: 0.0.
        adapt_lower_bound: Whether f* is estimated from lower_bound upwards; structure. Default: False.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer, params = momo(), jnp.array([3.0])
        >>> updates, _ = optimizer.update(2 * params, optimizer.init(params), params, value=params[0] ** 2)
        >>> updates.tolist()
        [-1.5]
    """
    checks.hyperparameter("beta", beta, "[0, 1)")  # which would else be refused as b1
    return chain(DescendByMomo(learning_rate, beta, 0.0, 0.0, lower_bound, weight_decay, adapt_lower_bound, adam=False))


@builder
def momo_adam(
    learning_rate: Scalar = 0.01,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    *,
    lower_bound: Scalar = 0.0,
    weight_decay: Scalar = 0.0,
    adapt_lower_bound: bool = False,
) -> Optimizer:
    """MoMo-Adam: θ ← (θ − τ d / (√v̂ + eps)) / (1 + η λ), τ = min(η / ρ, a Polyak step in Adam's metric).

    `update` needs `value=`, the loss; `jgd.step`, `jgd.train` and `jgd.sweep` give it. The rate reported is τ.
    Defaults: the authors'.

    Args:
        learning_rate: η > 0, an upper bound of the step size. Default: 0.01.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.9.
        b2: In [0, 1), what the mean of their squares keeps at a step. Default: 0.999.
        eps: ≥ 0, added to the root. Default: 1e-8.
        lower_bound: f*, a bound below the loss. Default: 0.0.
        weight_decay: λ ≥ 0. Default: 0.0.
        adapt_lower_bound: Whether f* is estimated from lower_bound upwards; structure. Default: False.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer, params = momo_adam(1.0), jnp.array([3.0])
        >>> updates, _ = optimizer.update(2 * params, optimizer.init(params), params, value=params[0] ** 2)
        >>> updates.round(4).tolist()
        [-1.0]
    """
    return chain(DescendByMomo(learning_rate, b1, b2, eps, lower_bound, weight_decay, adapt_lower_bound, adam=True))
