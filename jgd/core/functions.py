"""A user's functions: how they are named in messages, how they cross jit, and a loss whose answer is checked."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks
from jgd.core.types import Batch, Loss, Params

UNTRACEABLE = (jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError)  # what `untraceable` explains


class ExamplesWanted(Exception):
    """While tracing: a method asks for each example of a batch that is filled up by rows that are none."""


def crossing(function: Callable) -> Callable:
    """What crosses jit: a record does, a plain function by its identity."""
    return jax.tree_util.Partial(function) if jax.tree_util.all_leaves([function]) else function


@dataclass(frozen=True)
class OnBatch:
    """loss(·, batch), refused by name unless it returns one real floating number and can be traced.

    What an optimizer's `loss=` takes; made this way it also knows the examples one by one.

    Args:
        loss: loss(params, batch), a function or a record.
        batch: A pytree of arrays that share their leading axis, the examples.
        filled: Whether the batch is filled up by rows of weight 0, which are no examples. Default: False.

    Example:
        >>> loss = lambda w, rows: jnp.mean((w - rows) ** 2)
        >>> at = OnBatch(loss, jnp.array([1.0, 3.0]))
        >>> float(at(jnp.zeros(()))), at.example_gradients(jnp.zeros(())).tolist()
        (5.0, [-2.0, -6.0])
    """

    loss: Loss
    batch: Batch
    filled: bool = False

    def __call__(self, params: Params) -> Array:
        loss = self.loss
        try:
            value = loss(params, self.batch)
        except UNTRACEABLE as error:
            raise untraceable(loss) from error
        return one_number(loss, value)

    def example_gradients(self, params: Params) -> Params:
        """The gradient of each example's loss, taken as a batch of one row: leaves (rows, …)."""
        checks.rows("batch", self.batch)
        if self.filled:
            raise ExamplesWanted
        one = lambda row: jax.grad(OnBatch(self.loss, jax.tree.map(lambda x: x[None], row)))(params)
        return jax.vmap(one)(self.batch)

    @property
    def has_outputs(self) -> bool:
        """Whether the loss says how it is made of a model's outputs: of_outputs(outputs(params, batch), batch)."""
        return hasattr(self.loss, "outputs") and hasattr(self.loss, "of_outputs")

    def gauss_newton_product(self, params: Params, vector: Params) -> Params:
        """Jᵀ L J · vector: J the Jacobian of the outputs, L the Hessian of the loss in them."""
        loss: Any = self.loss
        outputs = lambda at: loss.outputs(at, self.batch)
        there, along = jax.jvp(outputs, (params,), (vector,))
        curved = jax.jvp(jax.grad(lambda at: loss.of_outputs(at, self.batch)), (there,), (along,))[1]
        return jax.vjp(outputs, params)[1](curved)[0]


def one_number(loss: Loss, value: Any) -> Any:
    """What a loss returned, refused by the loss's name unless it is one real floating number."""
    dtype = getattr(value, "dtype", None)
    if dtype is None or jnp.shape(value) != () or not jnp.issubdtype(dtype, jnp.floating):
        got = f"shape {jnp.shape(value)}, dtype {dtype}" if dtype is not None else f"{type(value).__name__}"
        raise checks.JgdTypeError(f"the loss {name_of(loss)} must return one real floating number, got {got}")
    return value


def untraceable(function: Any, what: str = "loss") -> checks.JgdTypeError:
    """The error for a loss (or what else it is) that needs a number where there is a tracer."""
    return checks.JgdTypeError(
        f"the {what} {name_of(function)} needs the value of a traced array (a Python `if`, float(), int() or NumPy): use "
        "jnp in place of np, jnp.where or jax.lax.cond; jax.disable_jit() runs it step by step for a debugger"
    )


def name_of(function: Any) -> str:
    """A function's or record's name for messages."""
    function = getattr(function, "func", function)
    return getattr(function, "__qualname__", type(function).__name__)
