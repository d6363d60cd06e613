"""Adam: the mean gradient over the root of the mean squared gradient, both corrected for their start at 0.

m ← b1 m + (1 − b1) g
v ← b2 v + (1 − b2) g²
u = m̂ / (√v̂ + eps)
θ ← θ − η u

Source: Kingma & Ba 2015, arXiv:1412.6980, algorithm 1. The bias corrections 1 − bᵗ are the weights that the means
carry, so a scheduled b1 or b2 is exact too.
"""

from jgd.core import tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record
from jgd.core.types import Context, Params, Scalar
from jgd.links import Descend, Mean


@record
class Moments:
    mean: Mean  # m, of the gradients
    square: Mean  # v, of their squares


@record
class ScaleByAdam:
    """u = m̂ / (√v̂ + eps)."""

    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper(">= 0")

    def init(self, params: Params) -> Moments:
        return Moments(Mean.like(params), Mean.like(params))

    def apply(self, grads: Params, moments: Moments, context: Context) -> tuple[Params, Moments]:
        mean = moments.mean.absorb(context.at(self.b1), grads)
        square = moments.square.absorb(context.at(self.b2), tree.square(grads))
        eps = context.at(self.eps)
        updates = tree.map(lambda m, v: tree.divide(m, tree.root(v) + eps), mean.value(), square.value())
        return updates, Moments(mean, square)


def adam(learning_rate: Scalar, b1: Scalar = 0.9, b2: Scalar = 0.999, eps: Scalar = 1e-8) -> Optimizer:
    """Adam: θ ← θ − η m̂ / (√v̂ + eps).

    learning_rate: > 0. b1, b2: in [0, 1). eps: ≥ 0, outside the root as in the paper. Defaults: the paper's.

    >>> import jax.numpy as jnp
    >>> optimizer = adam(0.1)
    >>> updates, _ = optimizer.update(jnp.array([-4.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
    >>> updates.tolist()
    [0.1]
    """
    return chain(ScaleByAdam(b1, b2, eps), Descend(learning_rate))
