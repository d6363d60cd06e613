"""A user's loss or metric as an argument of a compiled function."""

import jax
import jax.numpy as jnp

from jgd.core import checks
from jgd.core.functions import crossing
from jgd.core.types import Loss


def traceable(loss: Loss) -> Loss:
    """A loss or metric that crosses jit: a record does, a plain function is wrapped by its identity.

    Raises:
        JgdTypeError: `loss` can't be called.
    """
    if not callable(loss):
        raise checks.JgdTypeError(
            f"loss must be callable as loss(params, batch), got {checks.shown(loss)}", argument="loss"
        )
    return jax.tree.map(jnp.asarray, crossing(loss))
