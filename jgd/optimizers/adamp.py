"""AdamP and SGDP: momentum without its part along the weights, where the loss doesn't know how long they are.

u = the direction: Adam's, or the velocity
|cos(g, θ)| < δ / √n for each channel:   u ← u − θ̄ (θ̄ᵀ u) for each channel, θ̄ = θ / (‖θ‖ + eps)
else, if so for the whole leaf:          the same with the whole leaf for one channel
θ ← θ − η (u + r λ θ)                    r = wd_ratio where u was projected, else 1
                                         SGDP: λ / (1 − γ) for λ

Source: Heo et al. 2021, arXiv:2006.08217, algorithms 1 and 2, and the authors' code, whose defaults these are. n are the entries
of a channel: the weights of one output, a column here and a row in torch. Vectors and numbers are left alone. The weights in
front of a normalization grow by momentum's radial part alone, which shortens all later steps. Neither torch nor optax has it.
"""

import math
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
from jgd.optimizers.adam import ScaleByAdam
from jgd.optimizers.masked_decay import decaying, held
from jgd.optimizers.momentum import Trace
from jgd.transforms import ScaleByLearningRate


@record
class WithoutRadial(Transform):
    """u ← u without its part along the weights where these look scale-invariant, + r λ / (1 − momentum) θ."""

    delta: Scalar = hyper(">= 0")
    wd_ratio: Scalar = hyper("[0, 1]")
    eps: Scalar = hyper(">= 0")
    weight_decay: Scalar = hyper(">= 0")
    momentum: Scalar = hyper("[0, 1)", default=0.0)  # the factor by which a velocity is longer than its gradients
    mask: Any = static_field(default=None)  # as `held` makes it
    per_leaf = True
    sign = "uphill"

    def update(self, updates: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        delta, eps, ratio = context.at(self.delta), context.at(self.eps), context.at(self.wd_ratio)
        decay = context.at(self.weight_decay) / (1 - context.at(self.momentum))

        def one(u: Array, g: Array, w: Array, decayed: Array) -> Array:
            if w.ndim < 2 or w.size == 0:
                return u + decay * decayed
            by_channel, by_layer = tuple(range(w.ndim - 1)), tuple(range(w.ndim))
            small = lambda axes: _aligned(g, w, axes, eps) < delta / math.sqrt(math.prod(w.shape[a] for a in axes))
            channels, layer = small(by_channel), small(by_layer)
            flat = jnp.where(channels, _tangent(u, w, by_channel, eps), _tangent(u, w, by_layer, eps))
            either = channels | layer
            return jnp.where(either, flat, u) + jnp.where(either, ratio, 1) * decay * decayed

        return tree.map(one, updates, context.grads, context.params, decaying(self.mask, context)), state


def _norm(x: Array, axes: tuple[int, ...]) -> Array:
    return tree.safe_sqrt(jnp.sum(jnp.square(x), axis=axes, keepdims=True))


def _aligned(g: Array, w: Array, axes: tuple[int, ...], eps: Array) -> Array:
    """The largest |cos(g, w)| of all channels, ()."""
    lengths = jnp.maximum(_norm(g, axes) * _norm(w, axes), eps)
    return jnp.max(jnp.abs(tree.safe_divide(jnp.sum(g * w, axis=axes, keepdims=True), lengths)))


def _tangent(u: Array, w: Array, axes: tuple[int, ...], eps: Array) -> Array:
    unit = tree.safe_divide(w, _norm(w, axes) + eps)
    return u - unit * jnp.sum(unit * u, axis=axes, keepdims=True)


@builder
def adamp(
    learning_rate: Scalar,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    *,
    weight_decay: Scalar = 0.0,
    mask: Mask | None = None,
    delta: Scalar = 0.1,
    wd_ratio: Scalar = 0.1,
) -> Optimizer:
    """AdamP: Adam's step without its part along weights that look scale-invariant, and less decay for those.

    Args:
        learning_rate: η > 0, a number or a schedule.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.9.
        b2: In [0, 1), what the mean of their squares keeps at a step. Default: 0.999.
        eps: ≥ 0, added to the root and to the norms. Default: 1e-8.
        weight_decay: λ ≥ 0, decoupled and multiplied by the learning rate. Default: 0.0.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.
        delta: δ ≥ 0; a larger one takes more weights for scale-invariant. Default: 0.1.
        wd_ratio: In [0, 1], the share of λ that these have. Default: 0.1.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer, w = adamp(0.1), jnp.array([[3.0], [4.0]])
        >>> updates, _ = optimizer.update(jnp.array([[4.0], [-3.0]]), optimizer.init(w), w)
        >>> updates.ravel().round(3).tolist(), round(abs(float(jnp.sum(updates * w))), 6)  # along the sphere
        ([-0.112, 0.084], 0.0)
    """
    return chain(
        ScaleByAdam(b1, b2, eps),
        WithoutRadial(delta, wd_ratio, eps, weight_decay, mask=held(mask)),
        ScaleByLearningRate(learning_rate),
    )


@builder
def sgdp(
    learning_rate: Scalar,
    momentum: Scalar = 0.9,
    eps: Scalar = 1e-8,
    *,
    weight_decay: Scalar = 0.0,
    mask: Mask | None = None,
    delta: Scalar = 0.1,
    wd_ratio: Scalar = 0.1,
    nesterov: bool = False,
) -> Optimizer:
    """SGDP: momentum's step without its part along weights that look scale-invariant, and less decay for those.

    Args:
        learning_rate: η > 0, a number or a schedule.
        momentum: γ in [0, 1); the authors' code has 0. Default: 0.9.
        eps: ≥ 0, added to the norms. Default: 1e-8.
        weight_decay: λ ≥ 0, decoupled, divided by 1 − γ and multiplied by the learning rate. Default: 0.0.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.
        delta: δ ≥ 0; a larger one takes more weights for scale-invariant. Default: 0.1.
        wd_ratio: In [0, 1], the share of λ that these have. Default: 0.1.
        nesterov: Nesterov's shifted form of the momentum; structure. Default: False.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer, w = sgdp(0.1), jnp.array([[3.0], [4.0]])
        >>> updates, _ = optimizer.update(jnp.array([[4.0], [-3.0]]), optimizer.init(w), w)
        >>> updates.ravel().round(3).tolist()
        [-0.4, 0.3]
    """
    radial = WithoutRadial(delta, wd_ratio, eps, weight_decay, momentum, held(mask))
    return chain(Trace(momentum, nesterov), radial, ScaleByLearningRate(learning_rate))
