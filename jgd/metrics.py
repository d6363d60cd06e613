"""Layer 5: the loss and a user's metrics on rows that a run doesn't train on; `train` and `sweep` share it."""

from collections.abc import Callable, Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core import checks, tree
from jgd.core.functions import UNTRACEABLE, untraceable
from jgd.core.loss_protocol import evaluated, given
from jgd.core.types import Batch, Loss, Params


def evaluation(
    metrics: Mapping[str, Callable[[Params, Batch], Array]],
    loss: Loss,
    params: Params,
    rows: Batch,
    model_state: Any = None,
) -> dict[str, Array]:
    """The loss and the metrics of one run's parameters.

    Args:
        metrics: Name -> (params, rows) -> one number; one with a parameter `state` gets the model's.
        loss: (params, batch) -> (); its parameter `key` gets None, and only its value counts.
        params: The parameters to evaluate.
        rows: The rows to evaluate them on, as one batch.
        model_state: For a loss or a metric that takes it.

    Returns:
        "loss" and each metric's name -> () in the compute dtype of `params`.

    Raises:
        JgdValueError: A metric returns something else than one number.
        JgdTypeError: A metric branches in Python on a traced value.

    Example:
        >>> largest = lambda params, rows: jnp.max(rows)
        >>> evaluation({"max": largest}, lambda w, x: jnp.sum(w * x), jnp.ones(2), jnp.array([1.0, 2.0]))
        {'loss': Array(3., dtype=float32), 'max': Array(2., dtype=float32)}
    """
    out = {"loss": evaluated(loss, params, rows, model_state)}
    for name, metric in metrics.items():
        try:
            value = metric(params, rows, **given(metric, None, model_state))
        except UNTRACEABLE as error:
            raise untraceable(metric, f"metric {name!r},") from error
        known = isinstance(value, Array | np.ndarray | np.generic | float | int)
        if not known or jnp.shape(value) != ():
            got = f"shape {jnp.shape(value)}" if known else repr(value)
            raise checks.JgdValueError(f"the metric {name!r} must return one number, got {got}")
        out[name] = jnp.asarray(value).astype(tree.compute_dtype(params))
    return out


def check_metrics(metrics: Mapping[str, Any]) -> None:
    """Refuse metrics that are no functions of (params, rows), or whose name an evaluation uses itself.

    Raises:
        JgdTypeError: `metrics` is no mapping, a name is no text, or a metric can't be called.
        JgdValueError: A metric is named "loss" or "step".
    """
    if not isinstance(metrics, Mapping):
        raise checks.JgdTypeError(
            f"metrics must map names to functions (params, rows) -> (), got {metrics!r}", argument="metrics"
        )
    for name, metric in metrics.items():
        if not isinstance(name, str):
            raise checks.JgdTypeError(f"metrics must be named by text, got the name {name!r}", argument="metrics")
        if name in ("loss", "step"):
            raise checks.JgdValueError(f"metrics may not be named {name!r}: every evaluation has its own")
        if not callable(metric):
            raise checks.JgdTypeError(f"the metric {name!r} must be callable as metric(params, rows), got {metric!r}")
