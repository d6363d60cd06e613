"""Grokfast: the slowly changing part of the gradient, made larger.

m ← α m + (1 − α) g,  m = g at first
u ← g + λ m

Source: Lee et al. 2024, arXiv:2405.20233, algorithm 2 (the exponential mean), and the authors' code, whose defaults these are. It
stands in front of a method: `chain(AmplifySlow(), adamw(η))`, which generalizes sooner where that comes long after fitting.
"""

import jax.numpy as jnp

from jgd.core import tree
from jgd.core.record import hyper, record
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.transforms.means import Mean


@record
class AmplifySlow(Transform):
    """updates ← g + amplification · m, m ← decay · m + (1 − decay) · g.

    Args:
        amplification: λ ≥ 0, also a schedule. Default: 2.0.
        decay: α in [0, 1), also a schedule. Default: 0.98.

    Example:
        >>> import jgd
        >>> optimizer = jgd.chain(AmplifySlow(2.0, 0.5), jgd.transforms.ScaleByLearningRate(1.0))
        >>> params, state = jnp.zeros(1), optimizer.init(jnp.zeros(1))
        >>> for g in (1.0, 3.0):  # m is 1, then 2
        ...     updates, state = optimizer.update(jnp.array([g]), state, params)
        >>> updates.tolist()
        [-7.0]
    """

    entrywise = True

    amplification: Scalar = hyper(">= 0", default=2.0)
    decay: Scalar = hyper("[0, 1)", default=0.98)

    def init(self, params: Params) -> Mean:
        return Mean.like(params)

    def update(self, updates: Params, mean: Mean, context: Context) -> tuple[Params, Mean]:
        mean = mean.absorb(jnp.where(mean.weight == 0, 0, context.at(self.decay)), updates)
        factor = context.at(self.amplification)
        return tree.map(lambda g, m: g + factor * m, updates, mean.total), mean
