"""SM3: AdaGrad whose sums are kept for the rows, columns, … of a leaf instead of its entries.

ν(i) = min over the slices r through i of μ(r),  + g(i)²
u = g / √(ν + eps)
μ(r) ← max over the entries i of slice r of ν(i)
m ← β m + (1 − β) u
θ ← θ − η m

Source: Anil, Gupta, Koren & Singer 2019, arXiv:1901.11150, algorithm SM3-II, covering each leaf by its slices along
every axis (section 4), with the momentum of the authors' code; a leaf of fewer than two axes has a sum for each entry,
which is AdaGrad. 0/0 = 0, so eps = 0 as in the paper (its authors' code has 10⁻³⁰, optax 10⁻⁸, inside the root).
"""

from functools import reduce

import jax.numpy as jnp
from jax import Array

from jgd.core import tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.transforms import ScaleByLearningRate


@record
class Sm3State:
    """The covers of each leaf along its axes, and the momentum."""

    covers: Params  # of each leaf a tuple of μ along its axes, (1, …, n, …, 1) each
    momentum: Params  # m


@record
class ScaleBySm3(Transform):
    """u = m ← β m + (1 − β) g / √(ν + eps)."""

    momentum: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper(">= 0")
    per_leaf = True

    def init(self, params: Params) -> Sm3State:
        zeros = tree.zeros_like(params)
        return Sm3State(tree.map(cover, zeros), zeros)

    def update(self, grads: Params, state: Sm3State, context: Context) -> tuple[Params, Sm3State]:
        momentum, eps = context.at(self.momentum), context.at(self.eps)
        bounds = tree.map(lambda g, covers: reduce(jnp.minimum, covers) + g**2, grads, state.covers)
        updates = tree.map(lambda g, v: tree.safe_divide(g, tree.safe_sqrt(v + eps)), grads, bounds)
        mean = tree.lerp(momentum, state.momentum, updates)
        return mean, Sm3State(tree.map(cover, bounds), mean)


def cover(leaf: Array) -> tuple[Array, ...]:
    """The largest entry of each slice along each axis, with all axes kept; the leaf itself below two axes."""
    axes = range(max(leaf.ndim, 1))
    others = [tuple(a for a in range(leaf.ndim) if a != axis) for axis in axes]
    return tuple(jnp.max(leaf, axis=other, keepdims=True, initial=0) for other in others)  # no sum is below 0


@builder
def sm3(
    learning_rate: Scalar,
    momentum: Scalar = 0.9,
    eps: Scalar = 0.0,
) -> Optimizer:
    """SM3: ν = min μ + g², θ ← θ − η m, m the mean of g / √(ν + eps), μ the largest ν of each slice.

    State of an (n, m) leaf beside the momentum: n + m numbers.

    Args:
        learning_rate: η > 0, a number or a schedule.
        momentum: β in [0, 1); 0 is the paper's plain form. Default: 0.9.
        eps: ≥ 0, inside the root. Default: 0.0.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer, params = sm3(0.1, momentum=0.0), jnp.ones((2, 2))
        >>> updates, _ = optimizer.update(jnp.array([[-4.0, 1.0], [0.0, 2.0]]), optimizer.init(params), params)
        >>> (updates + 0).tolist()
        [[0.1, -0.1], [0.0, -0.1]]
    """
    return chain(ScaleBySm3(momentum, eps), ScaleByLearningRate(learning_rate))
