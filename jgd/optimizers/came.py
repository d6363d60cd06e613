"""CAME: Adafactor with a momentum, whose entries count the less the more the updates differ from them.

v̂ = R C / mean(R),  R, C ← b2 · + (1 − b2) · row and column means of g² + eps         vectors: v̂ = v itself
u = g / √v̂,  u ← u / max(1, RMS(u) / clip_threshold)
m ← b1 m + (1 − b1) u
ŝ = the same from R', C' with b3 and (u − m)² + confidence_eps                          vectors: ŝ = 1
θ ← θ − η (m / √ŝ + weight_decay θ)

Source: Luo et al. 2023, arXiv:2307.02047, algorithm 2, and the authors' code, whose defaults these are. The rows and columns are
the last two axes of a leaf; means start at 0 and no bias is corrected. Neither torch nor optax has it.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import tree
from jgd.core.masks import Mask
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.optimizers.masked_decay import decay
from jgd.transforms import ScaleByLearningRate


@record
class RowsAndColumns:
    """Means of a matrix's rows (…, m) and columns (…, n); of a vector or number all entries, as rows."""

    rows: Array
    columns: Any

    @staticmethod
    def like(x: Array) -> "RowsAndColumns":
        """Both at 0, for a leaf of zeros like x."""
        if x.ndim < 2:
            return RowsAndColumns(x, None)
        return RowsAndColumns(jnp.zeros(x.shape[:-1], x.dtype), jnp.zeros((*x.shape[:-2], x.shape[-1]), x.dtype))

    def absorb(self, b: Array, x: Array) -> "RowsAndColumns":
        """R ← b R + (1 − b) · the means of x along its rows, C alike along its columns."""
        if self.columns is None:
            return RowsAndColumns(b * self.rows + (1 - b) * x, None)
        return RowsAndColumns(
            b * self.rows + (1 - b) * _mean(x, -1, False), b * self.columns + (1 - b) * _mean(x, -2, False)
        )

    def over_root(self, x: Array) -> Array:
        """x / √(R C / mean(R))."""
        if self.columns is None:
            return tree.safe_divide(x, tree.safe_sqrt(self.rows))
        share = tree.safe_divide(self.rows, _mean(self.rows, -1, True))
        by_row = tree.safe_divide(x, tree.safe_sqrt(share)[..., None])
        return tree.safe_divide(by_row, tree.safe_sqrt(self.columns)[..., None, :])


def _mean(x: Array, axis: int, keep: bool) -> Array:
    return jnp.sum(x, axis=axis, keepdims=keep) / max(1, x.shape[axis])


@record
class CameState:
    """The momentum, shaped as the parameters, and the factors of g² and of (u − m)², one pair a leaf."""

    momentum: Params
    squares: tuple[RowsAndColumns, ...]
    residuals: tuple[RowsAndColumns, ...]


@record
class ScaleByCame(Transform):
    """u = m / √ŝ."""

    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    b3: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper(">= 0")
    confidence_eps: Scalar = hyper(">= 0")
    clip_threshold: Scalar = hyper("> 0")
    per_leaf = True

    def init(self, params: Params) -> CameState:
        factors = lambda: tuple(RowsAndColumns.like(x) for x in jax.tree.leaves(tree.zeros_like(params)))
        return CameState(tree.zeros_like(params), factors(), factors())

    def update(self, grads: Params, state: CameState, context: Context) -> tuple[Params, CameState]:
        b1, b2, b3 = context.at(self.b1), context.at(self.b2), context.at(self.b3)
        eps, doubt, most = context.at(self.eps), context.at(self.confidence_eps), context.at(self.clip_threshold)
        leaves, structure = jax.tree.flatten(grads)
        squares = tuple(v.absorb(b2, g**2 + eps) for v, g in zip(state.squares, leaves, strict=True))
        scaled = [v.over_root(g) for v, g in zip(squares, leaves, strict=True)]
        rms = [tree.norm(u) / max(1, u.size) ** 0.5 for u in scaled]
        clipped = [u / jnp.maximum(1, r / most) for u, r in zip(scaled, rms, strict=True)]
        old = jax.tree.leaves(state.momentum)
        momentum = [b1 * m + (1 - b1) * u for m, u in zip(old, clipped, strict=True)]
        apart = [(u - m) ** 2 + doubt for u, m in zip(clipped, momentum, strict=True)]
        # a vector's momentum is taken whole, and its confidence is not kept
        residuals = tuple(s if x.ndim < 2 else s.absorb(b3, x) for s, x in zip(state.residuals, apart, strict=True))
        made = [m if m.ndim < 2 else s.over_root(m) for m, s in zip(momentum, residuals, strict=True)]
        return structure.unflatten(made), CameState(structure.unflatten(momentum), squares, residuals)


@builder
def came(
    learning_rate: Scalar,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    b3: Scalar = 0.9999,
    *,
    eps: Scalar = 1e-30,
    confidence_eps: Scalar = 1e-16,
    clip_threshold: Scalar = 1.0,
    weight_decay: Scalar = 0.0,
    mask: Mask | None = None,
) -> Optimizer:
    """CAME: u = g / √v̂, m ← b1 m + (1 − b1) u, θ ← θ − η (m / √ŝ + weight_decay θ), ŝ the mean of (u − m)² in factors.

    Args:
        learning_rate: η > 0, a number or a schedule; 2e-4 in the authors' trainings.
        b1: In [0, 1), what the momentum keeps at a step. Default: 0.9.
        b2: In [0, 1), what the means of g² keep. Default: 0.999.
        b3: In [0, 1), what the means of (u − m)² keep. Default: 0.9999.
        eps: ≥ 0, added to g². Default: 1e-30.
        confidence_eps: ≥ 0, added to (u − m)². Default: 1e-16.
        clip_threshold: > 0, the largest root mean square of a leaf's u. Default: 1.0.
        weight_decay: λ ≥ 0, beside the gradient (decoupled) and multiplied by the learning rate. Default: 0.0.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = came(0.1, b1=0.0)
        >>> updates, _ = optimizer.update(jnp.array([-4.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> updates.tolist()
        [0.1]
    """
    scale = ScaleByCame(b1, b2, b3, eps, confidence_eps, clip_threshold)
    return chain(scale, decay(weight_decay, mask), ScaleByLearningRate(learning_rate))
