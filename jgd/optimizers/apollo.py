"""APOLLO: plain descent whose rates, one a channel or a matrix, are what Adam would do to a random shadow of the gradient.

R = Pᵀ G                                     P (short side, r) random, normal / √r, anew every k-th step
m ← b1 m + (1 − b1) R,  v ← b2 v + (1 − b2) R²
ψ = m / (√v + eps)
S = G · ‖ψ‖ / (‖R‖ + 1e-8)                   norms of each channel (an entry of the longer side), or of the whole matrix
S ← S / max(1, ‖S‖ / (growth · ‖S before‖))
u = √scale · √(1 − b2ᵗ) / (1 − b1ᵗ) · S
θ ← θ − η (u + weight_decay θ)

Source: Zhu et al. 2024, arXiv:2412.05270, algorithm 1, and the authors' code, whose defaults these are: their growth of 1.01
(from Fira) is measured before the bias is corrected, as here, and `scale` counts by its root. APOLLO-Mini has r = 1, one rate a
matrix and scale 128. What is no matrix has Adam, with eps beside the corrected root, as do matrices named by `adam` (embeddings,
heads). The decay is beside the step; the code decays after it. P is not remembered: it is drawn from its seed at each step.
Neither torch nor optax has it.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import jax.numpy as jnp
from jax import Array

from jgd.core import checks, seeds, tree
from jgd.core.masks import Mask
from jgd.core.optimizer import Optimizer, chain
from jgd.core.paths import listed
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context
from jgd.core.types import Params, Scalar
from jgd.optimizers.adam import AdamState, ScaleByAdam
from jgd.optimizers.low_rank import by_adam, limited, norm_ratio, stacks_of, tree_of
from jgd.optimizers.masked_decay import decay
from jgd.transforms import DrawsNoise, Noise, Partition, ScaleByLearningRate
from jgd.transforms.matrices import Matrices, MatrixGroups, named_axes


@record
class ApolloState:
    """The seed of the P, the moments of the R, (stack, r, long side) for each leaf, and how long the last S were, (stack,)."""

    noise: Noise
    moments: AdamState
    lengths: tuple[Array, ...]


@record
class ScaleByApollo(DrawsNoise):
    """u = √scale · Adam's correction · the limited G ‖ψ‖ / ‖R‖; all leaves have two axes or more."""

    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper(">= 0")
    scale: Scalar = hyper("> 0")
    growth: Scalar | None
    rank: int = static_field(default=256)
    update_every: int = static_field(default=200)
    scale_type: str = static_field(default="channel")
    seed: int = static_field(default=0)
    matrices: Matrices = static_field(default=())
    per_leaf = True

    def __post_init__(self) -> None:
        seeds.check(self.seed)
        if self.growth is not None:
            checks.hyperparameter("growth", self.growth, "[1, inf)")

    def init(self, params: Params) -> ApolloState:
        stacks = stacks_of(tree.zeros_like(params), self.matrices)
        low = tuple(g[:, : self.rank] for g in stacks)  # zeros in the shape of R
        return ApolloState(Noise.of(self.seed), AdamState.like(low), tuple(jnp.zeros(len(g), g.dtype) for g in stacks))

    def _bases(self, noise: Noise, step: Array, stacks: list[Array]) -> list[Array]:
        alike = [g[..., : min(self.rank, g.shape[-2])] for g in stacks]
        return [z / math.sqrt(max(1, z.shape[-1])) for z in noise.like(step // self.update_every, alike)]

    def update(self, grads: Params, state: ApolloState, context: Context) -> tuple[Params, ApolloState]:
        stacks = stacks_of(grads, self.matrices)
        low = tuple(p.mT @ g for p, g in zip(self._bases(state.noise, context.step, stacks), stacks, strict=True))
        moments = state.moments.absorb(context.at(self.b1), context.at(self.b2), low)
        shadows, correction = by_adam(moments, context.at(self.eps))
        growth = None if self.growth is None else context.at(self.growth)
        over = (-2,) if self.scale_type == "channel" else (-2, -1)
        scaled = [g * norm_ratio(made, given, over) for g, made, given in zip(stacks, shadows, low, strict=True)]
        steps = [limited(s, before, growth) for s, before in zip(scaled, state.lengths, strict=True)]

        factor = tree.safe_sqrt(context.at(self.scale)) * correction
        updates = tree_of([factor * step for step, _ in steps], grads, self.matrices)
        return updates, ApolloState(state.noise, moments, tuple(length for _, length in steps))


@builder
def apollo(
    learning_rate: Scalar,
    rank: int = 256,
    *,
    update_every: int = 200,
    scale: Scalar = 1.0,
    scale_type: str = "channel",
    growth: Scalar | None = 1.01,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-6,
    weight_decay: Scalar = 0.0,
    mask: Mask | None = None,
    seed: int = 0,
    adam: str | Sequence[str] = (),
    matrices: Mapping[str, Any] | None = None,
) -> Optimizer:
    """APOLLO: θ ← θ − η (√scale · G ‖ψ‖ / ‖R‖ + weight_decay θ), ψ Adam's direction for R = Pᵀ G with a random P.

    Args:
        learning_rate: η > 0, a number or a schedule; 0.01 in the authors' trainings.
        rank: r ≥ 1, at most a matrix's shorter side; a quarter of the model's width in the paper; structure. Default: 256.
        update_every: Steps from one P to the next, ≥ 1; structure. Default: 200.
        scale: > 0; its root multiplies the steps of matrices. Default: 1.0.
        scale_type: "channel": one rate for each entry of the longer side; "tensor": one for each matrix; structure.
            Default: "channel".
        growth: ≥ 1, by how much a matrix's step may be longer than the one before. None for no limit. Default: 1.01.
        b1: In [0, 1), what the mean of the R keeps at a step. Default: 0.9.
        b2: In [0, 1), what the mean of their squares keeps at a step. Default: 0.999.
        eps: ≥ 0, added to the root. Default: 1e-6.
        weight_decay: λ ≥ 0, beside the gradient (decoupled) and multiplied by the learning rate. Default: 0.0.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.
        seed: Of the P, a whole number; structure. `jgd.train` and `jgd.sweep` mix the run's own in. Default: 0.
        adam: Patterns of the paths of matrices that plain Adam should have; structure. Default: ().
        matrices: {pattern: (in_axes, out_axes)} for leaves that are laid out otherwise, see `muon`; structure.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer, grads = apollo(0.1, rank=1), jnp.array([[3.0, 0.0], [0.0, -2.0]])
        >>> updates, _ = optimizer.update(grads, optimizer.init(grads), grads)
        >>> jnp.sign(updates).tolist()  # along the gradient, each output at its own rate
        [[-1.0, 0.0], [0.0, 1.0]]
    """
    checks.choice("scale_type", scale_type, ("channel", "tensor"))
    axes = named_axes(matrices)
    rule = MatrixGroups((listed("adam", adam),), vectors=1, axes=axes)
    rank, gap = checks.count("rank", rank, 1), checks.count("update_every", update_every, 1)
    own = ScaleByApollo(b1, b2, eps, scale, growth, rank, gap, scale_type, seed, axes)
    both = Partition((), (own, ScaleByAdam(b1, b2, eps)), rule)
    return chain(both, decay(weight_decay, mask), ScaleByLearningRate(learning_rate))


@builder
def apollo_mini(
    learning_rate: Scalar,
    *,
    update_every: int = 200,
    scale: Scalar = 128.0,
    growth: Scalar | None = 1.01,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-6,
    weight_decay: Scalar = 0.0,
    mask: Mask | None = None,
    seed: int = 0,
    adam: str | Sequence[str] = (),
    matrices: Mapping[str, Any] | None = None,
) -> Optimizer:
    """APOLLO-Mini: `apollo` at rank 1 with one rate a matrix, in as little memory as SGD.

    Args:
        learning_rate: As `apollo`'s.
        update_every: As `apollo`'s. Default: 200.
        scale: As `apollo`'s. Default: 128.0.
        growth: As `apollo`'s. Default: 1.01.
        b1: As `apollo`'s. Default: 0.9.
        b2: As `apollo`'s. Default: 0.999.
        eps: As `apollo`'s. Default: 1e-6.
        weight_decay: As `apollo`'s. Default: 0.0.
        mask: As `apollo`'s; structure.
        seed: As `apollo`'s; structure. Default: 0.
        adam: As `apollo`'s; structure. Default: ().
        matrices: As `apollo`'s; structure.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer, grads = apollo_mini(0.1), jnp.array([[3.0, 0.0], [0.0, -2.0]])
        >>> optimizer.update(grads, optimizer.init(grads), grads)[0].shape
        (2, 2)
    """
    return apollo(
        learning_rate,
        1,
        update_every=update_every,
        scale=scale,
        scale_type="tensor",
        growth=growth,
        b1=b1,
        b2=b2,
        eps=eps,
        weight_decay=weight_decay,
        mask=mask,
        seed=seed,
        adam=adam,
        matrices=matrices,
    )
