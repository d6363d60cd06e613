"""ScaleByLearningRate: the transform that turns a direction into a step downhill, and reports the rate it used."""

from typing import Any

import jax.numpy as jnp
from jax import Array

from jgd.core import tree
from jgd.core.record import hyper, record
from jgd.core.transform import Context, Transform, UpdateInfo
from jgd.core.types import Params, Scalar


@record
class LearningRateState:
    """The learning rate of the last update, (); NaN before the first."""

    learning_rate: Array

    @staticmethod
    def unused(params: Params) -> "LearningRateState":
        """The state before the first update, in the compute dtype of `params`."""
        return LearningRateState(jnp.full((), jnp.nan, tree.compute_dtype(params)))


class ReportsLearningRate(Transform):
    """A transform whose state is a LearningRateState, or has one as `rate`, and which reports it; it makes the step."""

    sign = "turns"

    def info(self, state: Any) -> UpdateInfo:
        """The learning rate of the last update."""
        rate = state if isinstance(state, LearningRateState) else state.rate
        return UpdateInfo(rate.learning_rate)


@record
class ScaleByLearningRate(ReportsLearningRate):
    """updates ← −learning_rate · updates, the last transform of most chains.

    Args:
        learning_rate: η, a number or a schedule. > 0.

    Example:
        >>> import jgd
        >>> optimizer = jgd.chain(ScaleByLearningRate(0.5))
        >>> optimizer.update(jnp.array([3.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))[0].tolist()
        [-1.5]
    """

    entrywise = True

    learning_rate: Scalar = hyper("> 0")

    def init(self, params: Params) -> LearningRateState:
        return LearningRateState.unused(params)

    def update(self, updates: Params, state: LearningRateState, context: Context) -> tuple[Params, LearningRateState]:
        rate = context.at(self.learning_rate)
        return tree.scale(-rate, updates), LearningRateState(rate)
