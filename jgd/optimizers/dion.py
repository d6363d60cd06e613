"""Dion: an orthogonal step of low rank, from one step of power iteration; what it leaves out stays in the momentum.

B = m + g
P = an orthonormal basis of the columns of Bᵀ Q       (out, r), by QR
R = B P                                               (in, r)
m ← B − (1 − μ) R Pᵀ                                  error feedback
Q ← R, each column divided by its norm + eps
θ ← θ − η (√(out / in) Q Pᵀ + weight_decay θ)

Source: Ahn et al. 2025, arXiv:2504.05295, algorithm 1, and the authors' code, whose defaults these are (r at most 768).
Weights are (in, out) here, (out, in) there. Q starts as random normal numbers. A column of R that is 0, as all are at a
zero gradient, moves nothing and leaves its column of Q as it was, which the code sets to 0. Derivatives hold P fixed.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks, seeds, tree
from jgd.core.masks import Mask
from jgd.core.optimizer import Optimizer
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.optimizers.beside_adamw import beside_adamw
from jgd.transforms.matrices import Matrices, axes_of, named_axes


@record
class DionState:
    """The momentum, shaped as the parameters, and what the next power iteration starts from."""

    momentum: Params  # m
    right: Params  # Q, (stack, in, r) for each leaf


@record
class ScaleByDion(Transform):
    """u = √(out / in) Q Pᵀ for each matrix; all leaves have two axes or more."""

    momentum: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper(">= 0")
    rank: int = static_field(default=768)
    seed: int = static_field(default=0)
    matrices: Matrices = static_field(default=())
    per_leaf = True

    def __post_init__(self) -> None:
        seeds.check(self.seed)

    def init(self, params: Params) -> DionState:
        zeros = tree.zeros_like(params)
        leaves, structure = jax.tree.flatten(zeros)
        stacks = [axis.stack(x) for axis, x in zip(axes_of(params, self.matrices), leaves, strict=True)]
        keys = jax.random.split(seeds.key(self.seed, seeds.Stream.NOISE), max(1, len(stacks)))
        ranks = [min(self.rank, *x.shape[1:]) for x in stacks]
        draw = lambda key, x, r: jax.random.normal(key, (*x.shape[:2], r), x.dtype)
        return DionState(zeros, structure.unflatten(map(draw, keys[: len(stacks)], stacks, ranks)))

    def update(self, updates: Params, state: DionState, context: Context) -> tuple[Params, DionState]:
        momentum, eps = context.at(self.momentum), context.at(self.eps)
        total = tree.add(state.momentum, updates)
        axes = axes_of(context.params, self.matrices)
        made, kept, rights = [], [], []
        for axis, x, old in zip(axes, jax.tree.leaves(total), jax.tree.leaves(state.right), strict=True):
            step, rest, right = _power_step(axis.stack(x), old, momentum, eps)
            rows, columns, _ = axis.sizes(x.shape)
            made.append(math.sqrt(columns / max(1, rows)) * axis.unstack(step, x.shape))
            kept.append(axis.unstack(rest, x.shape))
            rights.append(right)
        unflatten = jax.tree.structure(updates).unflatten
        return unflatten(made), DionState(unflatten(kept), unflatten(rights))


def _power_step(total: Array, right: Array, momentum: Array, eps: Array) -> tuple[Array, Array, Array]:
    """(Q Pᵀ, the momentum that stays, Q) of every B in a (stack, in, out)."""
    basis = jax.lax.stop_gradient(jnp.linalg.qr(jax.lax.stop_gradient(total.mT @ right))[0])
    found = total @ basis
    lengths = jax.vmap(jax.vmap(tree.norm, in_axes=1))(found)[:, None, :]
    unit = tree.safe_divide(found, lengths + eps)
    rest = total - (1 - momentum) * found @ basis.mT
    return unit @ basis.mT, rest, jnp.where(lengths > 0, unit, right)


@builder
def dion(
    learning_rate: Scalar,
    rank: int = 768,
    *,
    momentum: Scalar = 0.95,
    eps: Scalar = 1e-8,
    weight_decay: Scalar = 0.01,
    mask: Mask | None = None,
    seed: int = 0,
    adam: str | Sequence[str] = (),
    adam_learning_rate: Scalar | None = None,
    adam_b1: Scalar = 0.9,
    adam_b2: Scalar = 0.95,
    adam_eps: Scalar = 1e-8,
    adam_weight_decay: Scalar = 0.01,
    matrices: Mapping[str, Any] | None = None,
) -> Optimizer:
    """Dion: P, R from one power iteration on B = m + g, m ← B − (1 − μ) R Pᵀ, θ ← θ − η (√(out / in) Q Pᵀ + λ θ).

    Args:
        learning_rate: η > 0, a number or a schedule.
        rank: r ≥ 1, at most a matrix's shorter side; structure. Default: 768.
        momentum: μ in [0, 1), what the momentum keeps of the directions that were stepped along. Default: 0.95.
        eps: ≥ 0, added to the norms of R's columns. Default: 1e-8.
        weight_decay: λ ≥ 0, of the matrices, decoupled. Default: 0.01.
        mask: The leaves that decay, matrices and others: patterns of their paths, a tree of bools, or a predicate of
            the leaf; structure. None for all.
        seed: Of the numbers that Q starts with; structure. Default: 0.
        adam: Patterns of the paths of matrices that AdamW should have (embeddings and output heads); structure. Default:
            ().
        adam_learning_rate: > 0, of AdamW. None for learning_rate.
        adam_b1: As `adamw`'s b1. Default: 0.9.
        adam_b2: As `adamw`'s b2. Default: 0.95.
        adam_eps: As `adamw`'s eps. Default: 1e-8.
        adam_weight_decay: As `adamw`'s weight_decay. Default: 0.01.
        matrices: {pattern: (in_axes, out_axes)} for leaves that are laid out otherwise, see `muon`; structure.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer, grads = dion(0.1, weight_decay=0.0), {"w": jnp.array([[3.0, 0.0], [0.0, -2.0]])}
        >>> updates, _ = optimizer.update(grads, optimizer.init(grads), grads)
        >>> jnp.linalg.norm(updates["w"], axis=0).round(3).tolist()
        [0.1, 0.1]
    """
    axes, rank = named_axes(matrices), checks.count("rank", rank, 1)
    direction = (ScaleByDion(momentum, eps, rank, seed, axes),)
    return beside_adamw(
        direction,
        learning_rate,
        weight_decay,
        mask,
        axes,
        adam,
        adam_learning_rate,
        adam_b1=adam_b1,
        adam_b2=adam_b2,
        adam_eps=adam_eps,
        adam_weight_decay=adam_weight_decay,
    )
