"""MARS: a gradient corrected by how it changed since the last step, as variance reduction, before Adam, Lion or Muon.

c ← g + γ b1 / (1 − b1) · (g − g')          g' = ∇L(θ_before) on this batch; approximately, the last gradient as it was
c ← c / max(1, ‖c‖)
m ← b1 m + (1 − b1) c,  v ← b2 v + (1 − b2) c²
θ ← θ − η (m̂ / (√v̂ + eps) + weight_decay θ)        "adamw"
θ ← θ − η (sign(m) + weight_decay θ)                "lion"
θ ← θ − η (s NS(m) + weight_decay θ)                "shampoo": Muon's orthogonal step, s = √max(1, out / in)

Source: Yuan et al. 2024, arXiv:2411.10438, algorithms 1 to 3, and the authors' code, whose defaults these are. As in the
code, ‖c‖ is each leaf's own, and vectors and numbers have AdamW, with numbers of its own, unless `optimize_1d` (beside
"shampoo" they have the "adamw" form then); we count convolution kernels and stacks as matrices, the code does not. At
the first step the exact form has g' = g (the paper starts with θ_before = θ), the approximate one g' = 0 (the code). The
exact form costs a second gradient. As in the code, Newton–Schulz's eps stands beside the norm of m / (1 − b1); the code
iterates in bfloat16. Neither torch nor optax has it.
"""

import jax.numpy as jnp

from jgd.core import checks, tree
from jgd.core.composite import Chain
from jgd.core.masks import Mask
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.optimizers.adam import ScaleByAdam
from jgd.optimizers.beside_adamw import OF_ADAM
from jgd.optimizers.masked_decay import by_group, decay
from jgd.optimizers.momentum import Trace
from jgd.optimizers.muon import Orthogonalize
from jgd.transforms import AddDecayedWeights, Mean, Partition, ScaleByLearningRate
from jgd.transforms.matrices import MatrixGroups


@record
class VarianceReduced(Transform):
    """updates ← c, clipped; of the leaves of two axes or more, or of all. The state is θ_before or the last g."""

    gamma: Scalar = hyper(">= 0")
    b1: Scalar = hyper("[0, 1)")
    max_norm: Scalar = hyper("> 0")
    exact: bool = static_field(default=False)
    vectors: bool = static_field(default=False)
    per_leaf = True

    def init(self, params: Params) -> Params:
        return tree.widen(params, tree.compute_dtype(params)) if self.exact else tree.zeros_like(params)

    def update(self, updates: Params, state: Params, context: Context) -> tuple[Params, Params]:
        before = context.gradient_at(state, "mars with exact=True") if self.exact else state
        b1, longest = context.at(self.b1), context.at(self.max_norm)
        weight = context.at(self.gamma) * b1 / (1 - b1)

        def corrected(g, old):
            if g.ndim < 2 and not self.vectors:
                return g
            c = g + weight * (g - old)
            return jnp.where(longest > 0, c / jnp.maximum(1, tree.norm(c) / longest), 0)  # a schedule may end at 0

        return tree.map(corrected, updates, before), context.params if self.exact else updates


@record
class SignOfMean(Transform):
    """m ← b1 m + (1 − b1) c, u = sign(m)."""

    b1: Scalar = hyper("[0, 1)")

    def init(self, params: Params) -> Mean:
        return Mean.like(params)

    def update(self, updates: Params, mean: Mean, context: Context) -> tuple[Params, Mean]:
        mean = mean.absorb(context.at(self.b1), updates)
        return tree.map(jnp.sign, mean.total), mean


@builder
def mars(
    learning_rate: Scalar,
    b1: Scalar = 0.95,
    b2: Scalar = 0.99,
    eps: Scalar = 1e-8,
    *,
    weight_decay: Scalar = 0.0,
    mask: Mask | None = None,
    gamma: Scalar = 0.025,
    max_norm: Scalar = 1.0,
    form: str = "adamw",
    exact: bool = False,
    optimize_1d: bool = False,
    adam_learning_rate: Scalar | None = None,
    adam_b1: Scalar = 0.9,
    adam_b2: Scalar = 0.95,
    adam_weight_decay: Scalar = 0.1,
) -> Optimizer:
    """MARS: c = g + γ b1 / (1 − b1) (g − g'), clipped, instead of the gradient in AdamW, Lion or Muon.

    Args:
        learning_rate: η > 0, a number or a schedule.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.95.
        b2: In [0, 1), what the mean of the squares keeps at a step; unused by "lion", and by the matrices of "shampoo".
            Default: 0.99.
        eps: ≥ 0, added to the root. Default: 1e-8.
        weight_decay: λ ≥ 0, beside the gradient (decoupled) and multiplied by the learning rate. Default: 0.0.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.
        gamma: γ ≥ 0, the strength of the correction. Default: 0.025.
        max_norm: > 0, the longest c of a leaf. Default: 1.0.
        form: "adamw", "lion" or "shampoo"; structure. Default: "adamw".
        exact: Whether g' is taken on this batch, which needs `loss=` (`jgd.step`, `jgd.train` and `jgd.sweep` give it);
            structure. Default: False.
        optimize_1d: MARS for vectors and numbers too; structure. Default: False.
        adam_learning_rate: > 0, of vectors and numbers. None for learning_rate.
        adam_b1: As `adamw`'s b1, of vectors and numbers. Default: 0.9.
        adam_b2: As `adamw`'s b2, of vectors and numbers. Default: 0.95.
        adam_weight_decay: As `adamw`'s, of vectors and numbers. Default: 0.1.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jax.numpy as jnp
        >>> optimizer, params = mars(0.1, gamma=0.0, form="lion", optimize_1d=True), jnp.ones(2)
        >>> updates, _ = optimizer.update(jnp.array([0.5, -4.0]), optimizer.init(params), params)
        >>> updates.tolist()
        [-0.1, 0.1]
    """
    adam, is_matrix = ScaleByAdam(b1, b2, eps), MatrixGroups((), vectors=1)
    orthogonal = Chain((Trace(b1), Orthogonalize(eps)))
    shampoo = Partition((), (orthogonal, adam), is_matrix) if optimize_1d else orthogonal
    directions: dict[str, Transform] = {"adamw": adam, "lion": SignOfMean(b1), "shampoo": shampoo}
    direction = directions[checks.choice("form", form, directions)]
    reduced = VarianceReduced(gamma, b1, max_norm, exact, optimize_1d)
    rate = learning_rate if adam_learning_rate is None else adam_learning_rate
    decayed, descend = AddDecayedWeights(weight_decay), ScaleByLearningRate(learning_rate)
    with checks.renamed(**OF_ADAM):  # checked too where there is nothing left for it
        others = ScaleByAdam(adam_b1, adam_b2, eps), AddDecayedWeights(adam_weight_decay), ScaleByLearningRate(rate)
    if optimize_1d:
        return chain(reduced, direction, decay(weight_decay, mask), descend)
    groups = by_group(((direction,), others[:1]), (decayed, others[1]), (descend, others[2]), is_matrix, mask)
    return chain(reduced, *groups)
