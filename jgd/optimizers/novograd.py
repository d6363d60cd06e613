"""NovoGrad: Adam with one second moment for each leaf, and momentum on the normalized gradient.

v ← b2 v + (1 − b2) ‖g‖²      one number for each leaf; v ← ‖g‖² where v = 0
m ← b1 m + g / (√v + eps) + λ θ
θ ← θ − η m

Source: Ginsburg et al. 2019, arXiv:1905.11286, algorithm 1; b1 = 0.95 and b2 = 0.98 as in its experiments and its
authors' code (optax: 0.9 and 0.25, eps 10⁻⁶). The paper and optax take v = ‖g‖² at the first step; here, as in the
authors' code, at each leaf's first gradient that isn't 0, which behind a layer of zeros comes later and would else be
divided by √(1 − b2) ‖g‖ only. m is a sum, not a mean: η is worth 1 / (1 − b1) of another method's.
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
from jgd.optimizers.masked_decay import decaying, held
from jgd.transforms import ScaleByLearningRate


@record
class NovogradState:
    """The momentum, shaped as the parameters, and one second moment a leaf."""

    momentum: Params  # m
    square: Params  # v, () for each leaf


@record
class ScaleByNovograd(Transform):
    """u = m ← b1 m + g / (√v + eps) + λ θ."""

    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper(">= 0")
    weight_decay: Scalar = hyper(">= 0")
    mask: Any = static_field(default=None)  # as `held` makes it
    per_leaf = True

    def init(self, params: Params) -> NovogradState:
        zeros = tree.zeros_like(params)
        return NovogradState(zeros, tree.map(jnp.sum, zeros))

    def update(self, grads: Params, state: NovogradState, context: Context) -> tuple[Params, NovogradState]:
        b1, b2, eps = context.at(self.b1), context.at(self.b2), context.at(self.eps)
        decay = context.at(self.weight_decay)

        def absorbed(v: Array, g: Array) -> Array:
            size = jnp.sum(jnp.square(g))
            return jnp.where(v == 0, size, b2 * v + (1 - b2) * size)

        square = tree.map(absorbed, state.square, grads)
        scaled = tree.map(lambda g, v: tree.safe_divide(g, tree.safe_sqrt(v) + eps), grads, square)
        momentum = tree.map(
            lambda m, u, w: b1 * m + u + decay * w, state.momentum, scaled, decaying(self.mask, context)
        )
        return momentum, NovogradState(momentum, square)


@builder
def novograd(
    learning_rate: Scalar,
    b1: Scalar = 0.95,
    b2: Scalar = 0.98,
    eps: Scalar = 1e-8,
    *,
    weight_decay: Scalar = 0.0,
    mask: Mask | None = None,
) -> Optimizer:
    """NovoGrad: v ← b2 v + (1 − b2) ‖g‖², m ← b1 m + g / (√v + eps) + λ θ, θ ← θ − η m for each leaf.

    Args:
        learning_rate: η > 0, a number or a schedule.
        b1: In [0, 1), what m keeps at a step. Default: 0.95.
        b2: In [0, 1), what a leaf's mean square keeps at a step. Default: 0.98.
        eps: ≥ 0, added to the root. Default: 1e-8.
        weight_decay: λ ≥ 0, inside m. Default: 0.0.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = novograd(0.1)
        >>> updates, _ = optimizer.update(jnp.array([3.0, 4.0]), optimizer.init(jnp.ones(2)), jnp.ones(2))
        >>> updates.tolist()
        [-0.06, -0.08]
    """
    return chain(ScaleByNovograd(b1, b2, eps, weight_decay, held(mask)), ScaleByLearningRate(learning_rate))
