"""A task's metric by its name: which of them suit its targets and its model's outputs, and how they are computed there."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import checks
from jgd.core.functions import crossing
from jgd.losses import errors
from jgd.prediction import OF_CLASSES, OF_VALUES
from jgd.tasks.recut import unit_of
from jgd.tasks.scores import Score, outputs_of

OF_NUMBERS = (
    "squared_error",
    "huber",
    "log_cosh",
    "poisson_nll",
    "gaussian_nll",
)  # errors whose whole targets number no classes


def score(task: Any, metric: str) -> Score:
    """The metric of that name for a task.

    Args:
        task: A `Task`.
        metric: A name of `OF_CLASSES` or `OF_VALUES`.

    Returns:
        The `Score`; of values in the target's unit.

    Raises:
        JgdValueError: A name that doesn't suit the targets, or a task without a model.
    """
    model = task.predicting_model
    if model is None and metric in OF_CLASSES + OF_VALUES:
        raise checks.JgdValueError(
            f"the metric {metric!r} is of predictions: say what predicts, model=function of (params, inputs), or give the "
            f"function of (params, rows) as metrics={{{metric!r}: …}}",
            argument="metric",
        )
    classes, values = (0, False) if model is None else _targets(task, model)
    known = (*(OF_CLASSES if classes else ()), *(OF_VALUES if values else ()))
    checks.choice("metric", metric, dict.fromkeys(["loss", *task.metrics, *known]))
    assert model is not None
    return Score(metric, crossing(model), classes if metric in OF_CLASSES else 0, unit_of(task.preprocessing))


def _targets(task: Any, model: Any) -> tuple[int, bool]:
    """-> (how many classes the targets number or 0, whether they are values); both of 0 and 1 where nothing tells."""
    ready = task.preprocessing
    if ready is not None and (ready.classes or ready.unit is not None):
        return len(ready.classes), not ready.classes
    parts = (task.train, task.validation, task.test)
    if not all(isinstance(part, tuple | list) and len(part) in (2, 3) for part in parts):
        return 0, False
    if not all(isinstance(part[1], np.ndarray | jax.Array) and part[1].dtype.kind in "biuf" for part in parts):
        return 0, False
    some = jax.tree.map(lambda array: jnp.asarray(array[:3]), task.train[:2])
    params, state = jax.eval_shape(task.start, jax.random.key(0))
    shape = getattr(jax.eval_shape(lambda *given: outputs_of(model, *given), params, some[0], state), "shape", ())
    values = len(shape) in (1, 2) and int(np.prod(shape)) == some[1].size
    logits = shape[1] if len(shape) == 2 and shape[1] > 1 else 2 if len(shape) == 1 else 0
    if some[1].ndim != 1 or not logits or (_of_numbers(task.loss) and not hasattr(model, "classify")):
        return 0, values
    targets = np.concatenate([np.asarray(part[1]) for part in parts])
    whole = bool((targets == np.floor(targets)).all()) and targets.min() >= 0 and targets.max() < logits
    return logits if whole else 0, values


def _of_numbers(loss: Any) -> bool:
    """Whether a loss is known to be one of values."""
    error = getattr(loss, "error", None)
    return error in OF_NUMBERS or getattr(error, "function", None) in [errors[name] for name in OF_NUMBERS]
