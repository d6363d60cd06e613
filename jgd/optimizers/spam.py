"""SPAM: Adam that cuts spikes of the gradient, forgets its moments now and then, and starts softly after that.

every `reset_every`-th step: m, v ← 0
g ← sign(g) √(threshold v) where g² > threshold v           not in the first `grace` steps after a reset
m ← b1 m + (1 − b1) g,  v ← b2 v + (1 − b2) g²
u = √(1 − b2ᵗ) / (1 − b1ᵗ) · m / (√v + eps) · s
θ ← θ − η (u + weight_decay θ)
s = 1 − 0.99 (1 + cos(π n / (warmup_steps + 1))) / 2 at the n-th step after a reset, n < warmup_steps; else 1

Source: Huang et al. 2025, arXiv:2501.06842, algorithm 1, and the authors' code, whose defaults these are: t counts from the
start of the run and not from the reset, so that the first step after one would be long, were it not for s. The decay is beside the
step, the code decays after it.
Their option of momentum for a random part of the entries only is left out. Neither torch nor optax has it.
"""

import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree
from jgd.core.masks import Mask
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.optimizers.adam import AdamState
from jgd.optimizers.low_rank import by_adam
from jgd.optimizers.masked_decay import decay
from jgd.transforms import Mean, ScaleByLearningRate

LEAST = 0.01  # the authors': the share of a step that is made right at a reset


@record
class ScaleBySpam(Transform):
    """u = √(1 − b2ᵗ) / (1 − b1ᵗ) · m / (√v + eps) · s, of gradients without spikes."""

    entrywise = True

    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper("> 0")
    threshold: Scalar = hyper("> 0")
    reset_every: int = static_field(default=500)
    warmup_steps: int = static_field(default=150)
    grace: int = static_field(default=20)

    def init(self, params: Params) -> AdamState:
        return AdamState.like(params)

    def update(self, grads: Params, state: AdamState, context: Context) -> tuple[Params, AdamState]:
        n = (context.step + 1) % self.reset_every
        kept = AdamState(_emptied(state.mean, n == 0), _emptied(state.square, n == 0))
        threshold, cuts = context.at(self.threshold), (n >= self.grace) & (context.step + 1 >= self.grace)

        def cut(g: Array, v: Array) -> Array:
            return jnp.where(cuts & (g**2 > threshold * v), jnp.sign(g) * tree.safe_sqrt(threshold * v), g)

        moments = kept.absorb(context.at(self.b1), context.at(self.b2), tree.map(cut, grads, kept.square.total))
        within, correction = by_adam(moments, context.at(self.eps))
        angle = jnp.pi * n.astype(correction.dtype) / (self.warmup_steps + 1)
        soft = 1 - (1 - LEAST) * (1 + jnp.cos(angle)) / 2
        warms = (n < self.warmup_steps) & (context.step + 1 >= self.reset_every)
        return tree.scale(correction * jnp.where(warms, soft, 1), within), moments


def _emptied(mean: Mean, due: Array) -> Mean:
    """Without what it has absorbed, but for its weight."""
    return Mean(tree.select(due, tree.zeros_like(mean.total), mean.total), mean.weight)


@builder
def spam(
    learning_rate: Scalar = 1e-3,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-6,
    *,
    threshold: Scalar = 5000.0,
    weight_decay: Scalar = 0.0,
    mask: Mask | None = None,
    reset_every: int = 500,
    warmup_steps: int = 150,
    grace: int = 20,
) -> Optimizer:
    """SPAM: Adam on gradients cut to |g| ≤ √(threshold v), whose moments are 0 again every `reset_every` steps.

    Args:
        learning_rate: η > 0, a number or a schedule. Default: 1e-3.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.9.
        b2: In [0, 1), what the mean of their squares keeps at a step. Default: 0.999.
        eps: > 0, added to the root. Default: 1e-6.
        threshold: > 0, how often the mean square a square may be. Default: 5000.
        weight_decay: λ ≥ 0, beside the gradient (decoupled) and multiplied by the learning rate. Default: 0.0.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.
        reset_every: Steps from one reset of the moments to the next, ≥ 1; structure. Default: 500.
        warmup_steps: Steps after a reset that are shorter, ≥ 0; structure. Default: 150.
        grace: From which step of the run and after a reset gradients are cut, ≥ 2, as v must be known; structure. Default: 20.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer, w = spam(0.1, b1=0.0, b2=0.5, threshold=4.0, grace=2), jnp.ones(1)
        >>> _, state = optimizer.update(jnp.ones(1), optimizer.init(w), w)
        >>> updates, _ = optimizer.update(jnp.array([1000.0]), state, w)  # v = 0.5: cut to √2, then v = 1.25
        >>> updates.round(3).tolist()  # −0.1 · √0.75 · √2 / √1.25
        [-0.11]
    """
    scale = ScaleBySpam(
        b1,
        b2,
        eps,
        threshold,
        checks.count("reset_every", reset_every, 1),
        checks.count("warmup_steps", warmup_steps, 0),
        checks.count("grace", grace, 2),
    )
    return chain(scale, decay(weight_decay, mask), ScaleByLearningRate(learning_rate))
