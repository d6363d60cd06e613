"""GaLore: Adam on a gradient of low rank, projected on its own largest singular directions.

every k-th step: P ← the first r singular vectors of G, U for a wide matrix, V for the others
R = Pᵀ G, or G P                             r rows, or r columns, whose moments are all that Adam keeps
u = α P Adam(R), or α Adam(R) Pᵀ
θ ← θ − η (u + weight_decay θ)

Source: Zhao et al. 2024, arXiv:2403.03507, algorithm 2, and the authors' code; r = 128, k = 200, α = 0.25 are theirs. What
is no matrix has Adam without α, as do matrices named by `adam` (embeddings, heads). Adam's moments are kept when P
changes, unturned, as in the paper; a singular vector's sign is arbitrary, and here it is the one that turns it least
from the vector in its place before. The authors' Adam adds eps before it corrects the bias. optax, whose α is 1, projects the
longer side (`side="long"`): smaller moments and a larger P. Derivatives hold P fixed.

The state stacks the leaves of a shape, so it doesn't keep their sharding.
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
from jgd.optimizers.adam import ScaleByAdam
from jgd.optimizers.low_rank import turned_least
from jgd.optimizers.masked_decay import decay
from jgd.transforms import Partition, ScaleByLearningRate, Wrapper
from jgd.transforms.kronecker import stacked, unstacked
from jgd.transforms.matrices import Matrices, MatrixGroups, axes_of, named_axes


@record
class InLowRankState:
    """The bases of the projections, and the state of the transform inside."""

    bases: tuple[Array, ...]  # P, for the leaves of each shape: (leaves, stack, n, r)
    inner: Any  # what the transform inside remembers, of the R


@record
class InLowRank(Wrapper):
    """The transform inside on R = Pᵀ G (G P), its updates back as scale · P R (R Pᵀ); all leaves have two axes or more."""

    transform: Transform
    scale: Scalar = hyper("> 0")
    rank: int = static_field(default=128)
    update_every: int = static_field(default=200)
    side: str = static_field(default="short")
    matrices: Matrices = static_field(default=())

    def __post_init__(self) -> None:
        self._accept()

    @property
    def per_leaf(self) -> bool:
        return True

    def _stacks(self, params: Params) -> tuple[list[Array], tuple[Array, ...]]:
        """Each leaf as (stack, m, n), and those of each shape as (leaves, stack, m, n)."""
        pairs = zip(axes_of(params, self.matrices), jax.tree.leaves(params), strict=True)
        each = [axes.stack(leaf) for axes, leaf in pairs]
        return each, stacked(each)

    def _left(self, g: Array) -> bool:
        m, n = g.shape[-2:]
        return m < n if self.side == "short" else m >= n

    def init(self, params: Params) -> InLowRankState:
        _, stacks = self._stacks(params)
        bases = []
        for g in stacks:
            m, n = g.shape[-2:]
            bases.append(jnp.zeros((*g.shape[:-2], m if self._left(g) else n, min(self.rank, m, n)), g.dtype))
        return InLowRankState(tuple(bases), self.transform.init(tuple(map(self._project, bases, stacks))))

    def _project(self, p: Array, g: Array) -> Array:
        return p.mT @ g if self._left(g) else g @ p

    def _refreshed(self, p: Array, g: Array) -> Array:
        u, _, vt = jnp.linalg.svd(g, full_matrices=False)
        new = (u if self._left(g) else vt.mT)[..., : p.shape[-1]]
        return turned_least(p, new)

    def eval_params(self, params: Params, state: InLowRankState) -> Params:
        return params

    def update(self, updates: Params, state: InLowRankState, context: Context) -> tuple[Params, InLowRankState]:
        each, stacks = self._stacks(updates)
        renew = lambda old: tuple(map(self._refreshed, old, jax.lax.stop_gradient(stacks)))
        bases = jax.lax.stop_gradient(state.bases)
        bases = jax.lax.cond(context.step % self.update_every == 0, renew, lambda old: old, bases)
        low = tuple(map(self._project, bases, stacks))
        standing = tuple(map(self._project, bases, self._stacks(context.params)[1]))
        low, inner = self.transform.update(low, state.inner, context.among(params=standing, grads=low, loss=None))
        back = (p @ r if self._left(g) else r @ p.mT for p, r, g in zip(bases, low, stacks, strict=True))
        leaves, structure = jax.tree.flatten(updates)
        triples = zip(axes_of(updates, self.matrices), unstacked(tuple(back), each), leaves, strict=True)
        made = structure.unflatten([axes.unstack(x, leaf.shape) for axes, x, leaf in triples])
        return tree.scale(context.at(self.scale), made), InLowRankState(bases, inner)


@builder
def galore(
    learning_rate: Scalar,
    rank: int = 128,
    *,
    update_every: int = 200,
    scale: Scalar = 0.25,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    weight_decay: Scalar = 0.0,
    mask: Mask | None = None,
    side: str = "short",
    adam: str | Sequence[str] = (),
    matrices: Mapping[str, Any] | None = None,
) -> Optimizer:
    """GaLore: θ ← θ − η (α P Adam(Pᵀ G) + weight_decay θ), P the gradient's first singular vectors.

    Args:
        learning_rate: η > 0, a number or a schedule.
        rank: r ≥ 1, at most a matrix's shorter side; structure. Default: 128.
        update_every: Steps from one P to the next, ≥ 1; structure. Default: 200.
        scale: α > 0, of the projected steps. Default: 0.25.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.9.
        b2: In [0, 1), what the mean of their squares keeps at a step. Default: 0.999.
        eps: ≥ 0, added to the root. Default: 1e-8.
        weight_decay: λ ≥ 0, beside the gradient (decoupled) and multiplied by the learning rate. Default: 0.0.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.
        side: "short": P is as high as the shorter side, as in the paper; "long": optax's. Structure. Default: "short".
        adam: Patterns of the paths of matrices that plain Adam should have; structure. Default: ().
        matrices: {pattern: (in_axes, out_axes)} for leaves that are laid out otherwise, see `muon`; structure.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jax.numpy as jnp
        >>> optimizer, grads = galore(0.1, rank=1, scale=1.0), jnp.array([[3.0, 0.0], [0.0, -2.0]])
        >>> updates, _ = optimizer.update(grads, optimizer.init(grads), grads)
        >>> (abs(updates) > 0.05).astype(int).tolist()
        [[1, 0], [0, 0]]
    """
    checks.choice("side", side, ("short", "long"))
    axes = named_axes(matrices)
    rule = MatrixGroups((listed("adam", adam),), vectors=1, axes=axes)
    rank, gap = checks.count("rank", rank, 1), checks.count("update_every", update_every, 1)
    inner = ScaleByAdam(b1, b2, eps)
    transforms = (InLowRank(inner, scale, rank, gap, side, axes), inner)
    return chain(Partition((), transforms, rule), decay(weight_decay, mask), ScaleByLearningRate(learning_rate))
