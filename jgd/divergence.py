"""Layer 5: the loss above which a run has diverged, measured from its loss at the start."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core import checks, tree
from jgd.core.loss_protocol import Aux, OnBatch
from jgd.core.seeds import loss_key
from jgd.core.types import Batch, Loss, Params

BASELINE_ROWS = 1024  # rows of the training data on which "the loss at the start" is taken: as a piece of an evaluation
DIVERGED_ABOVE = 1e4  # a loss above this many times its start has diverged


@jax.jit
def initial_loss(
    loss: Loss, params: Params, rows: Batch, key: Array | None = None, model_state: Any = None
) -> tuple[Array, Aux]:
    """The loss at the start, () in the compute dtype, and what it returns beside its value.

    key: of the run's LOSS stream, of which the draws of step 0 are taken; None without draws.
    """
    value, (aux, _) = OnBatch(loss, rows, loss_key(key, 0), model_state).outcome(params)
    return value.astype(tree.compute_dtype(params)), aux


def loss_limit(at_start: Array, factor: float | Array) -> Array:
    """The loss above which a run has diverged: factor · max(|start|, 1) above the start; none if that isn't finite.

    Args:
        at_start: () the loss at the start.
        factor: > 0, `diverged_above` of `train`; inf for no limit.

    Returns:
        () in the dtype of `at_start`; inf where the start is not finite.

    Example:
        >>> float(loss_limit(jnp.asarray(2.0), 10.0)), float(loss_limit(jnp.asarray(0.1), 10.0))
        (22.0, 10.100000381469727)
    """
    factor = jnp.asarray(factor).astype(at_start.dtype)  # with x64 on, a factor may be wider than the loss
    return jnp.where(jnp.isfinite(at_start), at_start + factor * jnp.maximum(jnp.abs(at_start), 1), jnp.inf)


def checked_factor(value: Any) -> float:
    """`diverged_above` as a float: > 0, and inf where no loss is too large.

    Raises:
        JgdTypeError: It is no number.
        JgdValueError: It isn't > 0.
    """
    if isinstance(value, float | np.floating) and value == np.inf:
        return float(value)
    return checks.number("diverged_above", value, "> 0")
