"""Which rows are the hardest: those of the largest loss, for the order `HardMining`."""

import jax
import numpy as np
from jax import Array

from jgd.core.functions import OnBatch
from jgd.core.types import Batch, Loss, Params


def hardest_rows(loss: Loss, params: Params, data: Batch) -> np.ndarray:
    """(rows,) int32: row numbers from the largest loss on, a NaN before all others."""
    losses = np.nan_to_num(np.asarray(_row_losses(loss, params, data)), nan=np.inf)
    return np.argsort(-losses, kind="stable").astype(np.int32)


@jax.jit
def _row_losses(loss: Loss, params: Params, data: Batch) -> Array:
    one = lambda row: OnBatch(loss, jax.tree.map(lambda x: x[None], row))(params)
    return jax.lax.map(one, data, batch_size=1024)
