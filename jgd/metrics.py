"""Layer 5: the loss and a user's metrics on rows that a run doesn't train on; `train` and `sweep` share it."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core import checks, tree
from jgd.core.convolutions import in_fast_order
from jgd.core.functions import COMPUTING, UNTRACEABLE, untraceable, vouches
from jgd.core.loss_protocol import evaluated, given
from jgd.core.record import record
from jgd.core.types import Batch, Loss, Params

PIECE = 1024  # rows at most that are evaluated at once, of what is a mean over rows; more rows are cut into pieces


@record
class RowMean:
    """A metric that is a mean over rows. See `row_mean`."""

    metric: Callable[..., Any]

    @property
    def passes_on_to(self) -> Callable[..., Any]:
        """Whose optional parameters it has."""
        return self.metric

    def row_share(self, piece: Batch, whole: Batch) -> float:
        """The share of a piece in the whole: of its rows."""
        return len(jax.tree.leaves(piece)[0]) / len(jax.tree.leaves(whole)[0])

    def __call__(self, params: Params, rows: Batch, **extra: Any) -> Any:
        return self.metric(params, rows, **extra)


def row_mean(metric: Callable[[Params, Batch], Array]) -> RowMean:
    """Says of a metric, or a loss, that it is a mean over rows: many rows are then evaluated piece by piece.

    An evaluation on more than 1024 rows so takes the memory of 1024, and agrees with that of all rows at once to rounding.
    `jgd.SupervisedLoss`, accuracy, log-loss and the mean absolute error are known to be means; of others nothing is assumed.

    Args:
        metric: (params, rows) -> ().

    Returns:
        The metric, a record called as `metric` is.

    Raises:
        JgdTypeError: For what can't be called.

    Example:
        >>> hits = row_mean(lambda params, rows: jnp.mean(rows > params))
        >>> rows = jnp.arange(2500.0)
        >>> evaluation({"hits": hits}, lambda params, rows: params, jnp.asarray(624.5), rows)["hits"]
        Array(0.75, dtype=float32)
    """
    return RowMean(checks.function("metric", metric))


def evaluation(
    metrics: Mapping[str, Callable[[Params, Batch], Array]],
    loss: Loss,
    params: Params,
    rows: Batch,
    model_state: Any = None,
) -> dict[str, Array]:
    """The loss and the metrics of one run's parameters; means over rows in pieces of at most `PIECE` rows.

    What has a method `row_share(piece, whole)` that isn't None is Σ share · value over pieces of the rows (see `row_mean`).

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
    functions = {"loss": loss, **metrics}
    cut = {
        name: function for name, function in functions.items() if _rows(rows) > PIECE and _is_row_mean(function, rows)
    }
    whole = [name for name in functions if name not in cut]

    def at_once(params: Params, rows: Batch, model_state: Any) -> dict[str, Array]:
        return {name: _value(name, functions[name], params, rows, model_state) for name in whole}

    values = in_fast_order(at_once)(params, rows, model_state)  # `train` evaluates inside of its loop
    values |= _in_pieces(cut, params, rows, model_state) if cut else {}
    return {name: values[name] for name in functions}


def _value(name: str, function: Any, params: Params, rows: Batch, model_state: Any) -> Array:
    """What the loss or a metric says of some rows."""
    function = function.metric if isinstance(function, RowMean) else function
    if name == "loss":
        return evaluated(function, params, rows, model_state)
    try:
        value = function(params, rows, **given(function, None, model_state))
    except UNTRACEABLE as error:
        raise untraceable(function, f"metric {name!r},") from error
    except Exception as error:
        error.add_note(f"raised by the metric {name!r}, traced on the validation rows")
        raise
    known = isinstance(value, Array | np.ndarray | np.generic | float | int)
    if not known or jnp.shape(value) != ():
        got = f"shape {jnp.shape(value)}" if known else repr(value)
        raise checks.JgdValueError(f"the metric {name!r} must return one number, got {got}")
    return jnp.asarray(value).astype(tree.compute_dtype(params))


def _in_pieces(functions: Mapping[str, Any], params: Params, rows: Batch, model_state: Any) -> dict[str, Array]:
    """The functions on all rows, piece after piece: one model's outputs in a piece serve its loss and its metrics."""
    size = _piece(_rows(rows))
    pieces, wide = _rows(rows) // size, tree.compute_dtype(params)

    @in_fast_order
    def shares(piece: Batch) -> dict[str, Array]:
        value = lambda name, function: _value(name, function, params, piece, model_state).astype(wide)
        share = lambda each: jnp.asarray(each.row_share(piece, rows)).astype(wide)
        return {name: value(name, each) * share(each) for name, each in functions.items()}

    def add(total: dict[str, Array], begin: Array) -> tuple[dict[str, Array], None]:
        piece = jax.tree.map(lambda leaf: jax.lax.dynamic_slice_in_dim(leaf, begin, size), rows)
        return jax.tree.map(jnp.add, total, shares(piece)), None

    zeros = {name: jnp.zeros((), wide) for name in functions}
    total, _ = jax.lax.scan(add, zeros, jnp.arange(pieces, dtype=jnp.int32) * size)
    if pieces * size < _rows(rows):
        total = jax.tree.map(jnp.add, total, shares(jax.tree.map(lambda leaf: leaf[pieces * size :], rows)))
    return total


def _is_row_mean(function: Any, rows: Batch) -> bool:
    return vouches(function, "row_share", *COMPUTING) and function.row_share(rows, rows) is not None


def _rows(rows: Batch) -> int:
    return len(jax.tree.leaves(rows)[0])


def _piece(rows: int) -> int:
    """The rows of a piece: the most that divide the rows, or nearly the most allowed where these are few; the rest is last.

    >>> _piece(8192), _piece(10_000), _piece(1031)
    (1024, 1000, 516)
    """
    fewest = -(-rows // PIECE)
    for pieces in range(fewest, 2 * fewest + 1):
        if rows % pieces == 0:
            return rows // pieces
    return -(-rows // fewest)


def check_metrics(metrics: Mapping[str, Any]) -> None:
    """Refuse metrics that are no functions of (params, rows), or whose name an evaluation uses itself.

    Raises:
        JgdTypeError: `metrics` is no mapping, a name is no text, or a metric can't be called.
        JgdValueError: A metric is named "loss" or "step".
    """
    if not isinstance(metrics, Mapping):
        raise checks.JgdTypeError(
            f"metrics must map names to functions (params, rows) -> (), got {checks.shown(metrics)}", argument="metrics"
        )
    for name, metric in metrics.items():
        if not isinstance(name, str):
            raise checks.JgdTypeError(f"metrics must be named by text, got the name {name!r}", argument="metrics")
        if name in ("loss", "step"):
            raise checks.JgdValueError(f"metrics may not be named {name!r}: every evaluation has its own")
        if not callable(metric):
            raise checks.JgdTypeError(
                f"the metric {name!r} must be callable as metric(params, rows), got {checks.shown(metric)}"
            )
