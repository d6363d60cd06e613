"""Adam: the mean gradient over the root of the mean squared gradient, both corrected for their start at 0.

m ← b1 m + (1 − b1) g
v ← b2 v + (1 − b2) g²
u = m̂ / (√(v̂ + eps_root) + eps)
θ ← θ − η u

Source: Kingma & Ba 2015, arXiv:1412.6980, algorithm 1 (eps_root = 0). The bias corrections 1 − bᵗ are the weights that
the means carry, so a scheduled b1 or b2 is exact too. eps_root, optax's, keeps the root smooth at 0. With nesterov,
optax's simplified Nadam: m̂ is replaced by b1 m / (1 − b1ᵗ⁺¹) + (1 − b1) g / (1 − b1ᵗ); see nadam.py for Dozat's.
"""

from typing import Any

from jax import Array

from jgd.core import checks, tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.transforms import Mean, ScaleByLearningRate


@record
class AdamState:
    """What most of the family remembers."""

    mean: Mean  # m, of the gradients
    square: Mean  # v, of their squares

    @staticmethod
    def like(params: Params) -> "AdamState":
        """Both at 0, where no gradient was seen."""
        return AdamState(Mean.like(params), Mean.like(params))

    def absorb(self, b1: Array, b2: Array, grads: Params) -> "AdamState":
        """m ← b1 m + (1 − b1) g, v ← b2 v + (1 − b2) g²."""
        return AdamState(self.mean.absorb(b1, grads), self.square.absorb(b2, tree.square(grads)))


def over_root(means: Params, squares: Params, eps: Array, eps_root: Array | float = 0.0) -> Params:
    """m / (√(v + eps_root) + eps), entry by entry; 0 where the denominator is 0."""
    return tree.map(lambda m, v: tree.safe_divide(m, tree.safe_sqrt(v + eps_root) + eps), means, squares)


@record
class ScaleByAdam(Transform):
    """u = m̂ / (√(v̂ + eps_root) + eps)."""

    entrywise = True

    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper(">= 0")
    eps_root: Scalar = hyper(">= 0", default=0.0)
    nesterov: bool = static_field(default=False)
    mu_dtype: Any = static_field(default=None)  # of m between updates; None: float32 or wider

    def __post_init__(self) -> None:
        if self.mu_dtype is not None:
            object.__setattr__(self, "mu_dtype", checks.floating_dtype("mu_dtype", self.mu_dtype))

    def init(self, params: Params) -> AdamState:
        moments = AdamState.like(params)
        if self.mu_dtype is None:
            return moments
        narrow = tree.map(lambda m: m.astype(self.mu_dtype), moments.mean.total)
        return AdamState(Mean(narrow, moments.mean.weight), moments.square)

    def update(self, grads: Params, moments: AdamState, context: Context) -> tuple[Params, AdamState]:
        b1 = context.at(self.b1)
        moments = moments.absorb(b1, context.at(self.b2), grads)
        mean = ahead(moments.mean, b1, grads) if self.nesterov else moments.mean.value()
        eps, eps_root = context.at(self.eps), context.at(self.eps_root)
        return over_root(mean, moments.square.value(), eps, eps_root), moments


def ahead(mean: Mean, b1: Array, grads: Params) -> Params:
    """b1 m / (1 − b1ᵗ⁺¹) + (1 − b1) g / (1 − b1ᵗ): the mean as the next update will see it, if g stays."""
    next_weight = b1 * mean.weight + (1 - b1)
    of_mean, of_gradient = b1 / next_weight, (1 - b1) / mean.weight
    return tree.map(lambda m, g: of_mean * m + of_gradient * g, mean.total, grads)


@builder
def adam(
    learning_rate: Scalar,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    *,
    eps_root: Scalar = 0.0,
    nesterov: bool = False,
    mu_dtype: Any = None,
) -> Optimizer:
    """Adam: θ ← θ − η m̂ / (√v̂ + eps).

    Defaults: the paper's.

    Args:
        learning_rate: η > 0, a number or a schedule.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.9.
        b2: In [0, 1), what the mean of their squares keeps at a step. Default: 0.999.
        eps: ≥ 0, added to the root as in the paper. Default: 1e-8.
        eps_root: ≥ 0, added inside the root. Default: 0.0.
        nesterov: The simplified Nadam of optax; structure. Default: False.
        mu_dtype: The dtype that m is stored in, such as "bfloat16" to save memory; structure. None for float32 or
            wider.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jax.numpy as jnp
        >>> optimizer = adam(0.1)
        >>> updates, _ = optimizer.update(jnp.array([-4.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> updates.tolist()
        [0.1]
    """
    return chain(ScaleByAdam(b1, b2, eps, eps_root, nesterov, mu_dtype), ScaleByLearningRate(learning_rate))
