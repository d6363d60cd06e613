"""Averaged SGD: descend with a slowly falling rate, and deploy the average of the path.

η_t = η / (1 + λ η t)^α                                t = 0, 1, …
θ ← θ − η_t (g + λ θ)
θ̄ ← θ̄ + (θ − θ̄) / max(1, t − t0)

Source: Polyak & Juditsky 1992, "Acceleration of stochastic approximation by averaging"; with these rates Bottou 2010,
"Large-scale machine learning with stochastic gradient descent", and torch, whose numbers are the defaults. Until
t = t0 + 1 the average is θ itself. The average is the optimizer's `eval_params`; the parameters go on descending.
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
class AsgdState:
    """The average of the parameters and the rate used."""

    average: Params  # θ̄
    rate: LearningRateState


@record
class DescendByAsgd(ReportsLearningRate):
    """−η_t (g + λ θ), and the average of where that leads. It must see the step that is really made."""

    learning_rate: Scalar = hyper("> 0")
    lambd: Scalar = hyper(">= 0")
    alpha: Scalar = hyper(">= 0")
    t0: Scalar = hyper(">= 0")
    must_be_last = True

    def init(self, params: Params) -> AsgdState:
        return AsgdState(tree.copy(params), LearningRateState.unused(params))

    def update(self, grads: Params, state: AsgdState, context: Context) -> tuple[Params, AsgdState]:
        rate, decay = context.at(self.learning_rate), context.at(self.lambd)
        t = context.step.astype(rate.dtype)
        rate = rate / (1 + decay * rate * t) ** context.at(self.alpha)
        updates = tree.map(lambda g, w: -rate * (g + decay * w), grads, context.params)
        share = 1 / jnp.maximum(1, t - context.at(self.t0))
        here = tree.add(context.params, updates)
        average = tree.map(lambda a, w: a + share * (w - a), state.average, here)
        return updates, AsgdState(average, LearningRateState(rate))

    def eval_params(self, params: Params, state: AsgdState) -> Params:
        return state.average


@builder
def asgd(
    learning_rate: Scalar = 0.01,
    *,
    lambd: Scalar = 1e-4,
    alpha: Scalar = 0.75,
    t0: Scalar = 1e6,
) -> Optimizer:
    """Averaged SGD: θ ← θ − η_t (g + λ θ), η_t = η / (1 + λ η t)^α; evaluated is the average from step t0 on.

    Names and defaults: torch's.

    Args:
        learning_rate: η > 0, a number or a schedule. Default: 0.01.
        lambd: λ ≥ 0, of the decay of weights and rate. Default: 1e-4.
        alpha: α ≥ 0, the power of the rate's fall. Default: 0.75.
        t0: ≥ 0, the step from which on points are averaged; 0 for the mean of all points but the first. Default: 1e6.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer, params = asgd(0.5, lambd=0.0, t0=0), jnp.zeros(1)
        >>> state = optimizer.init(params)
        >>> for _ in range(3):
        ...     updates, state = optimizer.update(jnp.ones(1), state, params)
        ...     params = params + updates
        >>> params.tolist(), optimizer.eval_params(state, params).tolist()
        ([-1.5], [-1.25])
    """
    return chain(DescendByAsgd(learning_rate, lambd, alpha, t0))
