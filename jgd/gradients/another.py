"""Whether a loss is the same function in float64."""

import jax
import jax.numpy as jnp

from jgd.core.types import Batch, Loss, Params
from jgd.gradients.double import double, lay_out


def other_function(loss: Loss, params: Params, batch: Batch, value: float, here: float) -> str:
    """Why `here`, the loss in float64, is not just `value`, the program's, with more digits; "" if it is.

    Random numbers of the default dtype are others in float64. So is the loss of the program's own numbers then: where
    float64 being allowed moves that by as much, it was not rounding.
    """
    layout, _, _ = lay_out(params)
    eps = max([float(jnp.finfo(d).eps) for d, p in zip(layout.dtypes, layout.places, strict=True) if p], default=0.0)
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
