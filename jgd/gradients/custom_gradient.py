"""A gradient of one's own, attached to its loss: every `jax.grad` of it, in steps and searches, then uses it."""

from collections.abc import Callable

import jax
from jax import Array

from jgd.core import checks, tree
from jgd.core.functions import crossing
from jgd.core.record import record
from jgd.core.types import Batch, Loss, Params


@jax.custom_vjp
def _value(loss: Loss, gradient: Callable[[Params, Batch], Params], params: Params, batch: Batch) -> Array:
    return loss(params, batch)


def _forward(loss, gradient, params, batch):
    return loss(params, batch), (loss, gradient, params, batch)


def _backward(saved, cotangent):
    loss, gradient, params, batch = saved
    derived = gradient(params, batch)
    checks.same_structure(derived, params)
    grads = tree.map(lambda g, p: (cotangent.astype(g.dtype) * g).astype(p.dtype), derived, params)
    # the loss's own numbers and the batch keep the automatic derivative; XLA removes it where nobody asks
    _, pull = jax.vjp(lambda loss, batch: loss(params, batch), loss, batch)
    of_loss, of_batch = pull(cotangent)
    return of_loss, None, grads, of_batch


_value.defvjp(_forward, _backward)


@record
class CustomGradient:
    """A loss (params, batch) with `gradient` as its derivative by params; made by `with_custom_gradient`."""

    loss: Loss
    gradient: Callable[[Params, Batch], Params]

    def __call__(self, params: Params, batch: Batch) -> Array:
        """The loss, ()."""
        return _value(self.loss, self.gradient, params, batch)


def with_custom_gradient(loss: Loss, gradient: Callable[[Params, Batch], Params]) -> CustomGradient:
    """The loss, with `gradient(params, batch)` as its gradient by params, through `jax.custom_vjp`.

    `jax.grad`, `jgd.step`, `jgd.train`, line searches and the checker all use the attached gradient; derivatives by
    the batch and by the loss's own numbers stay automatic. `hvp` differentiates `gradient` in its turn. The price of
    `jax.custom_vjp`: no `jax.jvp` of the loss itself. Whether the gradient is right, `jgd.check_gradients` tells.

    Args:
        loss: A function (params, batch) -> one real floating number.
        gradient: A function (params, batch) -> a tree like params, with its shapes.

    Returns:
        A loss (params, batch), a record that crosses jit.

    Raises:
        JgdTypeError: One of them is no function of (params, batch).
        JgdValueError: At trace time, where the gradient misses a leaf, has another one, or one of another shape.

    Example:
        >>> import jax.numpy as jnp
        >>> loss = with_custom_gradient(lambda w, batch: jnp.sum(w**2), lambda w, batch: 2 * w)
        >>> jax.grad(loss)(jnp.array([3.0]), None).tolist()
        [6.0]
    """
    for name, function in (("loss", loss), ("gradient", gradient)):
        if not callable(function):
            raise checks.JgdTypeError(
                f"{name} must be callable as {name}(params, batch), got {checks.shown(function)}", argument=name
            )
        checks.takes(name, function, "params", "batch")
    return CustomGradient(crossing(loss), crossing(gradient))
