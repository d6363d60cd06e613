"""From raw rows to a model's inputs, and from its outputs to answers in the target's own words and units.

Fitted on training rows, kept as numbers and words, so that it is stored with a model and applied in another process.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from jgd.core import checks
from jgd.data.array_rows import ArrayRows
from jgd.data.column import Column, gaps, kind_of, word_of
from jgd.data.columns import columns_of, read_columns, read_rows
from jgd.data.csv_format import CsvFormat
from jgd.data.encoding import Encoder
from jgd.data.scale import Scaling, by_last_axis


@dataclass(frozen=True)
class Preprocessing:
    """What was fitted on a task's training rows.

    Args:
        encoder: Columns to features; `ArrayRows` where rows are those of an array without columns.
        scaling: Of the features, or of the entries along an array's last axis; None leaves them raw.
        target: The target's name.
        classes: The labels of a classification in the order of their numbers 0, 1, …; () for values.
        unit: Scaling of a regression's targets; None leaves them raw.

    Example:
        >>> import jgd
        >>> ready = jgd.tasks.get("iris").preprocessing
        >>> ready.inputs([[5.0, 3.0, 1.5, 0.2]]).shape, ready.classes
        ((1, 4), ('setosa', 'versicolor', 'virginica'))
    """

    encoder: Encoder | ArrayRows
    scaling: Scaling | None = None
    target: str = "target"
    classes: tuple[Any, ...] = ()
    unit: Scaling | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the raw columns, in the order that arrays without names have them in; () of `ArrayRows`."""
        return tuple(column.name for column in self.encoder.columns)

    @property
    def words(self) -> tuple[str, ...]:
        """The columns whose cells are text, whatever they look like; the target too, where its labels are words."""
        own = tuple(column.name for column in self.encoder.columns if column.kind == "words")
        return (*own, self.target) if any(isinstance(label, str) for label in self.classes) else own

    def read(self, path: Path, csv: CsvFormat | None = None) -> Any:
        """The raw rows of a file, its text columns as text; see `jgd.data.read` for the kinds of files."""
        return read_columns(path, self.words, csv=csv) if self.columns else read_rows(path, csv)

    def inputs(self, rows: Any, table: str = "the rows") -> np.ndarray:
        """A model's inputs.

        Args:
            rows: A frame, a mapping of names to arrays, or an array (n, columns) in the order of `columns`. Other
                columns than those needed are ignored. Of `ArrayRows` an array (n, …), or a table of as many columns in
                their order, without the target's.
            table: What errors call it.

        Returns:
            (n, features) float32; of `ArrayRows` (n, …), in float32 where they are scaled.

        Raises:
            JgdValueError: A column is missing, or a cell can't be read; a word that the training rows did not have is
                warned about, and counts as none of its column's words.
            JgdTypeError: Something that is no table, or words where numbers are expected.
        """
        found = self._array(rows, table) if isinstance(self.encoder, ArrayRows) else self._numbers(rows, table)
        return self.features(found, table)

    def features(self, numbers: np.ndarray, table: str = "the rows") -> np.ndarray:
        """The inputs of columns that are numbers already, (n, columns) float64, as a `Dataset` has them."""
        encoded = self.encoder(numbers, table)
        if self.scaling is not None:
            encoded = self.scaling(by_last_axis(encoded)).reshape(encoded.shape)
        elif isinstance(self.encoder, ArrayRows):
            return encoded
        return encoded.astype(np.float32)

    def _array(self, rows: Any, table: str) -> Any:
        """Rows of an array; of a table its columns but the target's, side by side."""
        if isinstance(rows, list | tuple) or (hasattr(rows, "__array__") and not hasattr(rows, "columns")):
            return rows
        found = [column for name, column in columns_of(rows, table).items() if name != self.target]
        return np.stack(found, axis=1) if found else np.zeros((0, 0))

    def _numbers(self, rows: Any, table: str) -> np.ndarray:
        """(n, columns) float64: the cells that the model needs, read as numbers."""
        array = _of_lists(rows, table) if isinstance(rows, list | tuple) else rows
        if (isinstance(array, np.ndarray) and array.dtype.names is None) or type(array).__module__.startswith("jax"):
            array = np.asarray(array)
            if array.ndim != 2 or array.shape[1] != len(self.columns):
                raise checks.JgdValueError(
                    f"{table} must be an array (n, {len(self.columns)}) of the columns {_listed(self.columns)}, or a table "
                    f"with names, got shape {array.shape}"
                )
            found = {name: array[:, place] for place, name in enumerate(self.columns)}
        else:
            found = columns_of(array, table)
        missing = [name for name in self.columns if name not in found]
        if missing:
            raise checks.JgdValueError(
                f"{table} must have the columns that the model was trained on: {_listed(missing)} missing, got {_listed([*found])}"
            )
        if not len(found[self.columns[0]]):
            raise checks.JgdValueError(f"{table} must have at least one row")
        parts = [column.numbers(found[column.name], table) for column in self.encoder.columns]
        self._warn_of_news(parts, found, table)
        return np.stack(parts, axis=1)

    def _warn_of_news(self, parts: list[np.ndarray], found: dict[str, np.ndarray], table: str) -> None:
        import warnings

        for column, codes, known in zip(self.encoder.columns, parts, self.encoder.categories or (), strict=True):
            if column.kind == "words":
                new = ~np.isin(codes, known) & ~np.isnan(codes)
                if new.any():
                    warnings.warn(
                        f"column {column.name!r} of {table} has words that the training rows did not have, such as "
                        f"{word_of(found[column.name][np.argmax(new)])!r} ({int(new.sum())} rows): they count as none of its words",
                        stacklevel=4,
                    )

    def targets(self, values: Any, table: str = "the rows") -> np.ndarray:
        """The target's cells as (n,) int32 class numbers, or float64 values in the target's units.

        Raises:
            JgdValueError: An empty cell, or a label that is none of the classes.
            JgdTypeError: Words where the model has values.
        """
        values = np.asarray(values)
        empty = gaps(values)
        if empty.any():
            raise checks.JgdValueError(
                f"the target {self.target!r} of {table} must have no empty cell, got one at row {int(np.argmax(empty))}"
            )
        if not self.classes:
            if values.ndim > 1:
                checks.numeric_data("targets", values)
                return values.astype(np.float64)
            if kind_of(values) != "number":
                raise checks.JgdTypeError(
                    f"the target {self.target!r} of {table} must be numbers, got {checks.shown(str(values[0]))}"
                )
            return Column(self.target).numbers(values, table)
        place = {word_of(label): number for number, label in enumerate(self.classes)}
        words = [word_of(value) for value in values]
        for word in words:
            if word not in place:
                checks.choice(f"class of {self.target}", word, place)
        return np.array([place[word] for word in words], np.int32)

    def values(self, outputs: np.ndarray) -> np.ndarray:
        """A regression's outputs in the target's units: (n,) float64 of (n,) or (n, 1), else as many as there are."""
        if self.unit is None and np.ndim(outputs) > 2:
            return np.asarray(outputs)
        table = np.asarray(outputs, np.float64).reshape(len(outputs), -1)
        table = table if self.unit is None else self.unit.inverse(table)
        return table[:, 0] if table.shape[1] == 1 else table

    def labels(self, numbers: np.ndarray) -> np.ndarray:
        """Class numbers (n,) as the labels that they stand for."""
        return np.array(self.classes)[np.asarray(numbers)]


def _of_lists(rows: Any, table: str) -> np.ndarray:
    """Lists of cells as an array, in which numbers beside words stay numbers."""
    try:
        array = np.asarray(rows)
        return np.asarray(rows, object) if array.dtype.kind in "SU" else array
    except ValueError as fault:
        raise checks.JgdValueError(f"{table} must be rows of one length: {fault}") from fault


def _listed(names: Any) -> str:
    shown = ", ".join(map(repr, list(names)[:8]))
    return shown + (f", … ({len(names)} in all)" if len(names) > 8 else "")
