"""What a row of each class counts in the loss."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jgd.core import checks


def class_weights(given: str | Mapping[Any, float], classes: tuple[Any, ...], labels: np.ndarray) -> np.ndarray:
    """What a row of each class counts.

    Args:
        given: "balanced", or label -> weight; a label that is left out counts 1.
        classes: the labels in the order of their numbers.
        labels: (n,) class numbers of the training rows.

    Returns:
        (classes,) float32.

    Raises:
        JgdValueError: a word other than "balanced", a label that is none, or a weight below 0; a regression.
        JgdTypeError: neither a word nor a mapping.

    Example:
        >>> class_weights("balanced", ("no", "yes"), np.array([0, 0, 0, 1])).round(3).tolist()
        [0.667, 2.0]
    """
    if isinstance(classes, str) or not isinstance(classes, Sequence):
        raise checks.JgdTypeError(
            f"classes must be labels, a list of them, got {checks.shown(classes)}", argument="classes"
        )
    if not classes:
        raise checks.JgdValueError("class_weight is of classes, the target has values", argument="class_weight")
    if isinstance(given, str):
        checks.choice("class_weight", given, ("balanced",))
        checks.rows("labels", labels)
        count = np.bincount(labels, minlength=len(classes))
        return (len(labels) / (len(classes) * np.maximum(count, 1))).astype(np.float32)
    checks.instance("class_weight", given, Mapping, '"balanced" or {label: weight}')
    out = np.ones(len(classes), np.float32)
    place = {str(label): number for number, label in enumerate(classes)}
    for label, weight in given.items():
        checks.choice("class of class_weight", str(label), place)
        out[place[str(label)]] = checks.number(f"class_weight[{label!r}]", weight, ">= 0")
    return out
