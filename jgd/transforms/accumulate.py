"""Accumulation: one update for the mean gradient of k micro-batches, for a batch that doesn't fit the state.

G ← G + g at every step; at each k-th one u = transform(G / k), G ← 0; at the others u = 0

Its clock is the run's: the inner transform sees step // k, so its schedules count real updates. Gradients that no k-th step
follows, at the end of a run, are not used. The inner transform sees one micro-batch only, so it may not look at the loss
elsewhere (look-ahead Nesterov, SAM, line searches): `jgd.in_pieces(loss, k)` gives every transform the whole batch's loss,
with the state of a micro-batch. The value of the loss, where a transform uses it, is the mean of the k values.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree
from jgd.core.composite import blamed
from jgd.core.optimizer import TransformLike
from jgd.core.record import record, static_field
from jgd.core.transform import Context
from jgd.core.types import Params
from jgd.transforms.wrapper import Wrapper


@record
class AccumulateState:
    """What came since the last update: the sums of gradients and losses, and how many, () each but the first.

    The number is not a clock: after a micro-batch that a guard has skipped the mean is still a mean.
    """

    total: Params
    value: Array
    count: Array
    inner: Any

    @staticmethod
    def nothing(params: Params, inner: Any) -> "AccumulateState":
        dtype = tree.compute_dtype(params)
        return AccumulateState(tree.zeros_like(params), jnp.zeros((), dtype), jnp.zeros((), dtype), inner)


@record
class Accumulate(Wrapper):
    """`transform` on the mean gradient of every `steps` updates; nothing moves in between.

    Args:
        transform: A transform or an optimizer, which looks at no loss and takes no gradient of its own.
        steps: How many micro-batches make one update. ≥ 1; structure.

    Raises:
        JgdTypeError: For something that is no transform, and for a transform that takes its own gradient.
        JgdValueError: For `steps` below 1.

    Example:
        >>> import jgd
        >>> optimizer = jgd.chain(Accumulate(jgd.optimizers.sgd(0.5).transform, steps=2))
        >>> params = jnp.zeros(())
        >>> state = optimizer.init(params)
        >>> for gradient in (1.0, 3.0):
        ...     updates, state = optimizer.update(jnp.array(gradient), state, params)
        ...     print(float(updates))
        0.0
        -1.0
    """

    transform: TransformLike
    steps: int = static_field()

    def __post_init__(self) -> None:
        self._accept()
        checks.count("steps", self.steps, least=1)
        if self.ignores_updates:
            raise checks.JgdTypeError(_elsewhere(blamed(self.transform, "ignores_updates")), argument="transform")

    def init(self, params: Params) -> AccumulateState:
        return AccumulateState.nothing(params, self.transform.init(params))

    def update(self, updates: Params, state: AccumulateState, context: Context) -> tuple[Params, AccumulateState]:
        value = jnp.zeros_like(state.value) if context.value is None else context.value_for("Accumulate")
        gathered = AccumulateState(tree.add(state.total, updates), state.value + value, state.count + 1, state.inner)

        def due(gathered: AccumulateState) -> tuple[Params, AccumulateState]:
            mean = tree.scale(1 / gathered.count, gathered.total)
            within = context.among(
                grads=mean,
                step=context.step // self.steps,
                value=None if context.value is None else gathered.value / gathered.count,
                loss=None if context.loss is None else _refused,
                examples=None if context.examples is None else _refused,
                gauss_newton=None if context.gauss_newton is None else _refused,
            )
            made, inner = self.transform.update(mean, gathered.inner, within)
            empty = AccumulateState.nothing(gathered.total, tree.cast_like(inner, gathered.inner))
            return tree.cast_like(made, updates), empty

        gather = lambda gathered: (tree.zeros_like(updates), gathered)
        return jax.lax.cond(context.step % self.steps == self.steps - 1, due, gather, gathered)


def _elsewhere(who: str) -> str:
    return (
        f"{who} looks at the loss or takes its own gradient, and inside Accumulate it would see one micro-batch only: "
        "use jgd.in_pieces(loss, k), which has the whole batch's loss in a micro-batch's memory"
    )


def _refused(*at: Params) -> Any:
    raise checks.JgdTypeError(_elsewhere("a transform"))
