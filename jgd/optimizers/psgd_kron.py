"""PSGD with Kronecker factors: a triangular matrix for each axis learns to whiten the momentum, by descent on its own.

m ← b1 m + (1 − b1) g,  M = m̂                          the momentum, its bias corrected
V random normal; A = Q_i M and B = Q_i^(−T) V along each axis i
Q_i ← Q_i − p / ‖A_i A_iᵀ + B_i B_iᵀ‖ · triu(A_i A_iᵀ − B_i B_iᵀ) Q_i      at steps that are due
U = Q_iᵀ Q_i M along each axis
θ ← θ − η (U · min(1, clip_threshold / RMS(U)) + weight_decay θ)

A_i: A with axis i in front, as a matrix. An axis of one entry or more than `max_size_triangular`, or of a tensor of fewer
axes than `min_ndim_triangular`, has a diagonal Q_i, with the largest entry for its norm. The norm of the others is Li's
lower bound ‖S x‖ / ‖x‖ with x = S s, s the longest row of S.

Source: Li 2018, arXiv:1512.04202, and Pooladzandi & Li 2024, arXiv:2402.04553, in the form of the authors' psgd_torch and
of its JAX and torch ports, kron, whose defaults these are. Where we differ: kron updates Q with a probability that falls
from 1 (500 steps) to 0.03; here it is due at every step before `dense_steps` and at every `update_every`-th
after, which compiles to a real branch. The Q_i of a tensor are given one largest entry at each update, not at 1 in 100:
it changes none of their products. A leaf whose momentum is still 0 keeps its Q, which would grow without bound. The
gradient meets the new Q, as in psgd_torch. Neither torch nor optax has it.

The state stacks the leaves of a shape, so it doesn't keep their sharding.
"""

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks, seeds, tree
from jgd.core.masks import Mask
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context
from jgd.core.types import Params, Scalar
from jgd.optimizers.masked_decay import decay
from jgd.optimizers.muon import MeanMomentum
from jgd.transforms import ClipByBlockRms, DrawsNoise, Noise, ScaleByLearningRate
from jgd.transforms.kronecker import along, gram, stacked, unstacked

Factors = tuple[Array, ...]  # for each axis (leaves, n, n), upper triangular, or (leaves, n), a diagonal


@record
class KronState:
    """The Kronecker factors of the preconditioners, and the key of the probes."""

    factors: tuple[Factors, ...]  # for the leaves of each shape
    noise: Noise


@record
class ScaleByKron(DrawsNoise):
    """u = Q_iᵀ Q_i M along each axis."""

    preconditioner_lr: Scalar = hyper("> 0")
    preconditioner_init_scale: Scalar = hyper("> 0", schedule=False)
    update_every: int = static_field(default=33)
    dense_steps: int = static_field(default=500)
    max_size_triangular: int = static_field(default=8192)
    min_ndim_triangular: int = static_field(default=2)
    seed: int = static_field(default=0)
    per_leaf = True

    def __post_init__(self) -> None:
        seeds.check(self.seed)

    def init(self, params: Params) -> KronState:
        return KronState(tuple(self._start(stack) for stack in stacked(params)), Noise.of(self.seed))

    def _start(self, stack: Array) -> Factors:
        count, *shape = stack.shape
        if stack.size == 0:
            return ()
        scale = jnp.asarray(self.preconditioner_init_scale).astype(stack.dtype) ** (1 / len(shape))
        few = len(shape) < self.min_ndim_triangular
        one = lambda n: jnp.ones(n, stack.dtype) if few or n == 1 or n > self.max_size_triangular else jnp.eye(n)
        return tuple(
            scale * jnp.broadcast_to(q, (count, *q.shape)) for q in (one(n).astype(stack.dtype) for n in shape)
        )

    def update(self, updates: Params, state: KronState, context: Context) -> tuple[Params, KronState]:
        rate, key = context.at(self.preconditioner_lr), state.noise.at(context.step)
        moments = stacked(updates)

        def improve() -> tuple[Factors, ...]:
            keys = [jax.random.fold_in(key, number) for number in range(len(moments))]
            noise = [jax.random.normal(k, m.shape, m.dtype) for k, m in zip(keys, moments, strict=True)]
            return tuple(improved(q, m, v, rate) for q, m, v in zip(state.factors, moments, noise, strict=True))

        due = (context.step < self.dense_steps) | (context.step % self.update_every == 0)
        factors = jax.lax.cond(due, improve, lambda: state.factors)
        made = []
        for qs, m in zip(factors, moments, strict=True):
            for axis, q in enumerate(qs):
                m = times(q.mT if q.ndim == 3 else q, times(q, m, axis), axis)
            made.append(m)
        return unstacked(made, updates), KronState(factors, state.noise)


def improved(factors: Factors, m: Array, v: Array, rate: Array) -> Factors:
    """One step of each Q_i towards Q_iᵀ Q_i that whitens m, in stacks."""
    factors = balanced(factors)
    a, b = m, v
    for axis, q in enumerate(factors):
        a, b = times(q, a, axis), times_inverse(q, b, axis)
    live = jnp.any(m != 0, axis=tuple(range(1, m.ndim)))
    out = []
    for axis, q in enumerate(factors):
        if q.ndim == 2:
            others = tuple(x for x in range(1, m.ndim) if x != 1 + axis)
            plus, minus = jnp.sum(a**2, others), jnp.sum(b**2, others)
            norm = jnp.max(plus + minus, axis=1)[:, None]
            new = q - rate * tree.safe_divide((plus - minus) * q, jnp.broadcast_to(norm, q.shape))
        else:
            plus, minus = gram(a, axis), gram(b, axis)
            norm = jax.vmap(norm_lower_bound)(plus + minus)[:, None, None]
            new = q - rate * tree.safe_divide(jnp.triu(plus - minus) @ q, jnp.broadcast_to(norm, q.shape))
        out.append(jnp.where(jnp.expand_dims(live, tuple(range(1, q.ndim))), new, q))
    return tuple(out)


def balanced(factors: Factors) -> Factors:
    """The factors with one largest entry, the geometric mean of theirs: their product is as it was."""
    largest = [jnp.max(jnp.abs(q), axis=tuple(range(1, q.ndim))) for q in factors]
    mean = jnp.exp(sum(jnp.log(x) for x in largest) / max(1, len(factors)))
    return tuple(jnp.expand_dims(mean / x, tuple(range(1, q.ndim))) * q for q, x in zip(factors, largest, strict=True))


def norm_lower_bound(s: Array) -> Array:
    """‖S x‖ / ‖x‖ ≤ ‖S‖₂ for x = S s, s the longest row of a symmetric (n, n)."""
    x = s @ s[jnp.argmax(jnp.sum((s / jnp.max(jnp.abs(s))) ** 2, axis=1))]
    return tree.safe_divide(tree.norm(s @ x), tree.norm(x))


def times(q: Array, x: Array, axis: int) -> Array:
    """Q along an axis of (leaves, …), of a diagonal or a matrix."""
    if q.ndim == 3:
        return along(q, x, axis)
    return x * jnp.expand_dims(q, tuple(a for a in range(1, x.ndim) if a != 1 + axis))


def times_inverse(q: Array, x: Array, axis: int) -> Array:
    """Q^(−T) along an axis of (leaves, …)."""
    if q.ndim == 2:
        return times(1 / q, x, axis)
    front = jnp.moveaxis(x, 1 + axis, 1)
    rows = front.reshape(*front.shape[:2], -1)
    solved = jax.lax.linalg.triangular_solve(q, rows, left_side=True, lower=False, transpose_a=True)
    return jnp.moveaxis(solved.reshape(front.shape), 1, 1 + axis)


@builder
def psgd_kron(
    learning_rate: Scalar,
    b1: Scalar = 0.9,
    *,
    weight_decay: Scalar = 0.0,
    mask: Mask | None = None,
    preconditioner_lr: Scalar = 0.1,
    preconditioner_init_scale: Scalar = 1.0,
    clip_threshold: Scalar | None = 1.1,
    update_every: int = 33,
    dense_steps: int = 500,
    max_size_triangular: int = 8192,
    min_ndim_triangular: int = 2,
    seed: int = 0,
) -> Optimizer:
    """PSGD-Kron: θ ← θ − η (U + weight_decay θ), U = Q_iᵀ Q_i M along each axis, clipped; Q learned from M and noise.

    Args:
        learning_rate: η > 0, a number or a schedule.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.9.
        weight_decay: λ ≥ 0, beside the gradient (decoupled) and multiplied by the learning rate. Default: 0.0.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.
        preconditioner_lr: p > 0, the rate at which Q learns. Default: 0.1.
        preconditioner_init_scale: > 0, Q's at the start, no schedule. Default: 1.0.
        clip_threshold: The largest root mean square of each leaf's U, > 0; None doesn't clip, and can then blow up where
            Q is adapted to a gradient that is gone. Default: 1.1.
        update_every: Q is updated at every step before dense_steps and at every so many, ≥ 1, after; structure.
            Default: 33.
        dense_steps: ≥ 0; structure. Default: 500.
        max_size_triangular: The longest axis with a matrix, ≥ 1; structure. Default: 8192.
        min_ndim_triangular: The fewest axes of a tensor with matrices, ≥ 0; structure. Default: 2.
        seed: Seed of the noise, a whole number; structure. `jgd.train` and `jgd.sweep` mix the run's own in. Default:
            0.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jax.numpy as jnp
        >>> optimizer, grads = psgd_kron(0.1), jnp.array([[3.0, 0.0], [0.0, -2.0]])
        >>> updates, _ = optimizer.update(grads, optimizer.init(grads), grads)
        >>> jnp.sign(jnp.diag(updates)).tolist()
        [-1.0, 1.0]
    """
    scale = ScaleByKron(
        preconditioner_lr,
        preconditioner_init_scale,
        checks.count("update_every", update_every, 1),
        checks.count("dense_steps", dense_steps),
        checks.count("max_size_triangular", max_size_triangular, 1),
        checks.count("min_ndim_triangular", min_ndim_triangular),
        seed,
    )
    with checks.renamed(momentum="b1"):
        mean = MeanMomentum(b1, bias_correction=True)
    with checks.renamed(threshold="clip_threshold"):
        clip = () if clip_threshold is None else (ClipByBlockRms(clip_threshold),)
    return chain(mean, scale, *clip, decay(weight_decay, mask), ScaleByLearningRate(learning_rate))
