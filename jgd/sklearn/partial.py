"""One pass over some rows that goes on from where the last one ended, the optimizer's state included."""

from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from jgd.core import tree
from jgd.core.optimizer import Optimizer
from jgd.descent import TrainState, start, step
from jgd.losses import SupervisedLoss
from jgd.sklearn.rows import Rows


@dataclass
class Stream:
    """Where a stream of chunks stands.

    Attributes:
        optimizer: The one that makes the steps.
        state: Parameters and the optimizer's state, NumPy arrays.
        steps: That a schedule by name is over, as the first chunk said.
    """

    optimizer: Optimizer
    state: TrainState
    steps: int

    @classmethod
    def begin(cls, optimizer: Optimizer, params: Any, noise: jax.Array, steps: int) -> "Stream":
        """Before the first chunk."""
        return cls(optimizer, jax.device_get(jax.jit(start)(optimizer, params, noise)), steps)

    def by(self, optimizer: Optimizer, noise: jax.Array) -> "Stream":
        """The same by an optimizer whose settings may be others: of other numbers it goes on from the state, else anew."""
        if jax.tree.structure(optimizer) == jax.tree.structure(self.optimizer):
            return Stream(optimizer, self.state, self.steps)
        return Stream.begin(optimizer, self.params, noise, self.steps)

    @property
    def params(self) -> Any:
        """Those to evaluate, NumPy arrays."""
        return jax.device_get(self.optimizer.eval_params(self.state.opt_state, self.state.params))

    def absorb(self, loss: SupervisedLoss, rows: Rows, batch_size: int | None, *, pad: bool) -> float | None:
        """One step a batch, the rows in their order: -> the mean loss before the steps; None where one is not finite.

        The state then stays as it was.
        """
        size = len(rows.inputs) if batch_size is None else min(batch_size, len(rows.inputs))
        state, losses = self.state, []
        for first in range(0, len(rows.inputs), size):
            batch = rows.take(np.arange(first, min(first + size, len(rows.inputs))))
            state, value = _step(loss, self.optimizer, state, tuple(batch.padded() if pad else batch))
            losses.append(float(value))
        if not np.isfinite(losses).all() or not bool(tree.all_finite(state.params)):
            return None
        self.state = jax.device_get(state)
        return float(np.mean(losses))


@jax.jit
def _step(loss: SupervisedLoss, optimizer: Optimizer, state: TrainState, batch: Any) -> tuple[TrainState, jax.Array]:
    state, metrics = step(loss, optimizer, state, batch)
    return state, metrics.loss
