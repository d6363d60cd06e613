"""KL-Shampoo: Shampoo's matrices as the Kronecker factors that are nearest to the gradients' covariance by KL divergence.

the first step only looks: S_L, S_R ← (1 − b2) times G Gᵀ / columns, Gᵀ G / rows, Q ← their eigenvectors, d ← init_value. Then
m ← b1 m + (1 − b1) G
u = Q_L (Q_Lᵀ m Q_R · s / (1 + eps s)) Q_Rᵀ,      s = 1 / √(d_L d_Rᵀ)
θ ← θ − η (u + weight_decay θ)
S_L ← b2 S_L + (1 − b2) G S_R⁻¹ Gᵀ / columns       with S_R⁻¹ = Q_R diag(1 / d_R) Q_Rᵀ, and S_R alike
d_L ← b2 d_L + (1 − b2) diag(Q_Lᵀ (G S_R⁻¹ Gᵀ / columns) Q_L), not below 1 / min(n, max_root)²
every k-th step: Q ← the Q of the QR decomposition of S Q

Source: Lin et al. 2025, arXiv:2509.03378, and the authors' code, whose defaults and bounds these are: the power −1/2 of each factor,
eigenvalues at every step from bases that turn every k-th, m uncorrected. n counts as 10 where it is less. As in the code,
the first gradient makes the first basis and no step. Where we differ: the decay is beside the step, where the code decays after it;
with three axes all d move together, where the code's see each other; an axis longer than `max_precond_dim` keeps Q = I. What
is no matrix, and what `adam` names, has Adam; the code leaves it to another optimizer. Derivatives hold the bases fixed. Neither torch
nor optax has it.

The state stacks the leaves of a shape, so it doesn't keep their sharding.
"""

import math
from collections.abc import Sequence

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
from jgd.optimizers.adam import ScaleByAdam
from jgd.optimizers.masked_decay import decay
from jgd.optimizers.soap import Stacks, eigenvectors, turn, turn_back
from jgd.transforms import Partition, ScaleByLearningRate
from jgd.transforms.kronecker import axes_with_matrix, gram, stacked, unstacked
from jgd.transforms.matrices import MatrixGroups

LEAST_ROOT = 10  # the authors': the bound of 1 / √d is never below it


@record
class KlShampooState:
    """For the leaves of each shape m, and for each axis d, (leaves, n), and where it has a basis S and Q, (leaves, n, n)."""

    mean: Stacks
    values: tuple[Stacks, ...]
    grams: tuple[Stacks, ...]
    bases: tuple[Stacks, ...]


@record
class ScaleByKlShampoo(Transform):
    """u = Q_L (Q_Lᵀ m Q_R · s / (1 + eps s)) Q_Rᵀ; nothing at the first step."""

    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper(">= 0")
    init_value: float = hyper("> 0", schedule=False)
    max_root: Scalar = hyper("> 0")
    update_every: int = static_field(default=10)
    max_precond_dim: int = static_field(default=10_000)
    per_leaf = True

    def _axes(self, g: Array) -> list[int]:
        return axes_with_matrix(g, self.max_precond_dim)

    def init(self, params: Params) -> KlShampooState:
        stacks = stacked(tree.zeros_like(params))
        full = lambda g, n: jnp.broadcast_to(jnp.asarray(self.init_value).astype(g.dtype), (len(g), n))
        values = tuple(tuple(full(g, n) for n in g.shape[1:]) for g in stacks)
        square = lambda g, n: jnp.zeros((len(g), n, n), g.dtype)
        zeros = lambda: tuple(tuple(square(g, g.shape[1 + axis]) for axis in self._axes(g)) for g in stacks)
        return KlShampooState(stacks, values, zeros(), zeros())

    def update(self, grads: Params, state: KlShampooState, context: Context) -> tuple[Params, KlShampooState]:
        first, stacks, b2 = context.step == 0, stacked(grads), context.at(self.b2)
        moved = tree.lerp(context.at(self.b1), state.mean, stacks)
        mean = tree.select(first, state.mean, moved)
        eps = context.at(self.eps)
        steps = [self._made(m, d, q, eps) for m, d, q in zip(mean, state.values, state.bases, strict=True)]

        both = [self._products(*each, first) for each in zip(stacks, state.values, state.bases, strict=True)]
        grams = tree.lerp(b2, state.grams, tuple(grams for grams, _ in both))
        seen = tree.lerp(b2, state.values, tuple(values for _, values in both))
        values = tree.select(first, state.values, tree.map(lambda d: self._bounded(d, context), seen))

        number = jnp.where(first, 0, jnp.where(context.step % self.update_every == 0, 1, 2))
        branches = (lambda h, q: eigenvectors(h), powered, lambda h, q: q)
        held = jax.lax.stop_gradient((grams, state.bases))
        bases = jax.lax.stop_gradient(jax.lax.switch(number, branches, *held))
        return unstacked(steps, grads), KlShampooState(mean, values, grams, bases)

    def _made(self, m: Array, values: Stacks, bases: Stacks, eps: Array) -> Array:
        """Q_L (Q_Lᵀ m Q_R · s / (1 + eps s)) Q_Rᵀ."""
        s = roots(values, m.ndim - 1)
        return turn_back(bases, turn(bases, m, self._axes(m)) * (s / (1 + eps * s)), self._axes(m))

    def _products(self, g: Array, values: Stacks, bases: Stacks, first: Array) -> tuple[Stacks, Stacks]:
        """G S_R⁻¹ Gᵀ / columns for each axis with a basis, and for every axis its diagonal in the basis; G Gᵀ at first."""
        has = self._axes(g)
        inner = turn(bases, g, has)
        grams, diagonals = [], []
        for axis in range(g.ndim - 1):
            others = math.prod(size for a, size in enumerate(g.shape[1:]) if a != axis)
            whitened = inner * roots(values, g.ndim - 1, without=axis)
            diagonals.append(jnp.mean(jnp.square(whitened), axis=[a for a in range(1, g.ndim) if a != 1 + axis]))
            if axis in has:
                basis = bases[has.index(axis)]
                turned = basis @ gram(whitened, axis) @ basis.mT
                grams.append(jnp.where(first, gram(g, axis), turned) / max(1, others))
        return tuple(grams), tuple(diagonals)

    def _bounded(self, d: Array, context: Context) -> Array:
        longest = jnp.minimum(d.shape[-1], context.at(self.max_root))
        return jnp.maximum(d, jnp.maximum(longest, LEAST_ROOT) ** -2.0)


def roots(values: Stacks, axes: int, without: int | None = None) -> Array:
    """The outer product of each axis' 1 / √d, (leaves, …)."""
    out = jnp.ones((1,) * (axes + 1), values[0].dtype)
    for axis, d in enumerate(values):
        if axis != without:
            out = out * jnp.expand_dims(1 / jnp.sqrt(d), [a for a in range(1, axes + 1) if a != 1 + axis])
    return out


def powered(grams: tuple[Stacks, ...], bases: tuple[Stacks, ...]) -> tuple[Stacks, ...]:
    """One power iteration and a QR decomposition."""
    return tree.map(lambda h, q: jnp.linalg.qr(h @ q)[0], grams, bases)


@builder
def kl_shampoo(
    learning_rate: Scalar,
    b1: Scalar = 0.9,
    b2: Scalar = 0.98,
    eps: Scalar = 1e-8,
    *,
    weight_decay: Scalar = 0.01,
    mask: Mask | None = None,
    update_every: int = 10,
    max_precond_dim: int = 10_000,
    init_value: float = 0.1,
    max_root: Scalar = 4000.0,
    adam: str | Sequence[str] = (),
) -> Optimizer:
    """KL-Shampoo: θ ← θ − η (S_L^(−1/2) m S_R^(−1/2) + weight_decay θ), S_L the mean of G S_R⁻¹ Gᵀ / columns; no step at first.

    Vectors and numbers have Adam.

    Args:
        learning_rate: η > 0, a number or a schedule.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.9.
        b2: In [0, 1), what S, d and Adam's mean of squares keep at a step. Default: 0.98.
        eps: ≥ 0, added to √(d_L d_Rᵀ), and to Adam's root. Default: 1e-8.
        weight_decay: λ ≥ 0, beside the gradient (decoupled) and multiplied by the learning rate. Default: 0.01.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.
        update_every: Steps from one refresh of the bases to the next, ≥ 1; structure. Default: 10.
        max_precond_dim: The longest axis that gets a basis, ≥ 1; structure. Default: 10_000.
        init_value: > 0, the eigenvalues at the start. Default: 0.1.
        max_root: > 0, the largest 1 / √d, where the axis is not shorter and which counts as 10 at least. Default: 4000.
        adam: Patterns of the paths of matrices that Adam should have; structure. Default: ().

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer, grads = kl_shampoo(0.1, b1=0.0, weight_decay=0.0), jnp.array([[3.0, 0.0], [0.0, -2.0]])
        >>> first, state = optimizer.update(grads, optimizer.init(grads), grads)
        >>> second, _ = optimizer.update(grads, state, grads)
        >>> bool(first.any()), jnp.diag(second).round(3).tolist()  # 0.1 G / √(0.1 · 0.1)
        (False, [-3.0, 2.0])
    """
    rule = MatrixGroups((listed("adam", adam),), vectors=1)
    period = checks.count("update_every", update_every, 1)
    longest = checks.count("max_precond_dim", max_precond_dim, 1)
    scale = ScaleByKlShampoo(b1, b2, eps, init_value, max_root, period, longest)
    both = Partition((), (scale, ScaleByAdam(b1, b2, eps)), rule)
    return chain(both, decay(weight_decay, mask), ScaleByLearningRate(learning_rate))
