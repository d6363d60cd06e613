"""ScaleByLearningRate: the transform that turns a direction into a step downhill, and reports the rate it used."""

import math
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import tree
from jgd.core.record import hyper, record
from jgd.core.types import Context, Params, Scalar


@record
class LearningRateState:
    """The learning rate of the last update, (); NaN before the first."""

    learning_rate: Array

    @staticmethod
    def unused(params: Params) -> "LearningRateState":
        return LearningRateState(jnp.full((), jnp.nan, tree.compute_dtype(params)))


@record
class LearningRateScale:
    """What a transform multiplies all updates of its chain by, (): the learning rate in use is the LearningRateState times this.

    A field of that transform's state.
    """

    factor: Array


@record
class ScaleByLearningRate:
    """updates ← −learning_rate · updates, the last transform of most chains."""

    learning_rate: Scalar = hyper("> 0")

    def init(self, params: Params) -> LearningRateState:
        return LearningRateState.unused(params)

    def update(self, updates: Params, state: LearningRateState, context: Context) -> tuple[Params, LearningRateState]:
        rate = context.at(self.learning_rate)
        return tree.scale(-rate, updates), LearningRateState(rate)


def learning_rate(state: Any, otherwise: float = math.nan) -> Array:
    """The learning rate that the last update used, read from an optimizer's state; `otherwise` where none is reported.

    It is the first transform's that has one, times the `LearningRateScale` of every transform in the same chain or in one around it.

    >>> import jgd
    >>> optimizer = jgd.optimizers.sgd(jgd.schedules.StepDecay(0.5, step_size=1, decay_rate=0.5))
    >>> state = optimizer.init(jnp.ones(2))
    >>> for _ in range(2):
    ...     _, state = optimizer.update(jnp.ones(2), state, jnp.ones(2))
    >>> float(learning_rate(state))
    0.25
    """
    tells = lambda node: isinstance(node, (LearningRateState, LearningRateScale))
    told = [(path, node) for path, node in jax.tree_util.tree_leaves_with_path(state, is_leaf=tells) if tells(node)]
    rates = [(path, node.learning_rate) for path, node in told if isinstance(node, LearningRateState)]
    if not rates:
        return jnp.full((), otherwise, jnp.float32)
    place, rate = rates[0]
    for path, node in told:
        # the path of a scale ends in its place in the chain and the name of the field: …[i].scale
        if isinstance(node, LearningRateScale) and path[:-2] == place[: len(path) - 2]:
            rate = node.factor * rate
    return rate
