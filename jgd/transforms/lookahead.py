"""Lookahead: slow weights that follow k steps of a faster method, and to which it then returns.

every k-th step:  φ ← φ + α (θ − φ),  θ ← φ

Source: Zhang, Lucas, Hinton & Ba 2019, arXiv:1907.08610, algorithm 1; there k = 5 and α = 0.5 for most results. The
slow weights φ are read out. The inner method's state is kept at a synchronization; `reset` starts it anew there, the
second of the choices that the paper compares. optax keeps φ in the parameters instead, as a pair.
"""

from typing import Any

import jax

from jgd.core import checks, tree
from jgd.core.optimizer import TransformLike
from jgd.core.record import hyper, record, static_field
from jgd.core.transform import Context
from jgd.core.types import Params, Scalar
from jgd.transforms.wrapper import Wrapper, restarted


@record
class LookaheadState:
    """The slow weights φ, and the inner transform's state."""

    weights: Params  # φ
    inner: Any


@record
class Lookahead(Wrapper):
    """`transform` makes the fast steps; after every `update_every` of them φ ← φ + slow_step_size (θ − φ), θ ← φ.

    It must be last in a chain.

    Args:
        transform: A transform or an optimizer that need not be last itself: that one would not see the synchronization.
        update_every: k, the fast steps between two synchronizations. ≥ 1; structure. Default: 5.
        slow_step_size: α, also a schedule; 1 changes nothing. In (0, 1]. Default: 0.5.
        reset: Whether the inner state starts anew at a synchronization. Structure. Default: False.

    Raises:
        JgdTypeError: For something that is no transform.
        JgdValueError: For a transform that must be last, and a number outside its range.

    Example:
        >>> import jgd, jax.numpy as jnp
        >>> optimizer = jgd.chain(Lookahead(jgd.optimizers.sgd(1.0).transform, update_every=2))
        >>> params = jnp.zeros(())
        >>> state = optimizer.init(params)
        >>> for _ in range(2):
        ...     updates, state = optimizer.update(jnp.array(-1.0), state, params)
        ...     params = jgd.apply_updates(params, updates)
        ...     print(float(params))
        1.0
        1.0
    """

    transform: TransformLike
    update_every: int = static_field(default=5)
    slow_step_size: Scalar = hyper("(0, 1]", default=0.5)
    reset: bool = static_field(default=False)

    def __post_init__(self) -> None:
        self._accept()
        checks.count("update_every", self.update_every, least=1)
        if self.transform.must_be_last:
            raise checks.JgdValueError(
                "Lookahead takes no transform that must be last: it would not see the synchronization",
                argument="transform",
            )

    def init(self, params: Params) -> LookaheadState:
        return LookaheadState(tree.cast_like(params, tree.zeros_like(params)), self.transform.init(params))

    def update(self, updates: Params, state: LookaheadState, context: Context) -> tuple[Params, LookaheadState]:
        updates, inner = self.transform.update(updates, state.inner, context)
        inner = tree.cast_like(inner, state.inner)
        alpha = context.at(self.slow_step_size)

        def synchronize(updates: Params, state: LookaheadState) -> tuple[Params, LookaheadState]:
            fast = tree.add(context.params, updates)
            slow = tree.map(lambda slow, fast: slow + alpha * (fast - slow), state.weights, fast)
            inner = restarted(self.transform, slow, state.inner) if self.reset else state.inner
            return tree.subtract(slow, context.params), LookaheadState(slow, inner)

        due = context.step % self.update_every == self.update_every - 1
        go_on = lambda updates, state: (updates, state)
        return jax.lax.cond(due, synchronize, go_on, updates, LookaheadState(state.weights, inner))

    def eval_params(self, params: Params, state: LookaheadState) -> Params:
        return state.weights

    @property
    def must_be_last(self) -> bool:
        return True
