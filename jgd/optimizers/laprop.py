"""LaProp: adapt first, then average; Adam averages first, then adapts.

n ← b2 n + (1 − b2) g²
m ← b1 m + (1 − b1) g / (√n̂ + eps)
θ ← θ − η m̂

Source: Ziyin, Wang & Ueda 2020, arXiv:2002.04839, algorithm 1. The authors' code keeps η inside m, so that an earlier
η stays with its gradient; here η stands outside, as in Adam, and the two agree while η is constant. The code's
centered and AMSGrad forms are left out.
"""

from jgd.core import tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.optimizers.adam import AdamState, over_root
from jgd.transforms import ScaleByLearningRate


@record
class ScaleByLaprop(Transform):
    """u = m̂, the mean of g / (√n̂ + eps)."""

    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper(">= 0")

    def init(self, params: Params) -> AdamState:
        return AdamState.like(params)

    def update(self, grads: Params, moments: AdamState, context: Context) -> tuple[Params, AdamState]:
        square = moments.square.absorb(context.at(self.b2), tree.square(grads))
        adapted = over_root(grads, square.value(), context.at(self.eps))
        mean = moments.mean.absorb(context.at(self.b1), adapted)
        return mean.value(), AdamState(mean, square)


@builder
def laprop(
    learning_rate: Scalar,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-15,
) -> Optimizer:
    """LaProp: m ← b1 m + (1 − b1) g / (√n̂ + eps), θ ← θ − η m̂.

    Defaults: the authors' code's.

    Args:
        learning_rate: η > 0, a number or a schedule (the authors': 4e-4).
        b1: In [0, 1), what the mean of the adapted gradients keeps at a step; b1 > b2 is as stable. Default: 0.9.
        b2: In [0, 1), what the mean of the squares keeps at a step. Default: 0.999.
        eps: ≥ 0, added to the root. Default: 1e-15.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jax.numpy as jnp
        >>> optimizer = laprop(0.1)
        >>> updates, _ = optimizer.update(jnp.array([-4.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> updates.tolist()
        [0.1]
    """
    return chain(ScaleByLaprop(b1, b2, eps), ScaleByLearningRate(learning_rate))
