"""StableAdamW: AdamW that shortens a tensor's step when its second moment has fallen behind its gradients.

m ← b1 m + (1 − b1) g
v ← b2 v + (1 − b2) g²
RMS = √mean(g² / max(v̂, eps²))                              one number a leaf; about 1 where v̂ is up to date
η' = η / max(1, RMS / clip_threshold)
θ ← θ − η' (m̂ / (√v̂ + eps) + weight_decay θ)

Source: Wortsman et al. 2023, arXiv:2304.13013, algorithm 2, AdamW with the update clipping of Adafactor (d =
clip_threshold = 1). The paper's debiased b̂ = b (1 − bᵗ⁻¹) / (1 − bᵗ) give the same m̂ and v̂ as the corrected means. The
decay is shortened too, as in the torch libraries optimi and pytorch_optimizer; the code that the authors released decays
by η (`clip_decay=False`).
"""

from typing import Any

import jax.numpy as jnp
from jax import Array

from jgd.core import tree
from jgd.core.masks import Mask
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.optimizers.adam import AdamState, over_root
from jgd.optimizers.masked_decay import decaying, held
from jgd.transforms import ScaleByLearningRate


@record
class ScaleByStableAdam(Transform):
    """u = (m̂ / (√v̂ + eps) + weight_decay θ) / max(1, RMS / clip_threshold), leaf by leaf."""

    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper(">= 0")
    weight_decay: Scalar = hyper(">= 0")
    clip_threshold: Scalar = hyper("> 0")
    clip_decay: bool = static_field()
    mask: Any = static_field(default=None)  # as `held` makes it
    per_leaf = True

    def init(self, params: Params) -> AdamState:
        return AdamState.like(params)

    def update(self, grads: Params, moments: AdamState, context: Context) -> tuple[Params, AdamState]:
        eps, decay, threshold = context.at(self.eps), context.at(self.weight_decay), context.at(self.clip_threshold)
        moments = moments.absorb(context.at(self.b1), context.at(self.b2), grads)
        square = moments.square.value()
        adapted = over_root(moments.mean.value(), square, eps)

        def shortened(u: Array, g: Array, v: Array, w: Array) -> Array:
            ratio = tree.safe_divide(
                g, jnp.maximum(tree.safe_sqrt(v), eps)
            )  # squared last: g² may overflow where g / √v̂ doesn't
            rms = tree.safe_sqrt(jnp.sum(ratio**2) / max(g.size, 1))
            shrink = jnp.where(threshold > 0, 1 / jnp.maximum(1, rms / threshold), 0)  # a schedule may end at 0
            return shrink * (u + decay * w) if self.clip_decay else shrink * u + decay * w

        return tree.map(shortened, adapted, grads, square, decaying(self.mask, context)), moments


@builder
def stable_adamw(
    learning_rate: Scalar,
    b1: Scalar = 0.9,
    b2: Scalar = 0.99,
    eps: Scalar = 1e-8,
    *,
    weight_decay: Scalar = 0.2,
    mask: Mask | None = None,
    clip_threshold: Scalar = 1.0,
    clip_decay: bool = True,
) -> Optimizer:
    """StableAdamW: θ ← θ − η / max(1, RMS / clip_threshold) · (m̂ / (√v̂ + eps) + weight_decay θ).

    Defaults: the authors' code's.

    Args:
        learning_rate: η > 0, a number or a schedule.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.9.
        b2: In [0, 1), what the mean of their squares keeps at a step. Default: 0.99.
        eps: ≥ 0, added to the root. Default: 1e-8.
        weight_decay: λ ≥ 0, decoupled. Default: 0.2.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.
        clip_threshold: > 0, the RMS from which on a leaf's step is shortened. Default: 1.0.
        clip_decay: False decays by the whole η; structure. Default: True.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = stable_adamw(0.1, weight_decay=0.5)
        >>> updates, _ = optimizer.update(jnp.array([-4.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> round(float(updates[0]), 6)
        0.05
    """
    scale = ScaleByStableAdam(b1, b2, eps, weight_decay, clip_threshold, clip_decay, held(mask))
    return chain(scale, ScaleByLearningRate(learning_rate))
