"""A task with its training and validation rows cut anew; what was fitted on a table's training rows is fitted again."""

from dataclasses import replace
from typing import Any

import jax
import numpy as np

from jgd.core import checks
from jgd.data import Preprocessing
from jgd.tasks import resplit
from jgd.tasks.raw_rows import RawRows
from jgd.tasks.scores import Score


def recut(task: Any, train: np.ndarray, validation: np.ndarray) -> Any:
    """The task with other training and validation rows, by their places in those of both together.

    Where the task is of a table and its rows are still those that it was made with, fills, scales, the target's unit and
    balanced weights are of the new training rows, also for the test rows. The features stay, and so do rows of one's own.

    Args:
        task: a `Task`.
        train: places of the rows to train on.
        validation: of those that choose.

    Returns:
        The `Task`.
    """
    if task.raw is None or not task.raw.are(task.train, task.validation, task.test):
        both = resplit.together(task.train, task.validation)
        some = lambda places: jax.tree.map(lambda array: array[places], both)
        return replace(task, train=some(train), validation=some(validation))
    raw, ready = task.raw.cut(train, validation)
    unit = unit_of(ready)
    metrics = {
        name: replace(each, unit=unit) if isinstance(each, Score) else each for name, each in task.metrics.items()
    }
    parts = dict(zip(("train", "validation", "test"), raw.made, strict=True))
    return replace(task, **parts, raw=raw, preprocessing=ready, metrics=metrics)


def fewer(task: Any, rows: int | float, seed: int) -> Any:
    """The task with fewer training rows; what was fitted on all of them stays, until they are cut anew."""
    places = resplit.fewer(len(jax.tree.leaves(task.train)[0]), rows, seed)
    train = jax.tree.map(lambda array: np.asarray(array)[places], task.train)
    own: RawRows | None = task.raw
    if own is not None:
        own = own.fewer(places, train) if own.are(task.train, task.validation, task.test) else None
    return replace(task, train=train, raw=own)


def unit_of(ready: Preprocessing | None) -> float:
    """What 1 of a task's targets is in the table's unit.

    Raises:
        JgdValueError: Targets of several columns, each with a unit of its own.
    """
    if ready is None or ready.unit is None:
        return 1.0
    if len(ready.unit.shift) > 1:
        raise checks.JgdValueError("a metric by name is in one unit, and the targets have several columns")
    return float(np.diff(ready.unit.inverse(np.array([[0.0], [1.0]])), axis=0)[0, 0])
