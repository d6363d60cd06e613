"""Yogi: Adam whose second moment changes by additions no larger than g², so that it can't be forgotten at once.

m ← b1 m + (1 − b1) g
v ← v − (1 − b2) sign(v − g²) g²
u = m̂ / (√v̂ + eps)
θ ← θ − η u

Source: Zaheer et al. 2018, "Adaptive methods for nonconvex optimization", algorithm 2, which divides m by √v + eps
without corrections (`bias_correction=False`); all implementations correct by 1 − bᵗ, and the authors' adds eps to the
uncorrected √v. v starts at a small number, which the correction magnifies at first (1000 times at b2 = 0.999). optax
starts m there too, so that it moves without a gradient: `initial_mean=1e-6` follows it.
"""

import jax.numpy as jnp

from jgd.core import tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.optimizers.adam import AdamState, over_root
from jgd.transforms import Mean, ScaleByLearningRate


@record
class ScaleByYogi(Transform):
    """u = m̂ / (√v̂ + eps), v ← v − (1 − b2) sign(v − g²) g²."""

    entrywise = True

    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper(">= 0")
    initial_accumulator_value: float = hyper(">= 0", schedule=False)
    initial_mean: float = hyper(">= 0", schedule=False)
    bias_correction: bool = static_field()

    def init(self, params: Params) -> AdamState:
        empty = AdamState.like(params)
        filled = lambda mean, value: Mean(
            tree.map(lambda x: x + jnp.asarray(value).astype(x.dtype), mean.total), mean.weight
        )
        return AdamState(filled(empty.mean, self.initial_mean), filled(empty.square, self.initial_accumulator_value))

    def update(self, grads: Params, moments: AdamState, context: Context) -> tuple[Params, AdamState]:
        b2, eps = context.at(self.b2), context.at(self.eps)
        mean, square = moments.mean.absorb(context.at(self.b1), grads), moments.square
        added = lambda v, g: v - (1 - b2) * jnp.sign(v - g**2) * g**2
        square = Mean(tree.map(added, square.total, grads), b2 * square.weight + (1 - b2))
        moments = AdamState(mean, square)
        if not self.bias_correction:
            return over_root(mean.total, square.total, eps), moments
        return over_root(mean.value(), square.value(), eps), moments


@builder
def yogi(
    learning_rate: Scalar,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-3,
    *,
    initial_accumulator_value: float = 1e-6,
    initial_mean: float = 0.0,
    bias_correction: bool = True,
) -> Optimizer:
    """Yogi: v ← v − (1 − b2) sign(v − g²) g², θ ← θ − η m̂ / (√v̂ + eps).

    Args:
        learning_rate: η > 0, a number or a schedule (the paper's: 0.01).
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.9.
        b2: In [0, 1), what the mean of their squares keeps at a step. Default: 0.999.
        eps: ≥ 0, added to the root; the paper's, not small. Default: 1e-3.
        initial_accumulator_value: v at the start, ≥ 0, no schedule (optax's; the paper has the squares of a first
            batch). Default: 1e-6.
        initial_mean: m at the start, ≥ 0, no schedule. Default: 0.0.
        bias_correction: Whether the means are corrected; False is the paper's. Structure. Default: True.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = yogi(0.1, eps=0.0, initial_accumulator_value=0.0)
        >>> updates, _ = optimizer.update(jnp.array([-4.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> updates.tolist()
        [0.1]
    """
    scale = ScaleByYogi(b1, b2, eps, initial_accumulator_value, initial_mean, bias_correction)
    return chain(scale, ScaleByLearningRate(learning_rate))
