"""FTRL-Proximal: each weight follows the regularized leader of all its linearized losses, with exact zeros under L1.

σ = (√(n + g²) − √n) / η
z ← z + g − σ θ
n ← n + g²
θ ← 0 where |z| ≤ λ₁, else −(z − sign(z) λ₁) / ((β + √n) / η + λ₂)

Source: McMahan et al. 2013, "Ad click prediction: a view from the trenches", algorithm 1 (η is their α). The leader starts at
0, as in the paper: the first step forgets the parameters that it was given. Keras and TensorFlow have n^lr_power and
n = 0.1 at the start where the paper has √n, 0 and β. Neither torch nor optax has it.
"""

import jax.numpy as jnp

from jgd.core import tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record
from jgd.core.spellings import builder
from jgd.core.transform import Context
from jgd.core.types import Params, Scalar
from jgd.transforms import LearningRateState, ReportsLearningRate


@record
class FtrlState:
    """The sums, shaped as the parameters, and the rate used."""

    sums: Params  # z
    squares: Params  # n
    rate: LearningRateState


@record
class DescendByFtrl(ReportsLearningRate):
    """−θ and the leader's weights. It makes the weights anew, so it must see the step that is really made."""

    learning_rate: Scalar = hyper("> 0")
    beta: Scalar = hyper(">= 0")
    l1: Scalar = hyper(">= 0")
    l2: Scalar = hyper(">= 0")
    entrywise = True

    def init(self, params: Params) -> FtrlState:
        return FtrlState(tree.zeros_like(params), tree.zeros_like(params), LearningRateState.unused(params))

    def update(self, grads: Params, state: FtrlState, context: Context) -> tuple[Params, FtrlState]:
        rate, beta = context.at(self.learning_rate), context.at(self.beta)
        l1, l2 = context.at(self.l1), context.at(self.l2)
        root = lambda n: tree.safe_sqrt(n)
        squares = tree.map(lambda n, g: n + g**2, state.squares, grads)
        sums = tree.map(
            lambda z, g, old, new, w: z + g - (root(new) - root(old)) / rate * w,
            *(state.sums, grads, state.squares, squares, context.params),
        )

        def leader(z, n):
            beyond = jnp.sign(z) * jnp.maximum(jnp.abs(z) - l1, 0)
            return -rate * tree.safe_divide(beyond, beta + root(n) + rate * l2)

        updates = tree.map(lambda z, n, w: leader(z, n) - w, sums, squares, context.params)
        return updates, FtrlState(sums, squares, LearningRateState(rate))


@builder
def ftrl(
    learning_rate: Scalar,
    beta: Scalar = 1.0,
    *,
    l1: Scalar = 0.0,
    l2: Scalar = 0.0,
) -> Optimizer:
    """FTRL-Proximal: θ = 0 where |z| ≤ λ₁, else −(z − sign(z) λ₁) / ((β + √n) / η + λ₂), z and n sums of g − σ θ and g².

    Args:
        learning_rate: η > 0, a number or a schedule.
        beta: β ≥ 0, keeps the first steps short; the paper finds 1 good enough. Default: 1.0.
        l1: λ₁ ≥ 0, of Σ|θ|, summed over the steps: what it holds at 0 is exactly 0. Default: 0.0.
        l2: λ₂ ≥ 0, of ½ Σθ². Default: 0.0.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer, params = ftrl(1.0, l1=0.5), jnp.zeros(2)
        >>> updates, _ = optimizer.update(jnp.array([3.0, 0.25]), optimizer.init(params), params)
        >>> (updates + 0).tolist()  # −(3 − 0.5) / (1 + 3)
        [-0.625, 0.0]
    """
    return chain(DescendByFtrl(learning_rate, beta, l1, l2))
