"""Whether a loss can be checked: finite, the same twice, the same function in float64."""

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core.functions import one_number
from jgd.core.types import Batch, Loss, Params
from jgd.gradients.float64_loss import double, lay_out


def value_of(loss: Loss, params: Params, batch: Batch) -> float:
    """The loss at params: not compiled, so nothing is kept."""
    on_device = lambda tree: jax.tree.map(lambda x: jnp.asarray(x) if isinstance(x, np.ndarray) else x, tree)
    value = loss(on_device(params), on_device(batch))
    return float(one_number(loss, np.float64(value) if isinstance(value, float) else value))


def problem(loss: Loss, params: Params, batch: Batch, value: float, here: float) -> str:
    """Why the loss, `value` at params and `here` in float64, can't be checked; "" if it can.

    value: compiled or not. Two evaluations that agree to rounding say that it is the same twice, and in float64.
    """
    if not np.isfinite(value):
        return f"the loss is {value} at params"
    layout, _, _ = lay_out(params)
    eps = max([float(jnp.finfo(d).eps) for d, p in zip(layout.dtypes, layout.places, strict=True) if p], default=1e-7)
    if abs(value - here) <= 100 * eps * max(abs(value), abs(here)):
        return ""
    first, again = (value_of(loss, params, batch) for _ in range(2))
    if abs(first - again) > 100 * eps * max(abs(first), abs(again)):
        return f"the loss is not deterministic: {first} and {again} for the same params and batch"
    return _other_function(loss, params, batch, first, here, eps)


def _other_function(loss: Loss, params: Params, batch: Batch, value: float, here: float, eps: float) -> str:
    """Why `here`, the loss in float64, is not just `value`, the program's, with more digits; "" if it is.

    Random numbers of the default dtype are others in float64. So is the loss of the program's own numbers then: where
    float64 being allowed moves that by as much, it was not rounding.
    """
    if not np.isfinite(here):
        return f"the loss is {here} at params in float64, {value} in the program's precision"
    if not abs(here - value) > 100 * eps * max(abs(here), abs(value)):
        return ""
    try:
        with double():
            own = float(loss(jax.tree.map(jnp.asarray, params), jax.tree.map(jnp.asarray, batch)))
    except (TypeError, ValueError):
        return ""
    if not abs(own - here) < 0.1 * abs(own - value):
        return ""
    return "the loss is another function in float64 (random numbers of the default dtype?)"
