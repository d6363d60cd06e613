"""Fira: GaLore's step, and what the projection leaves out of the gradient beside it, scaled as Adam scales the rest.

every k-th step: P ← the first r singular vectors of G's shorter side
R = Pᵀ G
m ← b1 m + (1 − b1) R,  v ← b2 v + (1 − b2) R²
ψ = m / (√v + eps)
S = (G − α P R) · ‖ψ‖ / (‖R‖ + 1e-8)         norms of each channel, an entry of the longer side
S ← S / max(1, ‖S‖ / (growth · ‖S before‖))
u = √(1 − b2ᵗ) / (1 − b1ᵗ) · (α P ψ + S)
θ ← θ − η (u + weight_decay θ)

Source: Chen et al. 2024, arXiv:2410.01623, algorithm 1, and the authors' code, which takes α P R from the gradient where the paper
has α = 1, and measures the growth before the bias is corrected, as here. r = 128, k = 200 and α = 0.25 are those of their
pre-training. What is no matrix has Adam, with eps beside the corrected root, as do matrices named by `adam` (embeddings, heads).
The decay is beside the step; the code decays after it. Of the two signs of a singular vector here is the one that turns it least.
Derivatives hold P fixed. Neither torch nor optax has it.
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
from jgd.optimizers.adam import AdamState, ScaleByAdam
from jgd.optimizers.low_rank import by_adam, limited, norm_ratio, stacks_of, tree_of, turned_least
from jgd.optimizers.masked_decay import decay
from jgd.transforms import Partition, ScaleByLearningRate
from jgd.transforms.matrices import Matrices, MatrixGroups, each_shape, named_axes


@record
class FiraState:
    """For each leaf P, (stack, short side, r), the moments of R, (stack, r, long side), and how long the last S was, (stack,)."""

    bases: tuple[Array, ...]
    moments: AdamState
    lengths: tuple[Array, ...]


@record
class ScaleByFira(Transform):
    """u = Adam's correction · (α P ψ + the limited (G − α P R) ‖ψ‖ / ‖R‖); all leaves have two axes or more."""

    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper(">= 0")
    alpha: Scalar = hyper("> 0")
    growth: Scalar | None
    rank: int = static_field(default=128)
    update_every: int = static_field(default=200)
    matrices: Matrices = static_field(default=())
    per_leaf = True

    def __post_init__(self) -> None:
        if self.growth is not None:
            checks.hyperparameter("growth", self.growth, "[1, inf)")

    def init(self, params: Params) -> FiraState:
        stacks = stacks_of(tree.zeros_like(params), self.matrices)
        low = tuple(g[:, : self.rank] for g in stacks)  # zeros in the shape of R
        bases = tuple(jnp.zeros((*g.shape[:2], min(self.rank, g.shape[1])), g.dtype) for g in stacks)
        return FiraState(bases, AdamState.like(low), tuple(jnp.zeros(len(g), g.dtype) for g in stacks))

    def _bases(self, old: tuple[Array, ...], stacks: list[Array]) -> tuple[Array, ...]:
        found = each_shape(lambda g: jnp.linalg.svd(g, full_matrices=False)[0][..., : self.rank], stacks)
        return tuple(map(turned_least, old, found))

    def update(self, grads: Params, state: FiraState, context: Context) -> tuple[Params, FiraState]:
        stacks = stacks_of(grads, self.matrices)
        renew = lambda old: self._bases(old, jax.lax.stop_gradient(stacks))
        due = context.step % self.update_every == 0
        bases = jax.lax.cond(due, renew, lambda old: old, jax.lax.stop_gradient(state.bases))
        low = tuple(p.mT @ g for p, g in zip(bases, stacks, strict=True))
        moments = state.moments.absorb(context.at(self.b1), context.at(self.b2), low)
        within, correction = by_adam(moments, context.at(self.eps))
        alpha, growth = context.at(self.alpha), None if self.growth is None else context.at(self.growth)

        steps, lengths = [], []
        for g, p, r, psi, before in zip(stacks, bases, low, within, state.lengths, strict=True):
            rest, length = limited((g - alpha * p @ r) * norm_ratio(psi, r, (-2,)), before, growth)
            steps.append(correction * (alpha * p @ psi + rest))
            lengths.append(length)
        return tree_of(steps, grads, self.matrices), FiraState(bases, moments, tuple(lengths))


@builder
def fira(
    learning_rate: Scalar,
    rank: int = 128,
    *,
    update_every: int = 200,
    alpha: Scalar = 0.25,
    growth: Scalar | None = 1.01,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-6,
    weight_decay: Scalar = 0.0,
    mask: Mask | None = None,
    adam: str | Sequence[str] = (),
    matrices: Mapping[str, Any] | None = None,
) -> Optimizer:
    """Fira: θ ← θ − η (α P ψ + (G − α P R) ‖ψ‖ / ‖R‖ + weight_decay θ), ψ Adam's direction for R = Pᵀ G.

    Args:
        learning_rate: η > 0, a number or a schedule; 0.01 in the authors' trainings.
        rank: r ≥ 1, at most a matrix's shorter side; structure. Default: 128.
        update_every: Steps from one P to the next, ≥ 1; structure. Default: 200.
        alpha: α > 0, of what lies in the low rank. Default: 0.25.
        growth: ≥ 1, by how much S may be longer than the one before. None for no limit. Default: 1.01.
        b1: In [0, 1), what the mean of the R keeps at a step. Default: 0.9.
        b2: In [0, 1), what the mean of their squares keeps at a step. Default: 0.999.
        eps: ≥ 0, added to the root. Default: 1e-6.
        weight_decay: λ ≥ 0, beside the gradient (decoupled) and multiplied by the learning rate. Default: 0.0.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.
        adam: Patterns of the paths of matrices that plain Adam should have; structure. Default: ().
        matrices: {pattern: (in_axes, out_axes)} for leaves that are laid out otherwise, see `muon`; structure.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer, grads = fira(0.1, rank=1, alpha=1.0), jnp.array([[3.0, 0.0], [0.0, -2.0]])
        >>> updates, _ = optimizer.update(grads, optimizer.init(grads), grads)
        >>> jnp.diag(updates).round(3).tolist()  # the second output has no part in the low rank: Adam scales it by 0
        [-0.1, 0.0]
    """
    axes = named_axes(matrices)
    rule = MatrixGroups((listed("adam", adam),), vectors=1, axes=axes)
    rank, gap = checks.count("rank", rank, 1), checks.count("update_every", update_every, 1)
    both = Partition((), (ScaleByFira(b1, b2, eps, alpha, growth, rank, gap, axes), ScaleByAdam(b1, b2, eps)), rule)
    return chain(both, decay(weight_decay, mask), ScaleByLearningRate(learning_rate))
