"""Which class a model gives to each point of a plane: enters a predictor of two features, leaves a map."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from jgd.core import checks
from jgd.prediction import Predictor

ROOM = 0.08  # around the rows, of their extent


@dataclass(frozen=True)
class DecisionMap:
    """Predicted classes over two features.

    Attributes:
        x: (columns,) values of the first feature.
        y: (rows,) values of the second.
        classes: The labels.
        regions: (rows, columns) indices into classes.
        inputs: (n, 2) the points that were given.
        targets: (n,) indices into classes; None without labels.
        names: Of the two features.
    """

    x: np.ndarray
    y: np.ndarray
    classes: tuple[Any, ...]
    regions: np.ndarray
    inputs: np.ndarray
    targets: np.ndarray | None
    names: tuple[str, str]


def decision_map(
    model: Predictor | Callable[[np.ndarray], Any],
    inputs: Any,
    labels: Any = None,
    *,
    points: int = 200,
    names: tuple[str, str] = ("first feature", "second feature"),
) -> DecisionMap:
    """What a classifier says over the rectangle of two features around some rows.

    Args:
        model: A predictor of two columns, such as `run.predictor`, or a function of an array (n, 2) to (n,) labels.
        inputs: (n, 2), as the model takes them.
        labels: (n,) true ones, as the model says them.
        points: Along each side.
        names: Of the two features.

    Returns:
        The map.

    Raises:
        JgdValueError: For inputs and labels of other shapes, and a model that doesn't answer with a label a row.
        JgdTypeError: For what is no predictor and no function.

    Example:
        >>> found = decision_map(lambda rows: np.where(rows[:, 0] > rows[:, 1], "below", "above"), [[0.0, 0.0], [1.0, 1.0]], points=3)
        >>> found.classes, found.regions.tolist()
        (('above', 'below'), [[0, 1, 1], [0, 0, 1], [0, 0, 0]])
    """
    answer = model.predict if isinstance(model, Predictor) else checks.function("model", model)
    rows, points = np.asarray(inputs), checks.count("points", points, 2)
    if rows.ndim != 2 or rows.shape[1] != 2 or not len(rows):
        raise checks.JgdValueError(f"inputs must have shape (n, 2), got {rows.shape}", argument="inputs")
    if labels is not None and np.shape(labels) != (len(rows),):
        raise checks.JgdValueError(f"labels must have shape ({len(rows)},), got {np.shape(labels)}", argument="labels")
    low, high = rows.min(axis=0), rows.max(axis=0)
    room = ROOM * np.where(high > low, high - low, 1.0)
    x, y = (np.linspace(a, b, points) for a, b in zip(low - room, high + room, strict=True))
    plane = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2).astype(np.result_type(rows, np.float32))
    said = np.asarray(answer(plane))
    if said.shape != (len(plane),):
        raise checks.JgdValueError(f"model must answer with a label a row, got shape {said.shape}", argument="model")
    known = getattr(model, "classes", ()) or sorted(
        {*said.tolist(), *(np.asarray(labels).tolist() if labels is not None else [])}
    )
    place = {label: index for index, label in enumerate(known)}
    try:
        indices = lambda values: np.array([place[value] for value in np.asarray(values).tolist()], int)
        regions, targets = indices(said).reshape(points, points), None if labels is None else indices(labels)
    except KeyError as unknown:
        raise checks.JgdValueError(
            f"labels must be of {', '.join(map(str, known))}, got {unknown}", argument="labels"
        ) from None
    return DecisionMap(x, y, tuple(known), regions, rows, targets, names)
