"""Layer 5: watching a run from the host, which `train` and `sweep` share: its limit and its evaluation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core import checks, tree
from jgd.core.functions import UNTRACEABLE, OnBatch, crossing, untraceable
from jgd.core.types import Batch, Loss, Params

BASELINE_ROWS = 4096  # rows of the training data on which "the loss at the start" is taken
DIVERGED = 1e4  # a loss above this many times its start has diverged


@dataclass(frozen=True)
class Status:
    """Why a run ended.

    name: "max_steps" (the budget ran out), "converged", "target", "no_progress" or "time" (see `StoppingRule`), "stationary"
    (the gradient was exactly 0 for a whole epoch: no update had an effect), "diverged" (the loss grew beyond its
    limit), "nonfinite" (a gradient or an update was NaN or infinite), "nonfinite_loss" (the loss was, its gradient not).
    step: the first step refused, or the number of steps made. detail: what was met; or the leaf and entry at fault,
    the likely cause, and what to try.
    """

    name: str
    step: int
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.name} at step {self.step}" + (f": {self.detail}" if self.detail else "")


def evaluation(
    metrics: Mapping[str, Callable[[Params, Batch], Array]], loss: Loss, params: Params, rows: Batch
) -> dict[str, Array]:
    """The loss and the metrics of one run's parameters on rows it doesn't train on, () floats each."""
    out = {"loss": loss(params, rows)}
    for name, metric in metrics.items():
        try:
            value = metric(params, rows)
        except UNTRACEABLE as error:
            raise untraceable(metric, f"metric {name!r},") from error
        known = isinstance(value, Array | np.ndarray | np.generic | float | int)
        if not known or jnp.shape(value) != ():
            got = f"shape {jnp.shape(value)}" if known else repr(value)
            raise checks.JgdValueError(f"the metric {name!r} must return one number, got {got}")
        out[name] = jnp.asarray(value).astype(tree.compute_dtype(params))
    return out


def check_metrics(metrics: Mapping[str, Any]) -> None:
    """Refuse metrics that are no functions of (params, rows), or whose name an evaluation uses itself."""
    if not isinstance(metrics, Mapping):
        raise checks.JgdTypeError(f"metrics must map names to functions (params, rows) -> (), got {metrics!r}")
    for name, metric in metrics.items():
        if not isinstance(name, str):
            raise checks.JgdTypeError(f"metrics must be named by text, got the name {name!r}")
        if name in ("loss", "step"):
            raise checks.JgdValueError(f"metrics may not be named {name!r}: every evaluation has its own")
        if not callable(metric):
            raise checks.JgdTypeError(f"the metric {name!r} must be callable as metric(params, rows), got {metric!r}")


def traceable(loss: Loss) -> Loss:
    """A loss or metric that crosses jit: a record does, a plain function is wrapped by its identity."""
    if not callable(loss):
        raise checks.JgdTypeError(f"loss must be callable as loss(params, batch), got {loss!r}")
    return jax.tree.map(jnp.asarray, crossing(loss))


def casts(name: str, data: Batch) -> list[str]:
    """Sentences on the arrays of `data` that JAX will hold in a narrower dtype."""
    notes = []
    for path, leaf in jax.tree_util.tree_leaves_with_path(data):
        have = np.asarray(leaf).dtype if not isinstance(leaf, jax.Array) else leaf.dtype
        held = jax.dtypes.canonicalize_dtype(have)
        if held != have:
            notes.append(f"{name}{checks.path_of(path)}: {have} held as {held} (x64 is off)")
    return notes


def loss_limit(at_start: Array, factor: float | Array) -> Array:
    """The loss above which a run has diverged: factor · max(|start|, 1) above the start; none if that isn't finite."""
    factor = jnp.asarray(factor).astype(at_start.dtype)  # with x64 on, a factor may be wider than the loss
    return jnp.where(jnp.isfinite(at_start), at_start + factor * jnp.maximum(jnp.abs(at_start), 1), jnp.inf)


@jax.jit
def initial_loss(loss: Loss, params: Params, rows: Batch) -> Array:
    """The loss at the start, () in the compute dtype."""
    return OnBatch(loss, rows)(params).astype(tree.compute_dtype(params))
