"""AMSGrad: Adam that divides by the largest second moment so far, so that no rate ever grows again.

m ← b1 m + (1 − b1) g
v ← b2 v + (1 − b2) g²
and by `bias_correction`
    "after":  V ← max(V, v),  u = m̂ / (√(V / (1 − b2ᵗ)) + eps)    torch; keras too, with eps beside the uncorrected root
    "before": V ← max(V, v̂),  u = m̂ / (√V + eps)                 optax
    "none":   V ← max(V, v),  u = m / (√V + eps)                  the paper
θ ← θ − η u

Source: Reddi, Kale & Kumar 2018, "On the convergence of Adam and beyond", arXiv:1904.09237, algorithm 2 (η_t and b1_t
may fall: schedules; no eps). With "before" the noise of the first steps, which the correction magnifies, is kept for
ever; "after" lets it fade as the correction does.
"""

import jax.numpy as jnp

from jgd.core import checks, tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.optimizers.adam import AdamState, over_root
from jgd.transforms import Mean, ScaleByLearningRate


@record
class AmsgradState:
    """Adam's moments and the largest second moment so far."""

    moments: AdamState
    largest: Params  # V


@record
class ScaleByAmsgrad(Transform):
    """u = m̂ / (√V̂ + eps), V the largest v so far."""

    entrywise = True

    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper(">= 0")
    bias_correction: str = static_field()

    def __post_init__(self) -> None:
        checks.choice("bias_correction", self.bias_correction, ("after", "before", "none"))

    def init(self, params: Params) -> AmsgradState:
        return AmsgradState(AdamState.like(params), tree.zeros_like(params))

    def update(self, grads: Params, state: AmsgradState, context: Context) -> tuple[Params, AmsgradState]:
        moments = state.moments.absorb(context.at(self.b1), context.at(self.b2), grads)
        mean, square = moments.mean, moments.square
        seen = square.value() if self.bias_correction == "before" else square.total
        largest = tree.map(jnp.maximum, state.largest, seen)
        numerator = mean.total if self.bias_correction == "none" else mean.value()
        below = Mean(largest, square.weight).value() if self.bias_correction == "after" else largest
        return over_root(numerator, below, context.at(self.eps)), AmsgradState(moments, largest)


@builder
def amsgrad(
    learning_rate: Scalar,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    *,
    bias_correction: str = "after",
) -> Optimizer:
    """AMSGrad: V ← max(V, v), θ ← θ − η m̂ / (√V̂ + eps).

    Defaults: torch's.

    Args:
        learning_rate: η > 0, a number or a schedule.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.9.
        b2: In [0, 1), what the mean of their squares keeps at a step. Default: 0.999.
        eps: ≥ 0, added to the root. Default: 1e-8.
        bias_correction: Where the correction stands: "after" the maximum as in torch, "before" it as in optax, or
            "none" as in the paper; structure. Default: "after".

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = amsgrad(0.1)
        >>> updates, _ = optimizer.update(jnp.array([-4.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> updates.tolist()
        [0.1]
    """
    return chain(ScaleByAmsgrad(b1, b2, eps, bias_correction), ScaleByLearningRate(learning_rate))
