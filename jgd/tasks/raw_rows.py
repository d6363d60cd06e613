"""A table's rows before any preprocessing, so that what is fitted on training rows is fitted again where these are others."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jgd.core.types import Batch
from jgd.data import MinMax, Preprocessing, Scaling, Standard, datasets, encoding
from jgd.data.column import Column
from jgd.tasks.weights import class_weights

Pair = tuple[np.ndarray, np.ndarray]  # inputs and targets
STANDARD = Standard()


def preprocessing(
    data: datasets.Dataset,
    train: Pair,
    scale: Standard | MinMax | Scaling | None = STANDARD,
    categories: tuple[tuple[float, ...], ...] | None = None,
) -> Preprocessing:
    """What is fitted on the training rows: fills of gaps, words that are features, scales.

    Args:
        data: the data set that the rows are of.
        train: (inputs, targets) of the training rows.
        scale: as in `supervised`.
        categories: of columns of words, which of them are features; default those of the training rows.

    Returns:
        The `Preprocessing`; targets of a regression are standardized.
    """
    inputs, targets = train
    encoder = encoder_of(data, inputs)
    encoder = encoder if categories is None else replace(encoder, categories=categories)
    scaling = scale if isinstance(scale, Scaling) or scale is None else scale.fit(encoder(inputs), encoder.features)
    unit = None if data.classes else Standard().fit(targets.reshape(len(targets), -1), (f"the target {data.target}",))
    return Preprocessing(encoder, scaling, data.target, data.labels or tuple(range(data.classes)), unit)


def encoder_of(data: datasets.Dataset, train: np.ndarray) -> encoding.Encoder:
    """Fitted on the training inputs."""
    return encoding.fit(data.columns or [Column(name) for name in data.features], train, data.missing)


@dataclass(frozen=True, eq=False)
class RawRows:
    """The rows of a task that was made from a table, as they were, and how they become a model's.

    Attributes:
        data: The data set that they are of.
        parts: (inputs, targets) of the training, validation and test rows.
        scale: As in `supervised`.
        class_weight: As in `supervised`.
        categories: Of columns of words, which of them are features; None before the first fit. They stay, so that the
            model does: a word that other training rows lack is a constant column of theirs.
        made: The task's own three parts; another object in a task is rows of somebody's own.
    """

    data: datasets.Dataset
    parts: tuple[Pair, Pair, Pair]
    scale: Standard | MinMax | Scaling | None
    class_weight: str | Mapping[Any, float] | None
    categories: tuple[tuple[float, ...], ...] | None = None
    made: tuple[Batch, Batch, Batch] | None = None

    def fitted(self) -> tuple["RawRows", Preprocessing]:
        """The same with what they become in `made`, by a preprocessing that is fitted on the training rows."""
        train = self.parts[0]
        ready = preprocessing(self.data, train, self.scale, self.categories)
        self._warn_of_absent_classes(ready.classes)
        table = lambda y: y.reshape(len(y), -1)
        values = ready.unit
        targets = (lambda y: y) if values is None else (lambda y: values(table(y)).reshape(y.shape).astype(np.float32))
        rows: Any = [(ready.features(x, self.data.name), targets(y)) for x, y in self.parts]
        if self.class_weight is not None:
            weights = class_weights(self.class_weight, ready.classes, train[1])
            rows = [(x, y, weights[y.astype(np.int32)]) for x, y in rows]
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
        some = lambda places: (both[0][places], both[1][places])
        return replace(self, parts=(some(train), some(validation), self.parts[2])).fitted()

    def fewer(self, places: np.ndarray, train: Batch) -> "RawRows":
        """Some of the training rows; `train` is what they have become already."""
        inputs, targets = self.parts[0]
        assert self.made is not None
        parts = ((inputs[places], targets[places]), *self.parts[1:])
        return replace(self, parts=parts, made=(train, *self.made[1:]))
