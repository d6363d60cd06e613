"""Rows before any preprocessing, so that what is fitted on training rows is fitted again where these are others."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jgd.core import checks
from jgd.core.types import Batch
from jgd.data import MinMax, Preprocessing, Scaling, Standard, datasets, encoding
from jgd.data.array_rows import ArrayRows
from jgd.data.column import Column
from jgd.data.scale import by_last_axis
from jgd.tasks.weights import class_weights

Part = tuple[np.ndarray, ...]  # inputs, targets, and the rows' own weights where they have some
Scale = Standard | MinMax | Scaling | None
STANDARD = Standard()


def preprocessing(
    data: datasets.Dataset,
    train: Part,
    scale: Scale = STANDARD,
    categories: tuple[tuple[float, ...], ...] | None = None,
    target_scale: Scale = STANDARD,
) -> Preprocessing:
    """What is fitted on the training rows: fills of gaps, words that are features, scales.

    Args:
        data: the data set that the rows are of.
        train: (inputs, targets) of the training rows.
        scale: as in `supervised`.
        categories: of columns of words, which of them are features; default those of the training rows.
        target_scale: of a regression's targets, fitted on the training rows; None leaves them raw.

    Returns:
        The `Preprocessing`.
    """
    inputs, targets = train[:2]
    encoder = encoder_of(data, inputs)
    encoder = encoder if categories is None else replace(encoder, categories=categories)
    scaling = _fitted(scale, encoder(inputs), encoder.features)
    unit = None if data.classes else _fitted(target_scale, targets, _target_names(data.target, targets))
    return Preprocessing(encoder, scaling, data.target, data.labels or tuple(range(data.classes)), unit)


def _target_names(target: str, values: np.ndarray) -> tuple[str, ...]:
    if values.ndim == 1:
        return (f"the target {target}",)
    return tuple(f"the target {target}[{i}]" for i in range(values.shape[-1]))


def _fitted(scale: Scale, values: np.ndarray, names: tuple[str, ...]) -> Scaling | None:
    """A scaling of the entries along the last axis."""
    if scale is None or isinstance(scale, Scaling):
        return scale
    if not isinstance(scale, Standard | MinMax):
        raise checks.JgdTypeError(
            f"a scale must be jgd.Standard(), jgd.MinMax(), a Scaling or None, got {scale!r}", argument="scale"
        )
    return scale.fit(by_last_axis(values), names)


def encoder_of(data: datasets.Dataset, train: np.ndarray) -> encoding.Encoder | ArrayRows:
    """Fitted on the training inputs."""
    if not (data.columns or data.features):
        return ArrayRows.of(train)
    return encoding.fit(data.columns or [Column(name) for name in data.features], train, data.missing)


@dataclass(frozen=True, eq=False)
class RawRows:
    """The rows of a task as they were, and how they become a model's.

    Attributes:
        data: The data set that they are of.
        parts: (inputs, targets) of the training, validation and test rows, or (inputs, targets, weights).
        scale: As in `supervised`.
        class_weight: As in `supervised`.
        categories: Of columns of words, which of them are features; None before the first fit. They stay, so that the
            model does: a word that other training rows lack is a constant column of theirs.
        made: The task's own three parts; another object in a task is rows of somebody's own.
        target_scale: Of a regression's targets.
    """

    data: datasets.Dataset
    parts: tuple[Part, Part, Part]
    scale: Scale
    class_weight: str | Mapping[Any, float] | None
    categories: tuple[tuple[float, ...], ...] | None = None
    made: tuple[Batch, Batch, Batch] | None = None
    target_scale: Scale = STANDARD

    def fitted(self) -> tuple["RawRows", Preprocessing]:
        """The same with what they become in `made`, by a preprocessing that is fitted on the training rows."""
        train = self.parts[0]
        ready = preprocessing(self.data, train, self.scale, self.categories, self.target_scale)
        self._warn_of_absent_classes(ready.classes)
        unit = ready.unit
        targets = (lambda y: y) if unit is None else lambda y: unit(by_last_axis(y)).reshape(y.shape).astype(np.float32)
        whose = [f"the {part} rows of {self.data.name}" for part in ("training", "validation", "test")]
        rows: Any = [
            (ready.features(x, name), targets(y), *own) for name, (x, y, *own) in zip(whose, self.parts, strict=True)
        ]
        if self.class_weight is not None:
            weights = class_weights(self.class_weight, ready.classes, train[1])
            counted = lambda y, own: weights[y.astype(np.int32)] * (own[0] if own else 1)
            rows = [(x, y, counted(y, own)) for x, y, *own in rows]
        return replace(self, categories=ready.encoder.categories, made=tuple(rows)), ready

    def _warn_of_absent_classes(self, labels: tuple[Any, ...]) -> None:
        absent = np.setdiff1d(np.arange(len(labels)), self.parts[0][1])
        if len(absent):
            named = ", ".join(str(labels[each]) for each in absent[:8]) + (", …" if len(absent) > 8 else "")
            warnings.warn(
                f"no training row of {self.data.name} is of the class {named} of {self.data.target!r}: it can't be learned",
                stacklevel=4,
            )

    def are(self, train: Batch, validation: Batch, test: Batch) -> bool:
        """Whether these are what became of them."""
        return self.made is not None and all(
            one is other for one, other in zip(self.made, (train, validation, test), strict=True)
        )

    def cut(self, train: np.ndarray, validation: np.ndarray) -> tuple["RawRows", Preprocessing]:
        """Cut anew and fitted again: by the places of rows in those of training and validation together."""
        both = [np.concatenate(pair) for pair in zip(*self.parts[:2], strict=True)]
        some = lambda places: tuple(array[places] for array in both)
        return replace(self, parts=(some(train), some(validation), self.parts[2])).fitted()

    def fewer(self, places: np.ndarray, train: Batch) -> "RawRows":
        """Some of the training rows; `train` is what they have become already."""
        assert self.made is not None
        parts = (tuple(array[places] for array in self.parts[0]), *self.parts[1:])
        return replace(self, parts=parts, made=(train, *self.made[1:]))
