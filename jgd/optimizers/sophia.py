"""Sophia: the mean gradient over the Hessian's diagonal, each coordinate clipped.

m ← b1 m + (1 − b1) g
every k steps, from the first on:  h ← b2 h + (1 − b2) z ⊙ H z,   z random signs or normal numbers (Hutchinson)
u = clip(m / max(γ h, eps), ±1)
θ ← θ − η (u + weight_decay θ)

Source: Liu, Li, Hall, Liang & Ma 2023, arXiv:2305.14342, algorithm 3 with the estimator of algorithm 1 (Sophia-H). Where
h is not positive the division by eps makes the step a sign. Neither mean is corrected for its start at 0, as in the
paper; its authors' code divides m by 1 − b1ᵗ, which is `bias_correction=True`. optax does so too, estimates with random
signs, and refreshes h after using it, so that its first steps are all clipped.
"""

import jax
import jax.numpy as jnp

from jgd.core import checks, seeds, tree
from jgd.core.masks import Mask
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context
from jgd.core.types import Params, Scalar
from jgd.optimizers.masked_decay import decay
from jgd.transforms import DrawsNoise, Mean, Noise, ScaleByLearningRate

DRAWS = {"normal": jax.random.normal, "rademacher": jax.random.rademacher}


@record
class SophiaState:
    """The mean gradient, the estimated diagonal of the Hessian, and the key of the probes."""

    mean: Mean  # m, of the gradients
    diagonal: Params  # h, of the estimates
    noise: Noise


@record
class ScaleBySophia(DrawsNoise):
    """u = clip(m / max(γ h, eps), ±clip_threshold)."""

    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper("> 0")
    gamma: Scalar = hyper("> 0")
    clip_threshold: Scalar = hyper("> 0")
    update_every: int = static_field()
    bias_correction: bool = static_field()
    distribution: str = static_field()
    seed: int = static_field()

    def __post_init__(self) -> None:
        checks.count("update_every", self.update_every, 1)
        checks.choice("distribution", self.distribution, DRAWS)
        seeds.check(self.seed)

    def init(self, params: Params) -> SophiaState:
        return SophiaState(Mean.like(params), tree.zeros_like(params), Noise.of(self.seed))

    def update(self, grads: Params, state: SophiaState, context: Context) -> tuple[Params, SophiaState]:
        b2, eps, gamma, most = (context.at(x) for x in (self.b2, self.eps, self.gamma, self.clip_threshold))
        context.loss_for("sophia")  # said at the first trace, before the branches

        def refreshed(h: Params) -> Params:
            z = state.noise.like(context.step, grads, DRAWS[self.distribution])
            estimate = tree.map(jnp.multiply, z, context.hessian_product(z, "sophia"))
            return tree.lerp(b2, h, estimate)

        mean = state.mean.absorb(context.at(self.b1), grads)
        h = jax.lax.cond(context.step % self.update_every == 0, refreshed, lambda h: h, state.diagonal)
        m = mean.value() if self.bias_correction else mean.total
        updates = tree.map(lambda m, h: jnp.clip(m / jnp.maximum(gamma * h, eps), -most, most), m, h)
        return updates, SophiaState(mean, h, state.noise)


@builder
def sophia(
    learning_rate: Scalar,
    b1: Scalar = 0.96,
    b2: Scalar = 0.99,
    eps: Scalar = 1e-12,
    *,
    weight_decay: Scalar = 1e-4,
    mask: Mask | None = None,
    gamma: Scalar = 0.01,
    clip_threshold: Scalar = 1.0,
    update_every: int = 10,
    bias_correction: bool = False,
    distribution: str = "normal",
    seed: int = 0,
) -> Optimizer:
    """Sophia-H: θ ← θ − η (clip(m / max(γ h, eps), ±1) + weight_decay θ).

    `update` needs `loss=`, params -> loss on this batch; `jgd.step`, `jgd.train` and `jgd.sweep` give it. Other
    defaults: the paper's.

    Args:
        learning_rate: η > 0, the longest step of a coordinate; a number or a schedule.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.96.
        b2: In [0, 1), what the diagonal keeps at an estimate. Default: 0.99.
        eps: > 0, the least denominator. Default: 1e-12.
        weight_decay: λ ≥ 0, decoupled; 1e-4 as in optax (the paper trains language models with 0.2). Default: 1e-4.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.
        gamma: γ > 0; a larger one clips fewer coordinates. Default: 0.01.
        clip_threshold: > 0, the bound of the ratio. Default: 1.0.
        update_every: Steps from one estimate of the diagonal to the next, ≥ 1, about two gradients each; structure.
            Default: 10.
        bias_correction: Whether m is corrected for its start; structure. Default: False.
        distribution: Of z: "normal" as in the paper, or "rademacher", whose variance is smaller; structure. Default:
            "normal".
        seed: Seed of the noise, a whole number; structure. `jgd.train` and `jgd.sweep` mix the run's own in. Default:
            0.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> bowl = lambda w: jnp.sum(jnp.array([1.0, 4.0]) * w**2) / 2
        >>> optimizer = sophia(0.5, b1=0.5, b2=0.5, gamma=2.0, weight_decay=0.0, distribution="rademacher")
        >>> w = jnp.array([1.0, -0.25])
        >>> updates, _ = optimizer.update(jax.grad(bowl)(w), optimizer.init(w), w, loss=bowl)
        >>> updates.tolist()
        [-0.25, 0.0625]
    """
    direction = ScaleBySophia(b1, b2, eps, gamma, clip_threshold, update_every, bias_correction, distribution, seed)
    return chain(direction, decay(weight_decay, mask), ScaleByLearningRate(learning_rate))
