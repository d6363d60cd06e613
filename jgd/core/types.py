"""The words of the library: parameters, schedules, losses, the Link protocol and the Context that a link sees."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree

Params: TypeAlias = Any  # a pytree of floating arrays
Batch: TypeAlias = Any  # a pytree of arrays that share their leading axis, the examples
Schedule: TypeAlias = Callable[[Array], Array]  # () int32 step, or an array of steps -> the value there
Scalar: TypeAlias = float | Array | Schedule  # a hyperparameter: a number, a traced number, or a schedule
Loss: TypeAlias = Callable[[Params, Batch], Array]  # -> () floating


@dataclass(frozen=True)
class Context:
    """What a link may look at besides the updates. It lives inside one update and never crosses jit."""

    params: Params  # in the compute dtype (float32 or wider)
    grads: Params  # as the optimizer received them, in the compute dtype
    step: Array  # () int32: updates made so far, the only clock
    value: Array | None = None  # () the loss at params, where the caller has it
    loss: Callable[[Params], Array] | None = None  # params -> the loss on this batch, for links that look elsewhere

    def at(self, hyperparameter: Scalar) -> Array:
        """A hyperparameter's value now, () in the compute dtype, be it a number or a schedule."""
        value = hyperparameter(self.step) if callable(hyperparameter) else hyperparameter
        if jnp.ndim(value) != 0:
            raise checks.JgdValueError(
                f"a hyperparameter must be one number inside an update, got shape {jnp.shape(value)}: "
                "jax.vmap over a batch of optimizers, or use jgd.sweep"
            )
        return jnp.asarray(value).astype(tree.compute_dtype(self.params))

    def gradient_at(self, params: Params, who: str) -> Params:
        """The gradient of the loss on this batch at other parameters; refused where the caller gave no loss."""
        if self.loss is None:
            raise checks.JgdTypeError(
                f"{who} looks at other parameters and needs the loss on this batch: "
                "call optimizer.update(..., loss=lambda params: ...), or use jgd.step, which does"
            )
        return jax.grad(self.loss)(params)


class Link(Protocol):
    """What a chain is made of. Pure: all that is remembered is in `memory`, a record or ().

    A class may set `ignores_updates = True` when its result doesn't depend on the updates it is given; `chain` then
    accepts it in first place only, where nothing before it is lost.
    """

    def init(self, params: Params, /) -> Any:
        """The memory before the first update."""
        ...

    def apply(self, updates: Params, memory: Any, context: Context, /) -> tuple[Params, Any]:
        """One update: -> (updates, memory)."""
        ...
