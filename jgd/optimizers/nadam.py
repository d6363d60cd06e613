"""Nadam: Adam whose mean already takes the next step's momentum, as Nesterov's gradient does.

`nadam`, with Dozat's warming momentum, as in torch (and keras, with momentum_decay = 1):
    μ_t = b1 (1 − ½ 0.96^(t · momentum_decay)), t = 1, 2, …
    m ← b1 m + (1 − b1) g
    v ← b2 v + (1 − b2) g²
    m̂ = μ_{t+1} m / (1 − μ_1 ⋯ μ_{t+1}) + (1 − μ_t) g / (1 − μ_1 ⋯ μ_t)
    u = m̂ / (√v̂ + eps)
    θ ← θ − η u
`nadam_simplified`, at the constant momentum μ_t = b1, as in optax:
    m̂ = b1 m / (1 − b1ᵗ⁺¹) + (1 − b1) g / (1 − b1ᵗ)

Source: Dozat 2016, "Incorporating Nesterov momentum into Adam", algorithm 2. There m itself decays by μ_t
(`mean_follows_schedule`), where torch and keras keep b1; and v̂ has another factor b2, which no library follows.
`nadamw` and `nadamw_simplified` decay the weights beside the gradient: θ ← θ − η (u + weight_decay θ).
"""

import jax.numpy as jnp
from jax import Array

from jgd.core import tree
from jgd.core.masks import Mask
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.optimizers.adam import adam, over_root
from jgd.optimizers.adamw import adamw
from jgd.optimizers.masked_decay import decay
from jgd.transforms import Mean, ScaleByLearningRate


@record
class NadamState:
    """The moments, and the product of the momenta so far."""

    mean: Params  # m, uncorrected
    square: Mean  # v
    product: Array  # μ_1 ⋯ μ_t, ()


@record
class ScaleByNadam(Transform):
    """u = (μ_{t+1} m / (1 − μ_1 ⋯ μ_{t+1}) + (1 − μ_t) g / (1 − μ_1 ⋯ μ_t)) / (√v̂ + eps)."""

    entrywise = True

    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper(">= 0")
    momentum_decay: Scalar = hyper(">= 0")
    mean_follows_schedule: bool = static_field()

    def init(self, params: Params) -> NadamState:
        return NadamState(tree.zeros_like(params), Mean.like(params), jnp.ones((), tree.compute_dtype(params)))

    def update(self, grads: Params, state: NadamState, context: Context) -> tuple[Params, NadamState]:
        b1, decay = context.at(self.b1), context.at(self.momentum_decay)
        t = context.step.astype(b1.dtype) + 1  # in float: int32 would wrap where the clock stands still at its end
        now, following = (b1 * (1 - 0.5 * 0.96 ** (at * decay)) for at in (t, t + 1))
        product = now * state.product
        mean = tree.lerp(now if self.mean_follows_schedule else b1, state.mean, grads)
        square = state.square.absorb(context.at(self.b2), tree.square(grads))
        of_mean, of_gradient = following / (1 - product * following), (1 - now) / (1 - product)
        ahead = tree.map(lambda m, g: of_mean * m + of_gradient * g, mean, grads)
        return over_root(ahead, square.value(), context.at(self.eps)), NadamState(mean, square, product)


@builder
def nadam(
    learning_rate: Scalar,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    *,
    momentum_decay: Scalar = 4e-3,
    mean_follows_schedule: bool = False,
) -> Optimizer:
    """Nadam with Dozat's momentum schedule, as in torch: μ_t = b1 (1 − ½ 0.96^(t · momentum_decay)).

    Defaults: torch's.

    Args:
        learning_rate: η > 0, a number or a schedule.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.9.
        b2: In [0, 1), what the mean of their squares keeps at a step. Default: 0.999.
        eps: ≥ 0, added to the root. Default: 1e-8.
        momentum_decay: ≥ 0; 4e-3 is the paper's 1/250. Default: 4e-3.
        mean_follows_schedule: True lets m decay by μ_t as in the paper, False by b1 as in torch; structure. Default:
            False.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = nadam(0.1)
        >>> updates, _ = optimizer.update(jnp.array([-4.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> round(float(updates[0]), 5)
        0.10565
    """
    return chain(ScaleByNadam(b1, b2, eps, momentum_decay, mean_follows_schedule), ScaleByLearningRate(learning_rate))


@builder
def nadamw(
    learning_rate: Scalar,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    *,
    weight_decay: Scalar = 1e-4,
    mask: Mask | None = None,
    momentum_decay: Scalar = 4e-3,
    mean_follows_schedule: bool = False,
) -> Optimizer:
    """`nadam` with decoupled decay: θ ← θ − η (u + weight_decay θ), torch's NAdam with decoupled_weight_decay.

    Args:
        learning_rate: η > 0, a number or a schedule.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.9.
        b2: In [0, 1), what the mean of their squares keeps at a step. Default: 0.999.
        eps: ≥ 0, added to the root. Default: 1e-8.
        weight_decay: λ ≥ 0, beside the gradient (decoupled) and multiplied by the learning rate. Default: 1e-4.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.
        momentum_decay: ≥ 0, as in `nadam`. Default: 4e-3.
        mean_follows_schedule: As in `nadam`; structure. Default: False.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = nadamw(0.1, weight_decay=0.5)
        >>> updates, _ = optimizer.update(jnp.zeros(1), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> updates.tolist()
        [-0.05]
    """
    scale = ScaleByNadam(b1, b2, eps, momentum_decay, mean_follows_schedule)
    return chain(scale, decay(weight_decay, mask), ScaleByLearningRate(learning_rate))


@builder
def nadam_simplified(
    learning_rate: Scalar,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    *,
    eps_root: Scalar = 0.0,
) -> Optimizer:
    """Nadam at a constant momentum, as in optax: `adam` with nesterov.

    Args:
        learning_rate: η > 0, a number or a schedule.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.9.
        b2: In [0, 1), what the mean of their squares keeps at a step. Default: 0.999.
        eps: ≥ 0, added to the root. Default: 1e-8.
        eps_root: ≥ 0, added inside the root. Default: 0.0.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = nadam_simplified(0.1)
        >>> updates, _ = optimizer.update(jnp.array([-4.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> round(float(updates[0]), 5)  # (0.09 / 0.19 + 1) times Adam's
        0.14737
    """
    return adam(learning_rate, b1, b2, eps, eps_root=eps_root, nesterov=True)


@builder
def nadamw_simplified(
    learning_rate: Scalar,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    *,
    weight_decay: Scalar = 1e-4,
    mask: Mask | None = None,
    eps_root: Scalar = 0.0,
) -> Optimizer:
    """`nadam_simplified` with decoupled decay, optax's nadamw: θ ← θ − η (u + weight_decay θ).

    Args:
        learning_rate: η > 0, a number or a schedule.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.9.
        b2: In [0, 1), what the mean of their squares keeps at a step. Default: 0.999.
        eps: ≥ 0, added to the root. Default: 1e-8.
        weight_decay: λ ≥ 0, beside the gradient (decoupled) and multiplied by the learning rate. Default: 1e-4.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.
        eps_root: ≥ 0, added inside the root. Default: 0.0.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = nadamw_simplified(0.1, weight_decay=0.5)
        >>> updates, _ = optimizer.update(jnp.zeros(1), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> updates.tolist()
        [-0.05]
    """
    return adamw(learning_rate, b1, b2, eps, weight_decay=weight_decay, mask=mask, eps_root=eps_root, nesterov=True)
