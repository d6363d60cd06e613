"""Layer 3: rows before any step: parts, widths, weights and labels that a `SupervisedLoss` knows, and rows to evaluate.

On the device a label outside its range makes a NaN, in one row of many; here it is a message with the row.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import checks
from jgd.core.loss_protocol import evaluated
from jgd.core.supervised_batch import parts_of
from jgd.core.types import Params
from jgd.losses import SupervisedLoss, errors

CLASSES = {"softmax_cross_entropy": 0, "smoothed_cross_entropy": 0, "focal": 0, "sequence_cross_entropy": -1}  # lowest
CHANCES = {"logistic_nll": "from 0 to 1", "hinge": "0 or 1"}


def check_supervised_rows(loss: Any, params: Params, name: str, rows: Any) -> None:
    """Refuse rows that a `SupervisedLoss` can't learn from; of another loss nothing is known.

    Args:
        loss: Any loss.
        params: Its parameters, or their shapes; they tell how many classes there are.
        name: What messages call the rows, "data" or "validation".
        rows: (inputs, targets) or (inputs, targets, weights).

    Raises:
        JgdTypeError: Another tree; complex numbers.
        JgdValueError: Inputs of another width than the model's; a label outside 0 … classes − 1 (or 0 … 1), by its row; a
            weight below 0, or all of them 0.
    """
    if not isinstance(loss, SupervisedLoss):
        return
    _, targets, *weights = parts_of(name, rows)
    for path, leaf in checks.leaves_of(name, rows):
        dtype = np.asarray(leaf).dtype if not hasattr(leaf, "dtype") else leaf.dtype
        if jnp.issubdtype(dtype, jnp.complexfloating):
            raise checks.JgdTypeError(
                f"{name}{checks.path_of(path)} must hold real numbers, got {dtype}: give real and imaginary parts as columns",
                argument=name,
            )
    if weights and jax.tree_util.all_leaves(weights):
        _check_weights(f"{name}[2]", np.asarray(weights[0]), name)
    outputs = _outputs(loss, params, name, rows)
    error = _error_of(loss)
    if error is None or not jax.tree_util.all_leaves([targets]):
        return
    labels = np.asarray(targets)
    if error in CHANCES:
        good = (labels == 0) | (labels == 1) if error == "hinge" else (labels >= 0) & (labels <= 1)
        _refuse(labels, good, name, f"{CHANCES[error]}, as {error} takes them")
    elif error in CLASSES and labels.dtype.kind in "iu":
        low, count = CLASSES[error], outputs.shape[-1] if getattr(outputs, "ndim", 0) > 1 else None
        if count is not None:
            padding = ", or −1 for padding" if low < 0 else ""
            good = (labels >= low) & (labels < count)
            _refuse(labels, good, name, f"0 … {count - 1}{padding}, the classes of the model")


def _refuse(labels: np.ndarray, good: np.ndarray, name: str, range_: str) -> None:
    if not good.all():
        row = tuple(map(int, np.argwhere(~good)[0]))
        where = f"row {row[0]}" + "".join(f", place {i}" for i in row[1:])
        raise checks.JgdValueError(
            f"{name}[1] must hold labels {range_}, got the label {labels[row]} at {where}", argument=name
        )


def _check_weights(path: str, weights: np.ndarray, name: str) -> None:
    bad = np.argwhere(weights < 0)
    if len(bad):
        row = tuple(map(int, bad[0]))
        raise checks.JgdValueError(f"{path} must hold weights >= 0, got {weights[row]} at row {row[0]}", argument=name)
    if weights.size and not weights.any():
        raise checks.JgdValueError(f"{path} must hold a weight above 0: no row counts", argument=name)


def _error_of(loss: SupervisedLoss) -> str | None:
    return next((known for known, function in errors.items() if loss.error in (known, function)), None)


def classes_of(loss: Any, params: Params, name: str, rows: Any) -> int | None:
    """How many classes a loss of labels tells apart; None of other losses, and where the loss itself will say what is wrong."""
    if not isinstance(loss, SupervisedLoss) or _error_of(loss) not in CLASSES:
        return None
    outputs = _outputs(loss, params, name, rows)
    return outputs.shape[-1] if getattr(outputs, "ndim", 0) > 1 else None


def _outputs(loss: SupervisedLoss, params: Params, name: str, rows: Any) -> Any:
    """The shape of the model's outputs; None where the loss itself will say what is wrong, other than with the inputs."""
    try:
        with checks.renamed(inputs=f"{name}[0]"):
            return jax.eval_shape(loss.outputs, params, shapes_of(tuple(rows)))
    except Exception as fault:  # whatever a user's model raises, it does so again where the loss is traced
        if isinstance(fault, checks.JgdError) and fault.argument == f"{name}[0]":
            raise
        return None


def shapes_of(rows: Any) -> Any:
    """The rows' shapes and dtypes, as JAX holds them."""
    dtype = lambda leaf: jax.dtypes.canonicalize_dtype(getattr(leaf, "dtype", None) or np.asarray(leaf).dtype)
    return jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(np.shape(leaf), dtype(leaf)), rows)


def check_other_rows(measure: Any, params: Params, state: Any, name: str, rows: Any, trains: str, train: Any) -> None:
    """Refuse rows to evaluate whose shape isn't that of those that train, where the loss can't be evaluated on them.

    Args:
        measure: The loss where it is evaluated.
        params: Its parameters, or their shapes.
        state: The model's state, or its shapes; None without.
        name: What messages call the rows.
        rows: The rows.
        trains: What messages call the rows that train.
        train: They.

    Raises:
        JgdValueError: By the first array whose rows have another shape.
    """
    widths = lambda part: {checks.path_of(path): np.shape(leaf)[1:] for path, leaf in checks.leaves_of(name, part)}
    have, want = widths(rows), widths(train)
    other = next((path for path in have if path in want and have[path] != want[path]), None)
    if other is None:
        return
    try:
        jax.eval_shape(partial(evaluated, measure), params, shapes_of(rows), state)
    except Exception as fault:
        raise checks.JgdValueError(
            f"{name}{other} must have rows of shape {want[other]} as {trains}{other} has, got {have[other]}: {fault}",
            argument=name,
        ) from fault
