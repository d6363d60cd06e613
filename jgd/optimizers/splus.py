"""SPlus: the sign of the mean gradient in the eigenbasis of Shampoo's matrices, scaled by the matrix's shape.

m ← b1 m + (1 − b1) G
u = 2 / (rows + columns) · (Q_L sign(Q_Lᵀ m Q_R) Q_Rᵀ + weight_decay θ)
θ ← θ − η u,  a ← ema_rate a + (1 − ema_rate) θ          a / (its weight) is what is evaluated
L ← b2 L + (1 − b2) G Gᵀ,  R ← b2 R + (1 − b2) Gᵀ G
after the first step, and every k-th: Q_L, Q_R ← the eigenvectors of L and R

Source: Frans, Levine & Abbeel 2025, arXiv:2506.07254, algorithm 1, and the authors' code, whose defaults these are: Q = I at the
first step, and a step's bases are those of the steps before it. What is no matrix has sign(m) · `other_scale`, as do matrices named by
`plain` (embeddings; the code finds "embed" and "layernorm" in names). A side longer than `max_precond_dim` has Q = I, and its
matrix `other_scale` too. The decay is beside the step, as in the code for JAX; that for torch decays after it. The average is
of the weights after a step, as in the code for torch. We count kernels and stacks as matrices as `muon` does; the code takes two
axes only. Derivatives hold the bases fixed. Rates are not Adam's: start from 0.1. Neither torch nor optax has it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree
from jgd.core.masks import Mask
from jgd.core.optimizer import Optimizer, chain
from jgd.core.paths import listed
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.optimizers.lion import ScaleByLion
from jgd.optimizers.masked_decay import decay
from jgd.transforms import EmaOfParams, Partition, Scale, ScaleByLearningRate
from jgd.transforms.kronecker import along, axes_with_matrix, gram
from jgd.transforms.matrices import Matrices, MatrixGroups, axes_of, each_shape, named_axes

Sides = tuple[Array | None, Array | None]  # of rows and of columns, (stack, n, n)


@record
class SplusState:
    """m, (stack, rows, columns) for each leaf, and for its sides the means of the products and their eigenvectors."""

    mean: tuple[Array, ...]
    grams: tuple[Sides, ...]
    bases: tuple[Sides, ...]


@record
class ScaleBySplus(Transform):
    """u = Q_L sign(Q_Lᵀ m Q_R) Q_Rᵀ; all leaves have two axes or more."""

    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    update_every: int = static_field(default=100)
    max_precond_dim: int = static_field(default=10_000)
    matrices: Matrices = static_field(default=())
    per_leaf = True

    def _stacks(self, params: Params) -> tuple[Array, ...]:
        pairs = zip(axes_of(params, self.matrices), jax.tree.leaves(params), strict=True)
        return tuple(axes.stack(leaf) for axes, leaf in pairs)

    def _sides(self, made: Any, g: Array) -> Sides:
        has = axes_with_matrix(g, self.max_precond_dim)
        rows, columns = (made(g, a) if a in has else None for a in (0, 1))
        return rows, columns

    def init(self, params: Params) -> SplusState:
        stacks = self._stacks(tree.zeros_like(params))
        zeros = lambda g, a: jnp.zeros((len(g), g.shape[1 + a], g.shape[1 + a]), g.dtype)
        eyes = lambda g, a: zeros(g, a) + jnp.eye(g.shape[1 + a], dtype=g.dtype)[None]
        each = lambda made: tuple(self._sides(made, g) for g in stacks)
        return SplusState(stacks, each(zeros), each(eyes))

    def update(self, grads: Params, state: SplusState, context: Context) -> tuple[Params, SplusState]:
        stacks = self._stacks(grads)
        mean = tree.lerp(context.at(self.b1), state.mean, stacks)
        made = (turned(jnp.sign(turned(m, q, True)), q, False) for m, q in zip(mean, state.bases, strict=True))
        grams = tree.lerp(context.at(self.b2), state.grams, tuple(self._sides(gram, g) for g in stacks))
        due = (context.step == 0) | ((context.step + 1) % self.update_every == 0)
        held = jax.lax.stop_gradient((grams, state.bases))
        bases = jax.lax.cond(due, lambda h, q: eigenbases(h), lambda h, q: q, *held)

        leaves, structure = jax.tree.flatten(grads)
        each = zip(axes_of(grads, self.matrices), made, leaves, strict=True)
        return structure.unflatten([a.unstack(u, leaf.shape) for a, u, leaf in each]), SplusState(mean, grams, bases)


@record
class ScaleByShape(Transform):
    """u ← 2 / (rows + columns) · u, other_scale · u where a side is longer than max_precond_dim."""

    other_scale: Scalar = hyper("> 0")
    max_precond_dim: int = static_field(default=10_000)
    matrices: Matrices = static_field(default=())
    per_leaf = True

    def update(self, updates: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        other = context.at(self.other_scale)
        sizes = iter([axes.sizes(leaf.shape)[:2] for axes, leaf in self._leaves(updates)])

        def scaled(u: Array) -> Array:
            sides = next(sizes)
            return u * (other if max(sides) > self.max_precond_dim else 2 / max(1, sum(sides)))

        return tree.map(scaled, updates), state

    def _leaves(self, updates: Params) -> list[Any]:
        return list(zip(axes_of(updates, self.matrices), jax.tree.leaves(updates), strict=True))


def turned(stack: Array, bases: Sides, inwards: bool) -> Array:
    """Q_Lᵀ x Q_R of each matrix inwards, Q_L x Q_Rᵀ outwards."""
    for axis, basis in enumerate(bases):
        if basis is not None:
            stack = along(basis.mT if inwards else basis, stack, axis)
    return stack


def eigenbases(grams: tuple[Sides, ...]) -> tuple[Sides, ...]:
    """Eigenvectors in columns, one decomposition for all matrices of a size."""
    leaves, structure = jax.tree.flatten(grams)
    return structure.unflatten(each_shape(lambda h: jnp.linalg.eigh(h)[1], leaves))


@builder
def splus(
    learning_rate: Scalar,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    *,
    ema_rate: Scalar = 0.999,
    weight_decay: Scalar = 0.01,
    mask: Mask | None = None,
    update_every: int = 100,
    max_precond_dim: int = 10_000,
    other_scale: Scalar = 0.001,
    plain: str | Sequence[str] = (),
    matrices: Mapping[str, Any] | None = None,
) -> Optimizer:
    """SPlus: θ ← θ − η · 2 / (rows + columns) · (Q_L sign(Q_Lᵀ m Q_R) Q_Rᵀ + weight_decay θ); θ's average is evaluated.

    Args:
        learning_rate: η > 0, a number or a schedule; the authors take 0.1 to 0.2.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.9.
        b2: In [0, 1), what the means of G Gᵀ and Gᵀ G keep at a step. Default: 0.999.
        ema_rate: In [0, 1), what the average of the weights keeps at a step. Default: 0.999.
        weight_decay: λ ≥ 0, beside the gradient (decoupled) and multiplied by the rate of its matrix. Default: 0.01.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.
        update_every: Steps from one refresh of the bases to the next, ≥ 1; structure. Default: 100.
        max_precond_dim: The longest side that gets a basis, ≥ 1; structure. Default: 10_000.
        other_scale: > 0, in place of 2 / (rows + columns) for what is no matrix. Default: 0.001.
        plain: Patterns of the paths of matrices that count as none (embeddings); structure. Default: ().
        matrices: {pattern: (in_axes, out_axes)} for leaves that are laid out otherwise, see `muon`; structure.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer, grads = splus(0.1, weight_decay=0.0), jnp.array([[3.0, 0.0], [0.0, -2.0]])
        >>> updates, _ = optimizer.update(grads, optimizer.init(grads), grads)
        >>> jnp.diag(updates).round(3).tolist()
        [-0.05, 0.05]
    """
    axes = named_axes(matrices)
    rule = MatrixGroups((listed("plain", plain),), vectors=1, axes=axes)
    period = checks.count("update_every", update_every, 1)
    longest = checks.count("max_precond_dim", max_precond_dim, 1)
    direction = Partition((), (ScaleBySplus(b1, b2, period, longest, axes), ScaleByLion(b1, b1)), rule)
    with checks.renamed(decay="ema_rate", factor="other_scale"):
        average, other = EmaOfParams(ema_rate), Scale(other_scale)
    size = Partition((), (ScaleByShape(other_scale, longest, axes), other), rule)
    return chain(direction, decay(weight_decay, mask), size, ScaleByLearningRate(learning_rate), average)
