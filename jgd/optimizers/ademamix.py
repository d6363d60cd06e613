"""AdEMAMix: Adam with a second, slow mean of the gradients, for what only many thousands of steps tell.

m ← b1 m + (1 − b1) g
s ← b3 s + (1 − b3) g                       never corrected: it fills by itself
v ← b2 v + (1 − b2) g²
u = (m̂ + alpha s) / (√v̂ + eps)
θ ← θ − η (u + weight_decay θ)
Warm-up over T updates, t = 1 at the first: alpha_t = alpha · min(t/T, 1), and b3_t from b1 to b3, its half-life growing
linearly: ln b3_t = ln b1 ln b3 / ((1 − t/T) ln b3 + (t/T) ln b1).

`simplified_ademamix`, with one mean:
m ← b1 m + g
u = (m + alpha g) / (√v̂ + eps)

Sources: Pagliardini, Ablin & Grangier 2024, arXiv:2409.03137, algorithm 1 and its two schedulers; Morwani et al. 2025,
arXiv:2502.02431. Defaults as in optax, alpha among them (the authors' code has 2 and recommends 8 for language models);
optax leaves the warm-up to the caller's schedules.
"""

import jax.numpy as jnp
from jax import Array

from jgd.core import tree
from jgd.core.masks import Mask
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.optimizers.adam import AdamState, over_root
from jgd.optimizers.masked_decay import decay
from jgd.schedules.clock import number, spent
from jgd.transforms import Mean, ScaleByLearningRate


@record
class AlphaWarmup:
    """alpha · min(t / warmup, 1), t = step + 1."""

    alpha: float = hyper(">= 0", schedule=False)
    warmup: float = hyper("> 0", schedule=False)

    def __call__(self, step: Array) -> Array:
        return number(self.alpha) * spent(number(step) + 1, self.warmup)


@record
class HalfLifeWarmup:
    """From b1 to b3 over warmup updates, the half-life of the mean growing linearly."""

    b1: float = hyper("(0, 1)", schedule=False)
    b3: float = hyper("(0, 1)", schedule=False)
    warmup: float = hyper("> 0", schedule=False)

    def __call__(self, step: Array) -> Array:
        part = spent(number(step) + 1, self.warmup)
        start, end = jnp.log(number(self.b1)), jnp.log(number(self.b3))
        return jnp.exp(start * end / ((1 - part) * end + part * start))


@record
class AdemamixState:
    """Adam's moments and the slow mean beside them."""

    moments: AdamState
    slow: Params  # s, uncorrected


@record
class ScaleByAdemamix(Transform):
    """u = (m̂ + alpha s) / (√v̂ + eps)."""

    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    b3: Scalar = hyper("[0, 1)")
    alpha: Scalar = hyper(">= 0")
    eps: Scalar = hyper(">= 0")

    def init(self, params: Params) -> AdemamixState:
        return AdemamixState(AdamState.like(params), tree.zeros_like(params))

    def update(self, grads: Params, state: AdemamixState, context: Context) -> tuple[Params, AdemamixState]:
        alpha = context.at(self.alpha)
        moments = state.moments.absorb(context.at(self.b1), context.at(self.b2), grads)
        slow = tree.lerp(context.at(self.b3), state.slow, grads)
        mixed = tree.map(lambda m, s: m + alpha * s, moments.mean.value(), slow)
        return over_root(mixed, moments.square.value(), context.at(self.eps)), AdemamixState(moments, slow)


@record
class SimplifiedAdemamixState:
    """The sum of the gradients and the mean of their squares, shaped as the parameters."""

    velocity: Params  # m, a sum
    square: Mean  # v


@record
class ScaleBySimplifiedAdemamix(Transform):
    """u = (m + alpha g) / (√v̂ + eps), m ← b1 m + g."""

    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    alpha: Scalar = hyper(">= 0")
    eps: Scalar = hyper(">= 0")

    def init(self, params: Params) -> SimplifiedAdemamixState:
        return SimplifiedAdemamixState(tree.zeros_like(params), Mean.like(params))

    def update(
        self, grads: Params, state: SimplifiedAdemamixState, context: Context
    ) -> tuple[Params, SimplifiedAdemamixState]:
        b1, alpha = context.at(self.b1), context.at(self.alpha)
        velocity = tree.map(lambda m, g: b1 * m + g, state.velocity, grads)
        square = state.square.absorb(context.at(self.b2), tree.square(grads))
        mixed = tree.map(lambda m, g: m + alpha * g, velocity, grads)
        return over_root(mixed, square.value(), context.at(self.eps)), SimplifiedAdemamixState(velocity, square)


@builder
def ademamix(
    learning_rate: Scalar,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    b3: Scalar = 0.9999,
    alpha: Scalar = 5.0,
    eps: Scalar = 1e-8,
    *,
    weight_decay: Scalar = 0.0,
    mask: Mask | None = None,
    warmup: float | None = None,
) -> Optimizer:
    """AdEMAMix: θ ← θ − η ((m̂ + alpha s) / (√v̂ + eps) + weight_decay θ), s the mean by b3.

    Args:
        learning_rate: η > 0, a number or a schedule.
        b1: In [0, 1), what the fast mean keeps at a step. Default: 0.9.
        b2: In [0, 1), what the mean of their squares keeps at a step. Default: 0.999.
        b3: In [0, 1), what the slow mean keeps at a step. Default: 0.9999.
        alpha: ≥ 0, the weight of the slow mean. Default: 5.0.
        eps: ≥ 0, added to the root. Default: 1e-8.
        weight_decay: λ ≥ 0, beside the gradient (decoupled) and multiplied by the learning rate. Default: 0.0.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.
        warmup: T > 0 updates, the whole run in the authors' example; alpha, b1 and b3 are numbers then, b1 and b3 > 0.
            None for alpha and b3 as they are.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = ademamix(0.1, b3=0.75, alpha=2.0)
        >>> updates, _ = optimizer.update(jnp.array([-4.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> round(float(updates[0]), 6)
        0.15
    """
    if warmup is not None:
        # schedules in the places of numbers
        alpha, b3 = AlphaWarmup(alpha, warmup), HalfLifeWarmup(b1, b3, warmup)  # pyright: ignore[reportArgumentType]
    scale = ScaleByAdemamix(b1, b2, b3, alpha, eps)
    return chain(scale, decay(weight_decay, mask), ScaleByLearningRate(learning_rate))


@builder
def simplified_ademamix(
    learning_rate: Scalar,
    b1: Scalar = 0.99,
    b2: Scalar = 0.95,
    alpha: Scalar = 0.0,
    eps: Scalar = 1e-8,
    *,
    weight_decay: Scalar = 0.0,
    mask: Mask | None = None,
) -> Optimizer:
    """Simplified AdEMAMix: m ← b1 m + g, θ ← θ − η ((m + alpha g) / (√v̂ + eps) + weight_decay θ).

    Args:
        learning_rate: η > 0, a number or a schedule; m is a sum, so it is about 1 − b1 times Adam's.
        b1: In [0, 1), what m keeps at a step. Default: 0.99.
        b2: In [0, 1), what the mean of their squares keeps at a step. Default: 0.95.
        alpha: ≥ 0, the weight of the gradient beside m. Default: 0.0.
        eps: ≥ 0, added to the root. Default: 1e-8.
        weight_decay: λ ≥ 0, beside the gradient (decoupled) and multiplied by the learning rate. Default: 0.0.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = simplified_ademamix(0.125, alpha=2.0)
        >>> updates, _ = optimizer.update(jnp.array([-4.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> round(float(updates[0]), 6)
        0.375
    """
    scale = ScaleBySimplifiedAdemamix(b1, b2, alpha, eps)
    return chain(scale, decay(weight_decay, mask), ScaleByLearningRate(learning_rate))
