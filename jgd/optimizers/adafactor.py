"""Adafactor: RMSProp whose squares are kept as a row and a column for each matrix, with steps relative to the weights.

ρ = min(η, 1/√t),  β = 1 − t^(−decay_rate)                     t counts from 1
R ← β R + (1 − β) mean over columns of (G² + eps)
C ← β C + (1 − β) mean over rows of (G² + eps)
V̂ = R Cᵀ / mean(R)                                             small leaves: V̂ ← β V̂ + (1 − β) (G² + eps)
U = G / √V̂,  Û = U / max(1, RMS(U) / d)
θ ← θ − ρ max(min_scale, RMS(θ)) Û − ρ λ θ

Source: Shazeer & Stern 2018, arXiv:1804.04235, algorithms 4 to 6, whose numbers are the defaults (d = 1, eps = ε₁,
min_scale = ε₂, η = 10⁻²). With momentum, m ← b1 m + (1 − b1) (the step) takes the step's place, as in algorithm 2.
Which form is which, where they differ:
factored: a leaf whose two largest axes have `min_dim_size_to_factor` entries or more is factored along these, all
others not, as in the authors' T5 code and optax; the paper, torch and fairseq factor every leaf of two axes or more
(`min_dim_size_to_factor=1`), torch and fairseq along the last two (`last_axes=True`).
ρ: the paper's and torch's; optax and T5 with a rate of its own have ρ = η (`relative_step=False`).
λ is not the paper's: as in AdamW it is multiplied by ρ. torch multiplies it by η, fairseq by ρ RMS(θ), optax by nothing.
torch has no eps beside G² but keeps V̂ ≥ (machine eps)², which differs only for vanishing gradients.
"""

from typing import Any

import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree
from jgd.core.masks import Mask
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context
from jgd.core.types import Params, Scalar
from jgd.optimizers.masked_decay import decaying, held
from jgd.transforms import LearningRateState, Mean, ReportsLearningRate
from jgd.transforms.trust_ratio import length


@record
class FactoredSquare:
    """The mean squares of a leaf along two of its axes: its shape without the column axis, and without the row axis."""

    rows: Array
    columns: Array


@record
class AdafactorState:
    """The factored squares, and the momentum where there is one."""

    squares: Mean  # of each leaf its factors, or V̂ itself
    momentum: Params | None
    rate: LearningRateState


@record
class DescendByAdafactor(ReportsLearningRate):
    """−ρ (max(min_scale, RMS(θ)) Û + λ θ). Its step needs both η and ‖θ‖, so it is the whole method in one transform."""

    learning_rate: Scalar = hyper("> 0")
    decay_rate: Scalar = hyper("> 0")
    eps: Scalar = hyper(">= 0")
    min_scale: Scalar = hyper(">= 0")
    weight_decay: Scalar = hyper(">= 0")
    clip_threshold: Scalar | None
    momentum: Scalar | None
    relative_step: bool = static_field()
    multiply_by_parameter_scale: bool = static_field()
    min_dim_size_to_factor: int = static_field()
    last_axes: bool = static_field()
    mask: Any = static_field(default=None)  # as `held` makes it
    per_leaf = True

    def __post_init__(self) -> None:
        checks.count("min_dim_size_to_factor", self.min_dim_size_to_factor, least=1)
        for name, rule in (("clip_threshold", "> 0"), ("momentum", "[0, 1)")):
            if getattr(self, name) is not None:
                checks.hyperparameter(name, getattr(self, name), rule)

    def _axes(self, shape: tuple[int, ...]) -> tuple[int, int] | None:
        """(row axis, column axis) of a leaf that is factored."""
        by_size = sorted(range(len(shape)), key=lambda axis: shape[axis])
        row, column = (range(len(shape)) if self.last_axes else by_size)[-2:] if len(shape) > 1 else (0, 0)
        return (
            (row, column) if row != column and min(shape[row], shape[column]) >= self.min_dim_size_to_factor else None
        )

    def init(self, params: Params) -> AdafactorState:
        def empty(zeros: Array) -> FactoredSquare | Array:
            axes = self._axes(zeros.shape)
            return zeros if axes is None else FactoredSquare(zeros.sum(axes[1]), zeros.sum(axes[0]))

        squares = Mean.like(params)
        mean = None if self.momentum is None else tree.zeros_like(params)
        return AdafactorState(
            Mean(tree.map(empty, squares.total), squares.weight), mean, LearningRateState.unused(params)
        )

    def update(self, grads: Params, state: AdafactorState, context: Context) -> tuple[Params, AdafactorState]:
        rate, eps, min_scale = context.at(self.learning_rate), context.at(self.eps), context.at(self.min_scale)
        t = context.step.astype(rate.dtype) + 1
        if self.relative_step:
            rate = jnp.minimum(rate, 1 / jnp.sqrt(t))
        b2 = 1 - t ** -context.at(self.decay_rate)
        threshold = None if self.clip_threshold is None else context.at(self.clip_threshold)

        def squared(g: Array) -> FactoredSquare | Array:
            axes, new = self._axes(g.shape), jnp.square(g) + eps
            return new if axes is None else FactoredSquare(new.mean(axes[1]), new.mean(axes[0]))

        def step(g: Array, squares: FactoredSquare | Array, w: Array) -> Array:
            if isinstance(squares, FactoredSquare):
                row, column = self._axes(g.shape) or (0, 0)
                rows = jnp.expand_dims(squares.rows, column)
                share = tree.safe_sqrt(
                    tree.safe_divide(rows, rows.mean(row, keepdims=True))
                )  # R Cᵀ itself would underflow
                u = tree.safe_divide(g, share * tree.safe_sqrt(jnp.expand_dims(squares.columns, row)))
            else:
                u = tree.safe_divide(g, tree.safe_sqrt(squares))
            if threshold is not None:
                u = u / jnp.maximum(1, rms(u) / threshold)
            return u * rate * (jnp.maximum(min_scale, rms(w)) if self.multiply_by_parameter_scale else 1)

        squares = state.squares.absorb(b2, tree.map(squared, grads))
        steps, mean = tree.map(step, grads, squares.value(), context.params), state.momentum
        if self.momentum is not None:
            steps = mean = tree.lerp(context.at(self.momentum), mean, steps)
        shrink = rate * context.at(self.weight_decay)
        updates = tree.map(lambda s, w: -s - shrink * w, steps, decaying(self.mask, context))
        return updates, AdafactorState(squares, mean, LearningRateState(rate))


def rms(leaf: Array) -> Array:
    """The root mean square of one leaf; 0 of an empty one."""
    return length(leaf) / max(leaf.size, 1) ** 0.5


@builder
def adafactor(
    learning_rate: Scalar = 0.01,
    *,
    min_dim_size_to_factor: int = 128,
    decay_rate: Scalar = 0.8,
    multiply_by_parameter_scale: bool = True,
    clip_threshold: Scalar | None = 1.0,
    momentum: Scalar | None = None,
    weight_decay: Scalar = 0.0,
    mask: Mask | None = None,
    eps: Scalar = 1e-30,
    min_scale: Scalar = 1e-3,
    relative_step: bool = True,
    last_axes: bool = False,
) -> Optimizer:
    """Adafactor: θ ← θ − ρ max(min_scale, RMS(θ)) Û − ρ λ θ, ρ = min(η, 1/√t).

    State of an (n, m) leaf: n + m numbers.

    Args:
        learning_rate: η > 0, a number or a schedule. Default: 0.01.
        min_dim_size_to_factor: A leaf is factored where its two largest axes have as many entries, ≥ 1; structure.
            Default: 128.
        decay_rate: > 0, the exponent of β = 1 − t^(−decay_rate). Default: 0.8.
        multiply_by_parameter_scale: Whether steps are relative to RMS(θ); structure. Default: True.
        clip_threshold: d > 0, or None for no clipping. Default: 1.0.
        momentum: In [0, 1), or None for none.
        weight_decay: λ ≥ 0, multiplied by ρ. Default: 0.0.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.
        eps: ≥ 0, added to G². Default: 1e-30.
        min_scale: ≥ 0, the least RMS(θ) that steps are relative to. Default: 1e-3.
        relative_step: Whether ρ = min(η, 1/√t), else ρ = η; structure. Default: True.
        last_axes: Whether the last two axes are factored instead of the largest two; structure. Default: False.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer, params = adafactor(min_dim_size_to_factor=1), 2 * jnp.ones((2, 2))
        >>> updates, _ = optimizer.update(jnp.array([[1.0, 2.0], [3.0, 6.0]]), optimizer.init(params), params)
        >>> updates.round(6).tolist()
        [[-0.02, -0.02], [-0.02, -0.02]]
    """
    transform = DescendByAdafactor(
        learning_rate, decay_rate, eps, min_scale, weight_decay, clip_threshold, momentum,
        relative_step, multiply_by_parameter_scale, min_dim_size_to_factor, last_axes, held(mask),
    )  # fmt: skip
    return chain(transform)
