"""The trust ratio: each leaf's step as long as the leaf itself, times the learning rate."""

import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree
from jgd.core.record import hyper, record
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar


@record
class TrustRatio(Transform):
    """updates ← coefficient · φ(‖θ‖) / (‖updates‖ + eps) · updates, leaf by leaf; unchanged where a norm is 0.

    You et al. 2020, arXiv:1904.00962, section 3: φ(z) = min(max(z, min_norm), max_norm), the identity by default.
    optax's min_norm bounds the updates' norm too. For leaves that keep their updates:
    `all_but(("bias", "scale"), TrustRatio())`.

    Args:
        coefficient: The factor of the ratio, also a schedule. > 0. Default: 1.0.
        eps: Added to the updates' norm, also a schedule. ≥ 0. Default: 0.0.
        min_norm: The least norm that the weights count with. ≥ 0. Default: 0.0.
        max_norm: The largest, not below `min_norm`. > 0. Default: None, no bound.
        max_ratio: The largest ratio (LAMBC, Fong et al. 2020, arXiv:2011.13584). > 0. Default: None, no bound.

    Raises:
        JgdValueError: For a number outside its range, or min_norm above max_norm.

    Example:
        >>> import jgd
        >>> optimizer = jgd.chain(TrustRatio(), jgd.transforms.ScaleByLearningRate(1.0))
        >>> params = jnp.array([3.0, 4.0])
        >>> optimizer.update(jnp.array([2.0, 0.0]), optimizer.init(params), params)[0].tolist()
        [-5.0, 0.0]
    """

    coefficient: Scalar = hyper("> 0", default=1.0)
    eps: Scalar = hyper(">= 0", default=0.0)
    min_norm: Scalar = hyper(">= 0", default=0.0)
    max_norm: Scalar | None = None
    max_ratio: Scalar | None = None
    per_leaf = True

    def __post_init__(self) -> None:
        for name in ("max_norm", "max_ratio"):
            if getattr(self, name) is not None:
                checks.hyperparameter(name, getattr(self, name), "> 0")
        checks.in_order("min_norm", self.min_norm, "max_norm", self.max_norm)

    def update(self, updates: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        coefficient, eps, min_norm = (context.at(x) for x in (self.coefficient, self.eps, self.min_norm))
        max_norm, max_ratio = (None if x is None else context.at(x) for x in (self.max_norm, self.max_ratio))

        def scaled(u: Array, w: Array) -> Array:
            size = jnp.maximum(length(w), min_norm)
            if max_norm is not None:
                size = jnp.minimum(size, max_norm)
            ratio = trust(coefficient * size, length(u), eps)
            if max_ratio is not None:
                ratio = jnp.minimum(ratio, max_ratio)
            return ratio * u

        return tree.map(scaled, updates, context.params), state


def length(leaf: Array) -> Array:
    """√Σ x² of one leaf. `tree.norm` guards tiny squares too, which would triple the program of hundreds of leaves."""
    return tree.safe_sqrt(jnp.sum(jnp.square(leaf)))


def trust(size: Array, divisor: Array, eps: Array) -> Array:
    """size / (divisor + eps); 1 where either is 0: a leaf of zeros would never move, and a step of 0 stays 0."""
    return jnp.where((size == 0) | (divisor == 0), jnp.ones_like(size), tree.safe_divide(size, divisor + eps))
