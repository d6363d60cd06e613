"""SOAP: Adam in the eigenbasis of Shampoo's matrices, which turns slowly.

the first step only looks: L, R ← G Gᵀ, Gᵀ G (times 1 − b), Q ← their eigenvectors; θ stays. From then on
G' = Q_Lᵀ G Q_R                              the gradient in the basis
m ← b1 m + (1 − b1) G                        v ← b2 v + (1 − b2) G'²
u = Q_L (Q_Lᵀ m̂ Q_R / (√v̂ + eps)) Q_Rᵀ
θ ← θ − η (u + weight_decay θ)
L ← b L + (1 − b) G Gᵀ,  R ← b R + (1 − b) Gᵀ G
every k-th step: Q ← the Q of the QR decomposition of L Q, by falling eigenvalue; v follows its columns

Source: Vyas et al. 2024, arXiv:2409.11321, algorithms 3 and 4, and the authors' code, whose defaults these are (b = b2
there). As in the code, the first gradient makes the first basis and no step, so that no gradient is measured in a
basis of its own; bias corrections count the steps that were made; vectors and numbers have plain Adam, a step late as
the others. A tensor has a basis for each axis of at most `max_precond_dim`,
with `merge_dims` for each group of axes that makes at most as much; `vectors` is their precondition_1d. Where we differ:
the code adds eps before it
corrects the bias of v, which makes it eps / √(1 − b2ᵗ), and decays the weights after the step, not beside it. m is kept
unturned, which is the code's turning it back and forth. Derivatives hold the bases fixed. Neither torch nor optax has it.

The state stacks the leaves of a shape, so it doesn't keep their sharding.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree
from jgd.core.masks import Mask
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.optimizers.masked_decay import decaying, held
from jgd.transforms import Mean, ScaleByLearningRate
from jgd.transforms.blocks import merged
from jgd.transforms.kronecker import along, axes_with_matrix, gram, stacked, unstacked

Stacks = tuple[Array, ...]


@record
class SoapState:
    """For the leaves of each shape: m, v in the basis and, for each preconditioned axis, matrices (leaves, n, n)."""

    mean: Mean
    square: Mean
    grams: tuple[Stacks, ...]  # L and R
    bases: tuple[Stacks, ...]  # their eigenvectors, in columns


@record
class ScaleBySoap(Transform):
    """u = Q_L (Q_Lᵀ m̂ Q_R / (√v̂ + eps)) Q_Rᵀ, and the weights' decay; nothing at the first step."""

    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    shampoo_b: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper(">= 0")
    weight_decay: Scalar = hyper(">= 0")
    update_every: int = static_field(default=10)
    max_precond_dim: int = static_field(default=10_000)
    mask: Any = static_field(default=None)  # as `held` makes it
    vectors: bool = static_field(default=False)
    merge_dims: bool = static_field(default=False)
    per_leaf = True

    def _shaped(self, params: Params) -> Params:
        """What gets bases as matrices; a column has one of one entry, which changes nothing."""

        def shaped(p: Array) -> Array:
            if p.ndim < 2:
                return p.reshape(-1, 1) if self.vectors else p
            shape = merged(p.shape, self.max_precond_dim) if self.merge_dims else p.shape
            return p.reshape(shape if len(shape) > 1 else (-1, 1))

        return tree.map(shaped, params)

    def _axes(self, g: Array) -> list[int]:
        return axes_with_matrix(g, self.max_precond_dim) if g.ndim > 2 else []

    def init(self, params: Params) -> SoapState:
        stacks = stacked(self._shaped(params))
        like = lambda n, g: jnp.zeros((len(g), n, n), g.dtype)
        zeros = lambda: tuple(tuple(like(g.shape[1 + axis], g) for axis in self._axes(g)) for g in stacks)
        return SoapState(Mean.like(stacks), Mean.like(stacks), zeros(), zeros())

    def update(self, grads: Params, state: SoapState, context: Context) -> tuple[Params, SoapState]:
        shaped = self._shaped(grads)
        first, stacks = context.step == 0, stacked(shaped)
        axes = [self._axes(g) for g in stacks]
        turned = tuple(map(turn, state.bases, stacks, axes))
        moved = state.mean.absorb(context.at(self.b1), stacks)
        mean = tree.select(first, state.mean, moved)
        square = tree.select(first, state.square, state.square.absorb(context.at(self.b2), tree.square(turned)))

        made = self._directions(state.bases, mean, square, axes, context)
        grams = self._absorbed(state.grams, stacks, axes, context)
        decay = tree.scale(context.at(self.weight_decay), decaying(self.mask, context))
        steps = tree.map(lambda u, g: u.reshape(g.shape), unstacked(made, shaped), grads)
        updates = tree.add(steps, decay)
        updates = tree.select(first, tree.zeros_like(updates), updates)

        number = jnp.where(first, 0, jnp.where(context.step % self.update_every == 0, 1, 2))
        branches = (lambda g, q, v: (eigenvectors(g), v), self._refresh, lambda g, q, v: (q, v))
        constant = jax.lax.stop_gradient((grams, state.bases))
        bases, totals = jax.lax.switch(number, branches, *constant, square.total)
        return updates, SoapState(mean, Mean(totals, square.weight), grams, jax.lax.stop_gradient(bases))

    def _directions(
        self, bases: tuple[Stacks, ...], mean: Mean, square: Mean, axes: list[list[int]], context: Context
    ) -> tuple[Array, ...]:
        """Q_L (Q_Lᵀ m̂ Q_R / (√v̂ + eps)) Q_Rᵀ of each stack."""
        eps = context.at(self.eps)
        adam = lambda m, v: tree.safe_divide(m, tree.safe_sqrt(v) + eps)
        inner = map(turn, bases, mean.value(), axes)
        return tuple(map(turn_back, bases, map(adam, inner, square.value()), axes))

    def _absorbed(
        self, grams: tuple[Stacks, ...], stacks: tuple[Array, ...], axes: list[list[int]], context: Context
    ) -> tuple[Stacks, ...]:
        """L ← b L + (1 − b) G Gᵀ, R ← b R + (1 − b) Gᵀ G."""
        b = context.at(self.shampoo_b)
        return tuple(
            tuple(b * h + (1 - b) * gram(g, axis) for axis, h in zip(has, kept, strict=True))
            for g, has, kept in zip(stacks, axes, grams, strict=True)
        )

    def _refresh(self, grams: tuple[Stacks, ...], bases: tuple[Stacks, ...], squares: Stacks):
        """One power iteration and a QR decomposition; the squares are ordered as their columns."""
        out, ordered = [], []
        for kept, turned, v in zip(grams, bases, squares, strict=True):
            new = []
            for axis, h, q in zip(self._axes(v), kept, turned, strict=True):
                powered = h @ q
                order = jnp.argsort(-jnp.sum(q * powered, axis=1), axis=1)  # falling Rayleigh quotients
                new.append(jnp.linalg.qr(jnp.take_along_axis(powered, order[:, None, :], axis=2))[0])
                places = jnp.expand_dims(order, [a for a in range(1, v.ndim) if a != 1 + axis])
                v = jnp.take_along_axis(v, places, axis=1 + axis)
            out.append(tuple(new))
            ordered.append(v)
        return tuple(out), tuple(ordered)


def turn(bases: Stacks, x: Array, axes: list[int]) -> Array:
    """A stack in the basis: Q_Lᵀ x Q_R."""
    for axis, basis in zip(axes, bases, strict=True):
        x = along(basis.mT, x, axis)
    return x


def turn_back(bases: Stacks, x: Array, axes: list[int]) -> Array:
    """A stack out of the basis: Q_L x Q_Rᵀ."""
    for axis, basis in zip(axes, bases, strict=True):
        x = along(basis, x, axis)
    return x


def eigenvectors(grams: tuple[Stacks, ...]) -> tuple[Stacks, ...]:
    """In columns, by falling eigenvalue."""
    return jax.tree.map(lambda h: jnp.linalg.eigh(h)[1][:, :, ::-1], grams)


@builder
def soap(
    learning_rate: Scalar,
    b1: Scalar = 0.95,
    b2: Scalar = 0.95,
    eps: Scalar = 1e-8,
    *,
    shampoo_b: Scalar | None = None,
    weight_decay: Scalar = 0.01,
    mask: Mask | None = None,
    update_every: int = 10,
    max_precond_dim: int = 10_000,
    vectors: bool = False,
    merge_dims: bool = False,
) -> Optimizer:
    """SOAP: Adam on Q_Lᵀ G Q_R, where Q_L and Q_R are eigenvectors of the means of G Gᵀ and Gᵀ G; no step at first.

    Vectors and numbers have Adam, unless `vectors`.

    Args:
        learning_rate: η > 0, a number or a schedule.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.95.
        b2: In [0, 1), what the mean of their squares keeps at a step. Default: 0.95.
        eps: ≥ 0, added to the root. Default: 1e-8.
        shampoo_b: In [0, 1), what the means of G Gᵀ keep at a step. None for b2.
        weight_decay: λ ≥ 0, beside the gradient (decoupled) and multiplied by the learning rate. Default: 0.01.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.
        update_every: Steps from one refresh of the bases to the next, ≥ 1; structure. Default: 10.
        max_precond_dim: The longest axis that gets a basis, ≥ 1; structure. Default: 10_000.
        vectors: Whether vectors have a basis too; structure. Default: False.
        merge_dims: Whether neighboring axes are one where their product is at most `max_precond_dim`, so that a kernel
            has two bases and a small matrix one; structure. Default: False.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jax.numpy as jnp
        >>> optimizer, grads = soap(0.1, weight_decay=0.0), jnp.array([[3.0, 0.0], [0.0, -2.0]])
        >>> first, state = optimizer.update(grads, optimizer.init(grads), grads)
        >>> second, _ = optimizer.update(grads, state, grads)
        >>> bool(first.any()), jnp.diag(second).tolist()
        (False, [-0.1, 0.1])
    """
    period = checks.count("update_every", update_every, 1)
    longest = checks.count("max_precond_dim", max_precond_dim, 1)
    b = b2 if shampoo_b is None else shampoo_b
    return chain(
        ScaleBySoap(b1, b2, b, eps, weight_decay, period, longest, held(mask), vectors, merge_dims),
        ScaleByLearningRate(learning_rate),
    )
