"""AdaHessian: Adam with the Hessian's diagonal in the place of the gradient in the second moment.

z random signs;  D = |H z|               entry by entry; a kernel's mean over its places
m ← b1 m + (1 − b1) g
v ← b2 v + (1 − b2) D²                   at steps that are due
u = m̂ / (√v̂^hessian_power + eps)
θ ← θ − η (u + weight_decay θ)

Source: Yao et al. 2021, arXiv:2006.00719, algorithm 1, and the authors' code, whose defaults these are. |z ⊙ H z| = |H z|. As in
the code, the average over neighbors is that over the places of a convolution's kernel, (height, width, in, out) here; matrices
have none. A product with the Hessian costs about two gradients. Neither torch nor optax has it.
"""

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks, seeds, tree
from jgd.core.masks import Mask
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context
from jgd.core.types import Params, Scalar
from jgd.optimizers.masked_decay import decay
from jgd.transforms import DrawsNoise, Mean, Noise, ScaleByLearningRate


@record
class AdahessianState:
    """The mean gradient, the mean squared diagonal, and the key of the signs."""

    mean: Mean  # m
    square: Mean  # v
    noise: Noise


@record
class ScaleByAdahessian(DrawsNoise):
    """u = m̂ / (√v̂^hessian_power + eps)."""

    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper(">= 0")
    hessian_power: Scalar = hyper("[0, 1]")
    update_every: int = static_field(default=1)
    seed: int = static_field(default=0)
    per_leaf = True

    def __post_init__(self) -> None:
        checks.count("update_every", self.update_every, 1)
        seeds.check(self.seed)

    def init(self, params: Params) -> AdahessianState:
        return AdahessianState(Mean.like(params), Mean.like(params), Noise.of(self.seed))

    def update(self, grads: Params, state: AdahessianState, context: Context) -> tuple[Params, AdahessianState]:
        context.loss_for("adahessian")  # said at the first trace, before the branches
        b2, eps, power = context.at(self.b2), context.at(self.eps), context.at(self.hessian_power)

        def refreshed(square: Mean) -> Mean:
            signs = state.noise.like(context.step, grads, jax.random.rademacher)
            return square.absorb(b2, tree.square(tree.map(_diagonal, context.hessian_product(signs, "adahessian"))))

        mean = state.mean.absorb(context.at(self.b1), grads)
        square = jax.lax.cond(context.step % self.update_every == 0, refreshed, lambda square: square, state.square)

        def over(m: Array, v: Array) -> Array:
            root = tree.safe_sqrt(v)
            safe = jnp.where(root > 0, root, 1)
            return tree.safe_divide(m, jnp.where(root > 0, safe**power, 0) + eps)

        return tree.map(over, mean.value(), square.value()), AdahessianState(mean, square, state.noise)


def _diagonal(product: Array) -> Array:
    size = jnp.abs(product)
    return jnp.broadcast_to(jnp.mean(size, axis=(0, 1), keepdims=True), size.shape) if size.ndim == 4 else size


@builder
def adahessian(
    learning_rate: Scalar = 0.15,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-4,
    *,
    weight_decay: Scalar = 0.0,
    mask: Mask | None = None,
    hessian_power: Scalar = 1.0,
    update_every: int = 1,
    seed: int = 0,
) -> Optimizer:
    """AdaHessian: v ← b2 v + (1 − b2) |H z|², θ ← θ − η (m̂ / (√v̂^k + eps) + weight_decay θ), z random signs.

    `update` needs `loss=`, params -> loss on this batch; `jgd.step`, `jgd.train` and `jgd.sweep` give it.

    Args:
        learning_rate: η > 0, a number or a schedule. Default: 0.15.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.9.
        b2: In [0, 1), what the mean squared diagonal keeps at an estimate. Default: 0.999.
        eps: ≥ 0, added to the root. Default: 1e-4.
        weight_decay: λ ≥ 0, beside the gradient (decoupled) and multiplied by the learning rate. Default: 0.0.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.
        hessian_power: k in [0, 1]; 1 is a Newton step of the diagonal, 0 momentum. Default: 1.0.
        update_every: Steps from one estimate to the next, ≥ 1; structure. Default: 1.
        seed: Seed of the signs, a whole number; structure. `jgd.train` and `jgd.sweep` mix the run's own in. Default: 0.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> bowl = lambda w: jnp.sum(jnp.array([1.0, 4.0]) * w**2) / 2
        >>> optimizer, w = adahessian(1.0, eps=0.0), jnp.array([1.0, -0.25])
        >>> updates, _ = optimizer.update(jax.grad(bowl)(w), optimizer.init(w), w, loss=bowl)
        >>> updates.tolist()  # Newton's step
        [-1.0, 0.25]
    """
    scale = ScaleByAdahessian(b1, b2, eps, hessian_power, update_every, seed)
    return chain(scale, decay(weight_decay, mask), ScaleByLearningRate(learning_rate))
