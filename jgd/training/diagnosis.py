"""Why a run broke: the refused step, taken again, the likely cause, and what to try."""

import math
from typing import Any

import jax
import numpy as np
from jax import Array

from jgd.core import checks
from jgd.core.composite import flat
from jgd.core.loss_protocol import OnBatch, takes
from jgd.core.optimizer import Optimizer
from jgd.core.processes import gathered
from jgd.core.types import Batch, Loss, Params
from jgd.descent import TrainState
from jgd.gradients.curvature import max_stable_learning_rate
from jgd.optimizers.momentum import Trace
from jgd.status import RunEnd, Status
from jgd.transforms import ScaleByLearningRate

UNEVEN = 100.0  # features whose spreads differ by more than this factor are called unscaled


@jax.jit
def _gradient(loss: Loss, params: Params, batch: Batch, key: Any, model_state: Any) -> Params:
    return jax.grad(OnBatch(loss, batch, key, model_state))(params)


def diagnosis(
    loss: Loss,
    optimizer: Optimizer,
    train_state: TrainState,
    batch: Batch,
    key: Array,
    at: int,
    history: dict[str, np.ndarray],
    limit: float,
) -> RunEnd:
    """The end of a run whose step number `at` was refused. `train_state`, `batch` and `key` are what it started from."""
    value = float(history["loss"][-1])
    for path, leaf in jax.tree_util.tree_leaves_with_path(
        gathered(_gradient(loss, train_state.params, batch, key, train_state.model_state))
    ):
        bad = np.argwhere(~np.isfinite(np.asarray(leaf, dtype=np.float64)))
        if len(bad):
            index = tuple(int(i) for i in bad[0])
            entry = f"{checks.path_of(path)}{list(index) if index else ''}"
            return RunEnd(Status.NONFINITE, at, f"the gradient is {np.asarray(leaf)[index]} at {entry}; loss {value:g}")
    if not np.isfinite(value):
        return RunEnd(Status.NONFINITE_LOSS, at, f"the loss is {value} while its gradient is finite")
    if value > limit:
        lowest = int(np.argmin(history["loss"]))
        began = f"it grew from {history['loss'][lowest]:g} at step {history['step'][lowest]} on"
        asks = takes(loss)
        fixed = lambda params, batch: OnBatch(loss, batch, key, train_state.model_state)(params)
        causes = [
            *_too_fast(fixed if asks.key or asks.state else loss, optimizer, train_state.params, batch, history),
            *_uneven(batch),
        ]
        advice = "; ".join(causes) or "lower learning_rate, or scale the features"
        return RunEnd(Status.DIVERGED, at, f"the loss {value:g} is above {limit:g}, {began}; {advice}")
    return RunEnd(Status.NONFINITE, at, f"the update overflows while loss ({value:g}) and gradient are finite")


def _too_fast(
    loss: Loss, optimizer: Optimizer, params: Params, batch: Batch, history: dict[str, np.ndarray]
) -> list[str]:
    """For plain descent and the heavy ball, whose stable rates are known: the rate beside 2 (1 + β)/λ."""
    match tuple(flat(optimizer.transform)):
        case (ScaleByLearningRate(),):
            momentum, words = 0.0, "2/λ"
        case (Trace(nesterov=False) as trace, ScaleByLearningRate()) if not callable(trace.momentum):
            momentum, words = float(trace.momentum), "2 (1 + momentum)/λ"
        case _:
            return []
    rate, stable = float(history["learning_rate"][-1]), max_stable_learning_rate(loss, params, batch, momentum)
    if not (math.isfinite(stable) and rate > stable):
        return []
    return [f"learning_rate {rate:g} is above {words} = {stable:.3g}, the largest that is stable here: lower it"]


def _uneven(batch: Any) -> list[str]:
    """Columns of a batch whose spreads differ so much that no one learning rate suits them all."""
    for path, leaf in jax.tree_util.tree_leaves_with_path(batch):
        table = np.asarray(leaf)
        if table.ndim != 2 or table.dtype.kind != "f" or table.shape[1] < 2 or len(table) < 2:
            continue
        table = table.astype(np.float64)
        spread = table.max(axis=0) - table.min(axis=0)
        wide, narrow = int(spread.argmax()), int(np.where(spread > 0, spread, np.inf).argmin())
        if spread[narrow] > 0 and spread[wide] > UNEVEN * spread[narrow]:
            low, high = table.min(axis=0), table.max(axis=0)
            return [
                f"features are unscaled: column {wide} of batch{checks.path_of(path)} spans {low[wide]:.3g} … "
                f"{high[wide]:.3g}, column {narrow} {low[narrow]:.3g} … {high[narrow]:.3g}: scale them (jgd.Standard)"
            ]
    return []
