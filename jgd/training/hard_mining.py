"""Which rows are the hardest: those of the largest loss, for the order `HardMining`."""

from typing import Any

import jax
import numpy as np
from jax import Array

from jgd.core.loss_protocol import evaluated
from jgd.core.processes import gathered
from jgd.core.types import Batch, Loss, Params


def hardest_rows(loss: Loss, params: Params, data: Batch, model_state: Any = None) -> np.ndarray:
    """(rows,) int32: row numbers from the largest loss on, a NaN before all others."""
    losses = np.nan_to_num(np.asarray(gathered(_row_losses(loss, params, data, model_state))), nan=np.inf)
    return np.argsort(-losses, kind="stable").astype(np.int32)


@jax.jit
def _row_losses(loss: Loss, params: Params, data: Batch, model_state: Any) -> Array:
    one = lambda row: evaluated(loss, params, jax.tree.map(lambda x: x[None], row), model_state)
    return jax.lax.map(one, data, batch_size=1024)
