"""Distributed Shampoo: Shampoo with means for sums, in blocks, with Adam's or the gradient's length, and momentum.

for each block G of a leaf, of at most `block_size` entries an axis:
L ← b2 L + (1 − b2) G Gᵀ,  R ← b2 R + (1 − b2) Gᵀ G
m ← b1 m + (1 − b1) G,     v ← b2 v + (1 − b2) G²
p = (L̂ + eps I)^(−1/4) m̂ (R̂ + eps I)^(−1/4)
p ← p ‖a‖ / (‖p‖ + 1e-16),  a = m̂ / (√v̂ + graft_eps)          grafting: Adam's length, Shampoo's direction
d ← momentum d + p + weight_decay θ
θ ← θ − η d

Source: Shi et al. 2023, arXiv:2309.06497, algorithm 2, and the authors' code (facebookresearch/optimizers), whose defaults
b1 = 0.9 and eps = 1e-12 these are; b2 = 0.999, Adam's length and its eps are what their README takes in Adam's place. b2 = None
sums, as `shampoo` does and the code with b2 = 1, and v is AdaGrad's. A block of k axes has the power −1 / 2k; `power` is another. The
roots are taken anew every `update_every` steps. Before step `start` the step is the grafted method's own. Norms are of a
block, as in the code. Where we differ: L̂'s eigenvalues below 0 count as 0 before eps is added; the code moves all of them
up by the lowest. The bias of v and of L is of the weights that they have absorbed, exact for a scheduled b2 too. What the word
"distributed" means there, blocks dealt out to machines, is left to XLA. Neither torch nor optax has it.

The state stacks the blocks of a shape, so it doesn't keep their sharding.
"""

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
from jgd.optimizers.masked_decay import decay
from jgd.optimizers.momentum import Trace
from jgd.transforms import Mean, ScaleByLearningRate
from jgd.transforms.blocks import cut_all, joined_all
from jgd.transforms.kronecker import along, axes_with_matrix, gram, inverse_root, stacked, unstacked

Stacks = tuple[Array, ...]
TINY = 1e-16  # the authors', added to the norm that divides


@record
class DistributedShampooState:
    """For the blocks of each shape: m, v where it is needed, and for each axis matrices (blocks, n, n)."""

    mean: Mean
    square: Mean | None
    grams: Mean  # L and R
    roots: tuple[Stacks, ...]  # their inverse roots, as of the last refresh


@record
class ScaleByDistributedShampoo(Transform):
    """u = (L̂ + eps I)^(−1/4) m̂ (R̂ + eps I)^(−1/4), made as long as another method's step."""

    b1: Scalar = hyper("[0, 1)")
    b2: Scalar | None
    eps: Scalar = hyper("> 0")
    graft_eps: Scalar = hyper("> 0")
    graft: str | None = static_field(default="adam")
    block_size: int = static_field(default=1024)
    update_every: int = static_field(default=1)
    start: int = static_field(default=0)
    power: float | None = static_field(default=None)
    merge_dims: bool = static_field(default=False)
    per_leaf = True

    def __post_init__(self) -> None:
        if self.b2 is not None:
            checks.hyperparameter("b2", self.b2, "[0, 1)")

    def _stacks(self, params: Params) -> tuple[Array, ...]:
        return stacked(cut_all(params, self.block_size, self.merge_dims))

    def init(self, params: Params) -> DistributedShampooState:
        stacks = self._stacks(params)
        matrices = lambda: tuple(tuple(_square(g, axis) for axis in self._axes(g)) for g in stacks)
        square = Mean.like(stacks) if self.graft == "adam" else None
        return DistributedShampooState(Mean.like(stacks), square, Mean.like(matrices()), matrices())

    def _axes(self, g: Array) -> list[int]:
        return axes_with_matrix(g, self.block_size)

    def update(
        self, grads: Params, state: DistributedShampooState, context: Context
    ) -> tuple[Params, DistributedShampooState]:
        b2 = None if self.b2 is None else context.at(self.b2)
        stacks, step, eps = self._stacks(grads), context.step, context.at(self.eps)
        grams = absorbed(state.grams, b2, tuple(tuple(gram(g, axis) for axis in self._axes(g)) for g in stacks))
        mean = state.mean.absorb(context.at(self.b1), stacks)
        square = None if state.square is None else absorbed(state.square, b2, tree.square(stacks))

        renew = lambda: tuple(self._roots(each, eps) for each in grams.value())
        due = (step >= self.start) & ((step % self.update_every == 0) | (step == self.start))
        roots = jax.lax.cond(due, renew, lambda: state.roots)
        made = tuple(map(self._preconditioned, roots, mean.value()))
        if self.graft is not None:
            other = mean.value() if square is None else self._adam(mean, square, context)
            made = tuple(jnp.where(step < self.start, a, as_long(p, a)) for p, a in zip(made, other, strict=True))
        blocks = unstacked(made, cut_all(grads, self.block_size, self.merge_dims))
        return joined_all(blocks, grads), DistributedShampooState(mean, square, grams, roots)

    def _roots(self, grams: Stacks, eps: Array) -> Stacks:
        power = 1 / (2 * max(1, len(grams))) if self.power is None else self.power
        return tuple(inverse_root(h, eps, power) for h in grams)

    def _preconditioned(self, roots: Stacks, g: Array) -> Array:
        for axis, root in zip(self._axes(g), roots, strict=True):
            g = along(root, g, axis)
        return g

    def _adam(self, mean: Mean, square: Mean, context: Context) -> Stacks:
        eps = context.at(self.graft_eps)
        return tree.map(lambda m, v: m / (tree.safe_sqrt(v) + eps), mean.value(), square.value())


def _square(g: Array, axis: int) -> Array:
    n = g.shape[1 + axis]
    return jnp.zeros((len(g), n, n), g.dtype)


def absorbed(mean: Mean, b: Array | None, x: Params) -> Mean:
    """The mean with x in it; the sum where b is None."""
    return Mean(tree.add(mean.total, x), jnp.ones_like(mean.weight)) if b is None else mean.absorb(b, x)


def as_long(p: Array, a: Array) -> Array:
    """Each p of a (stack, …), as long as its a."""
    axes = tuple(range(1, p.ndim))
    norm = lambda x: tree.safe_sqrt(jnp.sum(jnp.square(x), axis=axes, keepdims=True))
    return p * (norm(a) / (norm(p) + TINY))


@builder
def distributed_shampoo(
    learning_rate: Scalar,
    b1: Scalar = 0.9,
    b2: Scalar | None = 0.999,
    eps: Scalar = 1e-12,
    *,
    momentum: Scalar | None = None,
    nesterov: bool = False,
    weight_decay: Scalar = 0.0,
    mask: Mask | None = None,
    graft: str | None = "adam",
    graft_eps: Scalar = 1e-8,
    start: int = 0,
    update_every: int = 1,
    block_size: int = 1024,
    merge_dims: bool = False,
    power: float | None = None,
) -> Optimizer:
    """Distributed Shampoo: p = L̂^(−1/4) m̂ R̂^(−1/4) in blocks, as long as Adam's step; θ ← θ − η (p + weight_decay θ).

    Args:
        learning_rate: η > 0, a number or a schedule.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.9.
        b2: In [0, 1), what the means of G Gᵀ, Gᵀ G and G² keep at a step. None for sums. Default: 0.999.
        eps: > 0, of the matrices' diagonals. Default: 1e-12.
        momentum: In [0, 1), what the velocity of the steps keeps; None for no velocity.
        nesterov: Whether the velocity looks ahead; structure. Default: False.
        weight_decay: λ ≥ 0, beside the gradient (decoupled) and multiplied by the learning rate. Default: 0.0.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.
        graft: Whose length a step has: "adam" (AdaGrad's where b2 is None), "sgd" (that of m̂), or None for
            Shampoo's own; structure. Default: "adam".
        graft_eps: > 0, added to Adam's root. Default: 1e-8.
        start: Steps that are the grafted method's own before the first that Shampoo makes, ≥ 0; structure. Default: 0.
        update_every: Steps from one eigendecomposition to the next, ≥ 1; structure. Default: 1.
        block_size: The longest axis of a block, ≥ 1; structure. Default: 1024.
        merge_dims: Whether neighboring axes are one where their product is at most `block_size`, so that a kernel has two
            matrices; structure. Default: False.
        power: In (0, 1], each matrix is taken to its negative; structure. None for 1 / 2k for k axes.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range, another `graft`, or a `start` without one.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer, grads = distributed_shampoo(0.1), jnp.array([[3.0, 0.0], [0.0, -2.0]])
        >>> updates, _ = optimizer.update(grads, optimizer.init(grads), grads)
        >>> jnp.diag(updates).round(3).tolist()
        [-0.1, 0.1]
    """
    if graft is not None:
        checks.choice("graft", graft, ("adam", "sgd"))
    first = checks.count("start", start, 0)
    if first and graft is None:
        raise checks.JgdValueError(
            "start needs a method for the first steps: give graft='adam' or 'sgd', or start=0", argument="start"
        )
    if power is not None:
        power = checks.number("power", power, "(0, 1]")
    scale = ScaleByDistributedShampoo(
        b1,
        b2,
        eps,
        graft_eps,
        graft,
        checks.count("block_size", block_size, 1),
        checks.count("update_every", update_every, 1),
        first,
        power,
        merge_dims,
    )
    velocity = () if momentum is None else (Trace(momentum, nesterov),)
    return chain(scale, decay(weight_decay, mask), *velocity, ScaleByLearningRate(learning_rate))
