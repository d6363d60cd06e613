"""Proximal gradient descent and its acceleration: a smooth loss plus a penalty that need not be smooth.

proximal_gradient (ISTA):   θ ← prox_{η h}(θ − η g)
fista:                      x' = prox_{η h}(θ − η g)
                            t' = (1 + √(1 + 4 t²)) / 2                  t = 1 at first
                            θ ← x' + (t − 1) / t' · (x' − x)            x ← x', t ← t'

Source: Beck & Teboulle 2009, "A fast iterative shrinkage-thresholding algorithm for linear inverse problems", equations 1.4
and 4.1 to 4.3. The parameters that descend are the extrapolated points; x are those that are evaluated. With `restart`,
t is 1 again after a step against which the extrapolation points, (θ − x')ᵀ(x' − x) > 0: O'Donoghue & Candès 2015, section
3.2, which needs no strong convexity to be known. Both take η ≤ 1 / L, L the largest curvature of the loss.
"""

from typing import Any

import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context
from jgd.core.types import Params, Scalar
from jgd.optimizers.sgd import sgd
from jgd.transforms import L1Penalty, LearningRateState, Proximal, ReportsLearningRate
from jgd.transforms.proximal import Penalty, as_penalty


@record
class FistaState:
    """x, shaped as the parameters, t, (), and the rate used."""

    points: Params
    t: Array
    rate: LearningRateState


@record
class DescendByFista(ReportsLearningRate):
    """From one extrapolated point to the next; evaluated are the proximal points."""

    learning_rate: Scalar = hyper("> 0")
    penalty: Penalty
    restart: bool = static_field(default=False)
    must_be_last = True
    per_leaf = True

    def init(self, params: Params) -> FistaState:
        one = jnp.ones((), tree.compute_dtype(params))
        return FistaState(tree.copy(params), one, LearningRateState.unused(params))

    def update(self, grads: Params, state: FistaState, context: Context) -> tuple[Params, FistaState]:
        rate, params = context.at(self.learning_rate), context.params
        points = tree.map(lambda w, g: self.penalty.prox(w - rate * g, rate, context.at), params, grads)
        moved = tree.subtract(points, state.points)
        t = state.t
        if self.restart:
            t = jnp.where(tree.dot(tree.subtract(params, points), moved) > 0, 1, t)
        following = (1 + jnp.sqrt(1 + 4 * t**2)) / 2
        ahead = tree.map(lambda x, d: x + (t - 1) / following * d, points, moved)
        return tree.subtract(ahead, params), FistaState(points, following, LearningRateState(rate))

    def eval_params(self, params: Params, state: FistaState) -> Params:
        return state.points


def _penalty(l1: Scalar, penalty: Any) -> Any:
    if penalty is not None:
        return as_penalty("penalty", penalty)
    with checks.renamed(strength="l1"):
        return L1Penalty(l1)


@builder
def proximal_gradient(
    learning_rate: Scalar,
    l1: Scalar = 1e-3,
    *,
    penalty: Penalty | None = None,
) -> Optimizer:
    """ISTA: θ ← prox_{η h}(θ − η g), by default the soft threshold of the lasso.

    Args:
        learning_rate: η > 0, a number or a schedule.
        l1: λ ≥ 0, the penalty λ Σ|θ|. Default: 1e-3.
        penalty: Another h in its place: `jgd.transforms.GroupLasso(…)`, `ElasticNet(…)`, `NuclearNorm(…)` or your own.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer, params = proximal_gradient(0.5, 1.0), jnp.array([2.0, 0.25])
        >>> updates, _ = optimizer.update(jnp.zeros(2), optimizer.init(params), params)
        >>> (params + updates).tolist()
        [1.5, 0.0]
    """
    return chain(Proximal(sgd(learning_rate), _penalty(l1, penalty)))


@builder
def fista(
    learning_rate: Scalar,
    l1: Scalar = 1e-3,
    *,
    penalty: Penalty | None = None,
    restart: bool = False,
) -> Optimizer:
    """FISTA: x' = prox_{η h}(θ − η g), θ ← x' + (t − 1) / t' · (x' − x); x is what is evaluated.

    Args:
        learning_rate: η > 0, a number or a schedule.
        l1: λ ≥ 0, the penalty λ Σ|θ|. Default: 1e-3.
        penalty: Another h in its place, as of `proximal_gradient`.
        restart: Whether t starts anew where the extrapolation points uphill; structure. Default: False.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer, params = fista(0.5, 1.0), jnp.array([2.0, 0.25])
        >>> updates, state = optimizer.update(jnp.zeros(2), optimizer.init(params), params)
        >>> optimizer.eval_params(state, params + updates).tolist()
        [1.5, 0.0]
    """
    return chain(DescendByFista(learning_rate, _penalty(l1, penalty), restart))
