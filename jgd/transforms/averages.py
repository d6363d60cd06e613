"""Averages of the parameters, read out for evaluation and deployment while the parameters themselves go on descending.

exponential  a_t = b a_{t−1} + (1 − b) θ_t, read out as a_t / (its weight), so that the start doesn't count
uniform      a = the mean of θ_n over every `update_every`-th n from `start` on

`optimizer.eval_params(state, params)` gives the average; `jgd.train` and `jgd.sweep` evaluate and keep it. θ_t is the
parameters after update t as they are stored, so an average must be the last transform; as it changes no update, it may stand
behind another that must be last: chain(..., ScaleByLearningRate(η), Project(...), EmaOfParams(b)).

Sources: Polyak & Juditsky 1992, "Acceleration of stochastic approximation by averaging" (uniform, every step);
Izmailov et al. 2018, arXiv:1803.05407, algorithm 1 (SWA: uniform, from a start, once a cycle); the exponential one is
usual since Szegedy et al. 2016, arXiv:1512.00567, section 8.
"""

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree
from jgd.core.record import hyper, record, static_field
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.core.updates import apply_updates
from jgd.transforms.means import Mean


@record
class EmaOfParams(Transform):
    """a ← decay · a + (1 − decay) · θ, θ after the update; it doesn't change the descent.

    Args:
        decay: What the average keeps at a step, also a schedule. In [0, 1). Default: 0.999.
        debias: Whether the average starts empty and is divided by its weight; else it starts at the initial parameters, as
            torch's `get_ema_avg_fn` does once it has seen them. Structure. Default: True.

    Example:
        >>> import jgd
        >>> optimizer = jgd.chain(jgd.transforms.ScaleByLearningRate(1.0), EmaOfParams(0.5))
        >>> params, state = jnp.zeros(()), optimizer.init(jnp.zeros(()))
        >>> for _ in range(2):
        ...     updates, state = optimizer.update(jnp.array(-3.0), state, params)
        ...     params = jgd.apply_updates(params, updates)
        >>> float(params), float(optimizer.eval_params(state, params))
        (6.0, 5.0)
    """

    decay: Scalar = hyper("[0, 1)", default=0.999)
    debias: bool = static_field(default=True)
    must_be_last = True
    only_observes = True

    def init(self, params: Params) -> Mean:
        empty = Mean.like(params)
        return empty if self.debias else Mean(tree.cast_like(params, empty.total), jnp.ones_like(empty.weight))

    def update(self, updates: Params, mean: Mean, context: Context) -> tuple[Params, Mean]:
        return updates, mean.absorb(context.at(self.decay), _arrived(updates, context))

    def eval_params(self, params: Params, mean: Mean) -> Params:
        return tree.select(mean.weight > 0, mean.value(), params)


@record
class MeanOfParamsState:
    """A mean of parameters, and of how many."""

    mean: Params
    count: Array  # () how many θ_n are in it


@record
class MeanOfParams(Transform):
    """a = the mean of θ_n, the parameters after n updates, over all n ≥ start that `update_every` divides.

    start=0 and update_every=1 is Polyak's average; SWA has `update_every` an epoch or a cycle, the start at three
    quarters of the run and a constant or cyclic rate. Before the first θ_n that counts, the parameters themselves are
    read out.

    Args:
        start: The first n that counts: a number, which can be swept, and no schedule. ≥ 0. Default: 0.
        update_every: How many updates lie between two that count. ≥ 1; structure. Default: 1.

    Example:
        >>> import jgd
        >>> optimizer = jgd.chain(jgd.transforms.ScaleByLearningRate(1.0), MeanOfParams())
        >>> params, state = jnp.zeros(()), optimizer.init(jnp.zeros(()))
        >>> for _ in range(2):
        ...     updates, state = optimizer.update(jnp.array(-1.0), state, params)
        ...     params = jgd.apply_updates(params, updates)
        >>> float(params), float(optimizer.eval_params(state, params))
        (2.0, 1.5)
    """

    start: float = hyper(">= 0", schedule=False, default=0)
    update_every: int = static_field(default=1)
    must_be_last = True
    only_observes = True

    def __post_init__(self) -> None:
        checks.count("update_every", self.update_every, least=1)

    def init(self, params: Params) -> MeanOfParamsState:
        return MeanOfParamsState(tree.zeros_like(params), jnp.zeros((), tree.compute_dtype(params)))

    def update(self, updates: Params, state: MeanOfParamsState, context: Context) -> tuple[Params, MeanOfParamsState]:
        start = jnp.asarray(self.start).astype(tree.compute_dtype(context.params))
        arrived = _arrived(updates, context)

        def absorb(state: MeanOfParamsState) -> MeanOfParamsState:
            count = state.count + (context.step.astype(start.dtype) + 1 >= start).astype(state.count.dtype)
            share = tree.safe_divide(count - state.count, count)
            return MeanOfParamsState(tree.map(lambda a, w: a + share * (w - a), state.mean, arrived), count)

        return updates, jax.lax.cond(
            context.step % self.update_every == self.update_every - 1, absorb, lambda state: state, state
        )

    def eval_params(self, params: Params, state: MeanOfParamsState) -> Params:
        return tree.select(state.count > 0, state.mean, params)


def _arrived(updates: Params, context: Context) -> Params:
    """The parameters after the update, rounded to the dtype that they are stored in."""
    return tree.widen(apply_updates(context.stored, updates), tree.compute_dtype(context.params))
