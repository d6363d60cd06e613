"""Rows that somebody has as arrays or as a data set: cut in three, labels as numbers, scales fitted on those that train."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np

from jgd.core import checks
from jgd.core.types import Batch
from jgd.data import Dataset, Preprocessing, split
from jgd.data.column import gaps
from jgd.tasks.raw_rows import STANDARD, RawRows, Scale

AUTO = "auto"  # of a scale: a data set's columns are standardized, arrays stay as they are


@dataclass(frozen=True)
class OwnRows:
    """A task's three parts, and how they came about.

    Attributes:
        parts: Training, validation and test rows, as a task has them.
        ready: What was fitted; None where inputs or targets are trees of arrays, which stay as they are.
        raw: The rows before that; None likewise.
    """

    parts: tuple[Batch, Batch, Batch]
    ready: Preprocessing | None = None
    raw: RawRows | None = None

    def of_classes(self, count: int) -> "OwnRows":
        """The same once it is known that integer targets number classes, and how many there are."""
        if self.raw is None or self.raw.data.classes or not count:
            return self
        return fitted(replace(self.raw, data=replace(self.raw.data, classes=count, labels=tuple(range(count)))))

    def weighed(self, class_weight: str | Mapping[Any, float] | None) -> "OwnRows":
        """The same with rows that count by their class; integer targets then number classes.

        Raises:
            JgdTypeError: Rows that aren't (inputs, targets).
            JgdValueError: Targets that are values, or weights that don't fit the classes.
        """
        if class_weight is None:
            return self
        if self.raw is None:
            raise checks.JgdTypeError(
                "class_weight is of rows (inputs, targets), an array each", argument="class_weight"
            )
        targets = np.concatenate([part[1] for part in self.raw.parts])
        numbers = np.issubdtype(targets.dtype, np.integer) and targets.ndim == 1 and targets.min() >= 0
        own = self.of_classes(int(targets.max()) + 1 if numbers else 0)
        assert own.raw is not None
        return fitted(replace(own.raw, class_weight=class_weight))


def has_words(rows: Any) -> bool:
    """Whether rows are (inputs, targets, …) whose targets are words or bools, which a loss can't take."""
    targets = rows[1] if isinstance(rows, tuple | list) and len(rows) in (2, 3) else None
    return isinstance(targets, np.ndarray) and targets.dtype.kind in "USOb"


def own_rows(
    data: Any,
    name: str,
    *,
    seed: int = 0,
    validation: float = 0.2,
    test: float = 0.2,
    scale: Scale | str = AUTO,
    target_scale: Scale | str = AUTO,
    classes: Sequence[Any] = (),
) -> OwnRows:
    """Rows (inputs, targets) or (inputs, targets, weights), which are split; three parts of such rows; or a `Dataset`.

    Args:
        data: The rows; the classes of a `Dataset` have their shares in each part, as in `of_table`.
        name: What errors call them.
        seed: Of the split.
        validation: Share of the rows.
        test: Likewise.
        scale: Of the inputs, along their last axis, fitted on the training rows; `AUTO` standardizes a `Dataset` and nothing else.
        target_scale: Of targets that are values, likewise.
        classes: What integer targets 0, 1, … are called, or the order of targets that are words; default their own.

    Returns:
        The `OwnRows`; integer targets are values until it is said that they number classes.

    Raises:
        JgdTypeError: Data of another kind.
        JgdValueError: Weights or targets that are none.

    Example:
        >>> rows = own_rows((np.zeros((10, 2)), np.array(["no", "yes"] * 5)), "rows")
        >>> rows.ready.classes, sorted(rows.parts[0][1].tolist())
        (('no', 'yes'), [0, 0, 0, 1, 1, 1])
    """
    known, classes = isinstance(data, Dataset), class_names(classes)
    by = data.targets if isinstance(data, Dataset) and data.classes else None
    parts = _parts(data.rows if isinstance(data, Dataset) else data, validation, test, seed, by)
    is_array = lambda each: isinstance(each, np.ndarray | jax.Array)
    if not all(is_array(array) for part in parts for array in part[:2]):
        if scale not in (AUTO, None) or target_scale not in (AUTO, None) or len(classes):
            raise checks.JgdTypeError(
                "scale, target_scale and classes are of inputs and targets that are an array each", argument="scale"
            )
        return OwnRows(parts)
    chosen = [_scale(each, known) for each in (scale, target_scale)]
    arrays: Any = [(*map(np.asarray, part[:2]), *map(_weights, part[2:])) for part in parts]
    for part in arrays:
        checks.rows(name, part)
    if isinstance(data, Dataset):
        data = replace(data, labels=_named(data, classes)) if classes else data
    else:
        labels, numbers = _labels([part[1] for part in arrays], classes)
        arrays = [(part[0], y, *part[2:]) for part, y in zip(arrays, numbers, strict=True)]
        data = Dataset(name, arrays[0][0], arrays[0][1], (), len(labels), labels=labels)
    return fitted(RawRows(data, tuple(arrays), chosen[0], None, target_scale=chosen[1]))


def fitted(raw: RawRows) -> OwnRows:
    """What rows become."""
    raw, ready = raw.fitted()
    assert raw.made is not None
    return OwnRows(raw.made, ready, raw)


def class_names(given: Any) -> tuple[Any, ...]:
    """The names of classes.

    Raises:
        JgdTypeError: One word, or what is no sequence.
    """
    if isinstance(given, str | bytes) or not isinstance(given, Sequence | np.ndarray):
        raise checks.JgdTypeError(
            f'classes must be names such as ("no", "yes"), got {checks.shown(given)}', argument="classes"
        )
    return tuple(given)


def _scale(given: Any, known: bool) -> Any:
    if isinstance(given, str) and given == AUTO:
        return STANDARD if known else None
    return given  # another word is refused where it would be fitted


def _parts(rows: Any, validation: float, test: float, seed: int, by: Any) -> tuple[Batch, Batch, Batch]:
    """Three parts as they are, or rows that are split."""
    is_part = lambda each: isinstance(each, tuple | list)
    if is_part(rows) and len(rows) == 3 and all(map(is_part, rows)):
        parts = [tuple(part) for part in rows]
    elif is_part(rows) and len(rows) in (2, 3):
        parts = list(split(tuple(rows), validation=validation, test=test, seed=seed, by=by))
    else:
        parts = []
    if not parts or any(len(part) not in (2, 3) for part in parts):
        raise checks.JgdTypeError(
            "data must be rows (inputs, targets) or (inputs, targets, weights), which are split, or three parts "
            f"(train, validation, test) of such rows, got {type(rows).__name__}",
            argument="data",
        )
    return parts[0], parts[1], parts[2]


def _weights(given: Any) -> np.ndarray:
    """(n,) float32, refused unless they can count rows."""
    weights = np.asarray(given)
    checks.numeric_data("weights", weights)
    if weights.ndim != 1 or not np.isfinite(weights).all() or (weights < 0).any():
        raise checks.JgdValueError(
            f"weights must be one finite number >= 0 a row, (n,), got shape {weights.shape}", argument="weights"
        )
    return weights.astype(np.float32)


def _named(data: Dataset, classes: Sequence[Any]) -> tuple[Any, ...]:
    if len(classes) != data.classes:
        raise checks.JgdValueError(
            f"classes must name the {data.classes} classes of {data.name!r}, got {len(classes)} names",
            argument="classes",
        )
    return tuple(classes)


def _labels(targets: list[np.ndarray], classes: tuple[Any, ...]) -> tuple[tuple[Any, ...], list[np.ndarray]]:
    """-> (the labels, class numbers), or ((), the targets) where they are values or don't say whether they are."""
    whole = np.concatenate(targets)
    if whole.dtype.kind in "USOb":
        if whole.ndim != 1:
            raise checks.JgdTypeError(f"targets that are words must have shape (n,), got {whole.shape}")
        empty = np.flatnonzero(gaps(whole))
        if len(empty):
            raise checks.JgdValueError("targets must have no empty cell", argument="targets")
        labels = classes or tuple(np.unique(whole).tolist())
        place = {label: number for number, label in enumerate(labels)}
        strange = [each for each in np.unique(whole).tolist() if each not in place]
        if strange:
            raise checks.JgdValueError(
                f"targets have {strange[0]!r}, which is none of classes {labels}", argument="classes"
            )
        return labels, [np.array([place[each] for each in part.tolist()], np.int32) for part in targets]
    if classes and (whole.dtype.kind not in "iu" or whole.ndim != 1 or whole.min() < 0 or whole.max() >= len(classes)):
        raise checks.JgdValueError(
            f"classes names {len(classes)} classes: targets must then be integers 0 … {len(classes) - 1} of shape (n,), or "
            f"words, got {whole.dtype} {whole.shape} from {whole.min()} to {whole.max()}",
            argument="classes",
        )
    return classes, targets
