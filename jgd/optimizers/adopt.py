"""ADOPT: Adam that converges at any b2, because a gradient never meets itself in its denominator.

first update: v ← g², and no step
later:        m ← b1 m + (1 − b1) clip(g / max(√v, eps), ±c),  c = t^¼,  t = 1 at the second update
              θ ← θ − η m
              v ← b2 v + (1 − b2) g²

Source: Taniguchi et al. 2024, arXiv:2411.02853, with the clipping of its later versions (`use_clipping=False`:
without), as in the authors' code and in optax. Neither mean is corrected: v starts at a gradient's square. An early
version of the code had no clipping, began with m = g / max(√v, eps), and let eps fall to its value.
"""

import jax.numpy as jnp

from jgd.core import tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.transforms import Mean, ScaleByLearningRate


@record
class AdoptState:
    """The mean of the normalized gradients and the squares of the update before."""

    mean: Params  # m, uncorrected
    square: Mean  # v; its weight is 0 before the first gradient, then 1


@record
class ScaleByAdopt(Transform):
    """u = m, the mean of g / max(√v', eps), v' of the update before."""

    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper(">= 0")
    use_clipping: bool = static_field()

    def init(self, params: Params) -> AdoptState:
        return AdoptState(tree.zeros_like(params), Mean.like(params))

    def update(self, grads: Params, state: AdoptState, context: Context) -> tuple[Params, AdoptState]:
        b2, eps = context.at(self.b2), context.at(self.eps)
        first = state.square.weight == 0
        limit = context.step.astype(b2.dtype) ** 0.25

        def adapted(g, v):
            ratio = tree.safe_divide(g, jnp.maximum(tree.safe_sqrt(v), eps))
            ratio = jnp.clip(ratio, -limit, limit) if self.use_clipping else ratio
            return jnp.where(first, jnp.zeros_like(g), ratio)

        mean = tree.lerp(context.at(self.b1), state.mean, tree.map(adapted, grads, state.square.total))
        square = state.square.absorb(jnp.where(first, jnp.zeros_like(b2), b2), tree.square(grads))
        return mean, AdoptState(mean, square)


@builder
def adopt(
    learning_rate: Scalar,
    b1: Scalar = 0.9,
    b2: Scalar = 0.9999,
    eps: Scalar = 1e-6,
    *,
    use_clipping: bool = True,
) -> Optimizer:
    """ADOPT: m ← b1 m + (1 − b1) clip(g / max(√v, eps), ±t^¼), θ ← θ − η m, v of the update before.

    Defaults: the authors' code's. The first update only looks: it makes no step.

    Args:
        learning_rate: η > 0, a number or a schedule.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.9.
        b2: In [0, 1), what the mean of their squares keeps at a step. Default: 0.9999.
        eps: ≥ 0, the least denominator. Default: 1e-6.
        use_clipping: Whether ratios are clipped to ±t^¼; structure. Default: True.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer, params = adopt(0.5), jnp.ones(1)
        >>> still, state = optimizer.update(jnp.array([-4.0]), optimizer.init(params), params)
        >>> updates, _ = optimizer.update(jnp.array([-4.0]), state, params)
        >>> abs(still).tolist(), round(float(updates[0]), 6)
        ([0.0], 0.05)
    """
    return chain(ScaleByAdopt(b1, b2, eps, use_clipping), ScaleByLearningRate(learning_rate))
