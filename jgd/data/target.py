"""The target's cells as classes or as values, and what two columns tell too well."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from jgd.core import checks
from jgd.data.column import NUMBER, Column, gaps, kind_of, word_of

KINDS = ("auto", "values", "classes")
ROWS_A_CLASS = 5  # that more than two different whole numbers need to be taken as classes …
MOST = 100  # … of so many at most
FEW = 10  # classes that any table may have; of more, each needs two rows
MANY = 30  # rows from which a column that counts them is no chance


def targets_of(
    table: str, name: str, cells: np.ndarray, kind: str, hint: str = ""
) -> tuple[np.ndarray, tuple[Any, ...]]:
    """The target as numbers.

    Args:
        table: What errors call what holds it.
        name: The target's.
        cells: (rows,), as they are in the table.
        kind: A member of `KINDS`.
        hint: What an error on an empty cell ends with.

    Returns:
        ((rows,) class numbers int32, labels), or ((rows,) values float64, ()).

    Raises:
        JgdValueError: An empty cell, one that is not finite, one class or value alone, or about as many classes as rows.
        JgdTypeError: Words or dates as values; dates as "auto".
    """
    whose = f"the target {name!r} of {table}"
    empty = gaps(cells)
    if empty.any():
        raise checks.JgdValueError(f"{whose} must have no empty cell, got one at row {np.argmax(empty)}{hint}")
    holds = kind_of(cells)
    if holds != "number" and (kind == "values" or (kind == "auto" and holds == "date")):
        raise checks.JgdTypeError(
            f"{whose} holds {holds if holds == 'words' else 'dates'}, such as {str(cells[0])!r}, which are no values: "
            "kind='classes' takes each as a class"
        )
    if holds == "number":
        answer = _numbers(whose, name, cells)
        if kind == "auto":
            kind = "classes" if _are_labels(answer) else "values"
    else:
        answer = np.array([word_of(cell) for cell in cells])
        if kind == "auto":
            _refuse_numbers_with_words(whose, answer)
    known = np.unique(answer)
    if kind == "values":
        if len(known) < 2:
            raise checks.JgdValueError(f"{whose} must have two values or more, got {known[0]:g} in every row")
        return answer.astype(np.float64), ()
    if len(known) < 2:
        raise checks.JgdValueError(f"{whose} must have two classes or more, got {known.tolist()}")
    if len(known) > max(FEW, len(answer) // 2):
        raise checks.JgdValueError(
            f"{whose} has {len(known)} different cells in {len(answer)} rows, which are no classes to learn"
            + ("" if holds != "number" else ": kind='values' is a regression"),
            argument="kind",
        )
    labels = known.astype(np.int64) if known.dtype.kind == "f" and (known == known.round()).all() else known
    return np.searchsorted(known, answer).astype(np.int32), tuple(labels.tolist())


def _numbers(whose: str, name: str, cells: np.ndarray) -> np.ndarray:
    """Whole numbers and booleans as they are, all others as float64."""
    if cells.dtype.kind == "O" and all(isinstance(cell, bool | int | np.bool_ | np.integer) for cell in cells):
        cells = np.array(cells.tolist())  # of a frame that knows gaps
    if cells.dtype.kind in "iub":
        return cells
    try:
        return Column(name).numbers(cells) + 0.0  # −0 is 0
    except checks.JgdValueError:
        row = next(row for row, cell in enumerate(cells) if not np.isfinite(float(cell)))
        raise checks.JgdValueError(f"{whose} must be finite, got {cells[row]} at row {row}") from None


def _are_labels(answer: np.ndarray) -> bool:
    """Whether numbers are classes: booleans, or whole numbers each of which has some rows."""
    count = len(np.unique(answer))
    return answer.dtype.kind in "iub" and (count <= 2 or count <= min(MOST, len(answer) // ROWS_A_CLASS))


def _refuse_numbers_with_words(whose: str, words: np.ndarray) -> None:
    """Numbers with a fraction, and a word among them: a sign for an empty cell would become a class."""
    number = np.array([bool(NUMBER.fullmatch(word)) for word in words])
    if number.any() and not number.all() and any(not word.lstrip("+-").isdigit() for word in words[number]):
        row = int(np.argmin(number))
        raise checks.JgdTypeError(
            f"{whose} holds numbers, and {str(words[row])!r} at row {row}: csv=jgd.data.CsvFormat(empty=[…]) reads a word as an "
            "empty cell, kind='classes' takes each as a class"
        )


def describe_target(name: str, targets: np.ndarray, labels: Sequence[Any], classes: int) -> str:
    """What the target is taken for, in one line, and how to say otherwise where it is whole numbers.

    >>> describe_target("age", np.array([31.0, 40.0, 52.0]), (), 0)
    "target 'age': 3 different whole numbers from 31 to 52, taken as values (kind='classes' for classes)"
    >>> describe_target("hot", np.array([1, 0, 1]), ("no", "yes"), 2)
    "target 'hot': 2 classes, no in 1 row, yes in 2 rows"
    """
    if classes:
        names = list(labels) or list(range(classes))
        counts = np.bincount(targets.ravel().astype(int), minlength=classes)
        rows = lambda count: f"{count} row" if count == 1 else f"{count} rows"
        shown = [f"{label} in {rows(count)}" for label, count in zip(names, counts, strict=True)]
        shown = shown if len(shown) <= 12 else [*shown[:8], "…", *shown[-2:]]
        whole = all(isinstance(label, int) and not isinstance(label, bool) for label in names)
        other = " (taken so from whole numbers; kind='values' for a regression)" if whole and classes > 2 else ""
        return f"target {name!r}: {classes} classes, {', '.join(shown)}{other}"
    known = np.unique(targets)
    span = f"from {known[0]:.6g} to {known[-1]:.6g}"
    if (known == known.round()).all():
        return f"target {name!r}: {len(known)} different whole numbers {span}, taken as values (kind='classes' for classes)"
    return f"target {name!r}: values {span}"


def warn_of_twins(
    table: str, names: Sequence[str], inputs: np.ndarray, target: str, answer: np.ndarray, labels: Sequence[Any]
) -> None:
    """Warn of features that repeat each other, tell the target or count rows sorted by it: (rows, columns) and (rows,)."""
    seen: dict[bytes, str] = {}
    sorted_rows = len(labels) and len(answer) >= MANY and np.count_nonzero(np.diff(answer)) < len(labels)
    values = (
        np.array(labels, float)[answer] if len(labels) and all(isinstance(each, int) for each in labels) else answer
    )
    for name, column in zip(names, (inputs + 0.0).T, strict=True):
        if len(column) < 3 or (column == column[0]).all():
            continue
        first = seen.setdefault(column.tobytes(), name)
        if first != name:
            warnings.warn(f"column {name!r} of {table} repeats {first!r}: drop= leaves one out", stacklevel=4)
        if sorted_rows and (np.diff(column) == 1).all():
            warnings.warn(
                f"column {name!r} of {table} counts the rows, and these are sorted by the target {target!r}: drop= leaves it out",
                stacklevel=4,
            )
        if np.array_equal(column, values) or (len(labels) and _tells(column, answer, len(labels))):
            warnings.warn(
                f"column {name!r} of {table} tells the target {target!r} exactly: drop= leaves it out, unless it is known "
                "before the target is",
                stacklevel=4,
            )


def _tells(column: np.ndarray, classes: np.ndarray, count: int) -> bool:
    """Whether each class has one value of its own; of fewer rows than `FEW` that is chance."""
    if len(column) < FEW or len(set(column[: 50 * count].tolist())) > count:
        return False
    kinds, place = np.unique(column, return_inverse=True)
    return len(kinds) == count and len(np.unique(place * count + classes)) == count
