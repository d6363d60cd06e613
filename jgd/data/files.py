"""A user's own table as a `Dataset`: a file or a frame with a target column."""

import os
import re
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jgd.core import checks
from jgd.data.column import Column, gaps, kind_of, word_of
from jgd.data.columns import columns_of, read_columns
from jgd.data.csv_format import CsvFormat
from jgd.data.datasets import Dataset
from jgd.data.encoding import MISSING, refuse_gaps
from jgd.data.target import KINDS, targets_of, warn_of_twins

AUTO = "auto"


def read(
    source: Any,
    target: str | int,
    kind: str = AUTO,
    *,
    features: Sequence[str] | None = None,
    drop: Sequence[str] = (),
    one_hot: str | Sequence[str] = (),
    dates: Sequence[str] = (),
    missing: str = "error",
    csv: CsvFormat | None = None,
) -> Dataset:
    r"""The rows of a table: every column but `target` is a feature, unless `features` or `drop` say otherwise.

    Args:
        source: A path (see `jgd.data.columns.read_columns`: CSV, Parquet, Arrow, NumPy), a frame of pandas or polars, or
            another table in memory (`columns_of`).
        target: The column to predict, by its name, or its number where that is its name.
        kind: "values" of a regression, "classes" of a classification (numbered 0, 1, … in sorted order), or "auto":
            classes where the target holds words, booleans, or whole numbers that are two, or up to 100 with 5 rows each on
            average. `print(data)` says what was decided.
        features: The columns to learn from. Default: all but the target.
        drop: Columns to leave out.
        one_hot: Columns of words, each of which becomes a feature that is 0 or 1; "auto" takes all columns of words, and
            warns of those whose words hardly repeat (dates as text, names).
        dates: Columns of text that are dates (ISO 8601), which become days since 1970; columns that a frame knows as
            dates are taken so without being named.
        missing: What fills the gaps of numbers and dates: "mean", "median" or "most_frequent" of the training rows.
            "error" (default) refuses gaps. A gap among words is a category of its own.
        csv: How a CSV is written, see `jgd.data.CsvFormat`: delimiter, decimal sign, encoding, which words are an empty cell.
            Default: it is looked for.

    Returns:
        The `Dataset`, named after the file. What depends on the rows (what fills a gap, which words there are, scales) is
        fitted later, on the training rows only. A column that repeats another, or tells the target exactly, is warned about.

    Raises:
        JgdValueError: A missing file or column; a row of another length than the header; cells that are empty or not
            finite, by column and row (0 is the first row of data); a target of one class or value, or of about as many
            classes as rows.
        JgdTypeError: Words among the features; a target of dates.
        ImportError: A package that reads the file is not installed.

    Example:
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "t.csv")
        ...     _ = path.write_text("hours,points\n1,2.5\n2,4.5\n")
        ...     read(path, "points").rows
        (array([[1.], [2.]]), array([2.5, 4.5]))
        >>> read({"city": ["Kiel", "Bonn"], "hot": ["no", "yes"]}, "hot", one_hot="auto").columns[0].words
        ('Bonn', 'Kiel')
    """
    checks.choice("kind", kind, KINDS)
    checks.choice("missing", missing, MISSING)
    words = () if one_hot == AUTO else _names("one_hot", one_hot)
    goal = str(target) if isinstance(target, int) else target
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        name, stem, columns = path.name, path.stem, read_columns(path, words, (goal,), csv)
    else:
        name, stem, columns = "the table", "table", columns_of(source)
    try:
        checks.choice(f"target column of {name}", goal, columns)
    except checks.JgdValueError as fault:
        one = len(columns) == 1 and name.endswith(CSV)
        alone = "; its one column may be several: CsvFormat(delimiter=…) says what cuts them" if one else ""
        raise checks.JgdValueError(f"{fault}{alone}", argument="target") from None
    answer = columns.pop(goal)
    columns = _without_row_numbers(_chosen(columns, name, features, drop), name, features)
    if not columns:
        raise checks.JgdValueError(f"{name} has no column besides the target {goal!r}")
    known = _kinds(columns, one_hot, words, dates)
    parts = [column.numbers(columns[column.name], name) for column in known]
    checks.rows(name, parts[0])
    inputs = np.stack(parts, axis=1)
    if missing == "error":
        refuse_gaps(known, inputs, name)
    targets, labels = targets_of(name, goal, answer, kind, _EMPTY if name.endswith(CSV) else "")
    names = tuple(column.name for column in known)
    warn_of_twins(name, names, inputs, goal, targets, labels)
    return Dataset(stem, inputs, targets, names, len(labels), tuple(known), labels, goal, missing)


CSV = (".csv", ".tsv")
MANY = 20  # rows from which words that hardly repeat tell of a column that is no feature
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_ROW_NUMBERS = re.compile(r"Unnamed: \d+")
_EMPTY = (
    " (words such as NA, None and null are read as empty; csv=jgd.data.CsvFormat(empty=()), in the shell --empty '', "
    "takes them as words)"
)


def _names(argument: str, given: str | Sequence[str]) -> tuple[str, ...]:
    if isinstance(given, str):
        return (given,)
    if not isinstance(given, Iterable) or not all(type(each) is int or isinstance(each, str) for each in given):
        raise checks.JgdTypeError(f"{argument} must name columns, got {checks.shown(given)}", argument=argument)
    return tuple(map(str, given))


def _chosen(
    columns: dict[str, np.ndarray], table: str, features: Sequence[str] | None, drop: Sequence[str]
) -> dict[str, np.ndarray]:
    """The columns that `features` names, without those of `drop`; "x" stands for all of "x[0]", "x[1]", …."""
    whole = {name.partition("[")[0] for name in columns}
    for argument, given in (("features", features or ()), ("drop", drop)):
        for name in _names(argument, given):
            _check_column(argument, name, table, [*columns, *(whole - set(columns))])
    holds = lambda given, name: name in given or name.partition("[")[0] in given
    kept = columns if features is None else {n: c for n, c in columns.items() if holds(_names("features", features), n)}
    return {name: column for name, column in kept.items() if not holds(_names("drop", drop), name)}


def _without_row_numbers(
    columns: dict[str, np.ndarray], table: str, features: Sequence[str] | None
) -> dict[str, np.ndarray]:
    """The columns but those that a frame of pandas has of a file's nameless ones: row numbers are no feature."""
    numbered = [name for name in columns if features is None and _ROW_NUMBERS.fullmatch(name)]
    for name in numbered:
        warnings.warn(
            f"column {name!r} of {table} had no name and is left out (row numbers are no feature): rename it to learn from it",
            stacklevel=4,
        )
    return {name: column for name, column in columns.items() if name not in numbered}


def _check_column(argument: str, name: str, table: str, columns: Sequence[str]) -> None:
    """Refuse a column that isn't there, as what the argument `argument` named."""
    try:
        checks.choice(f"column of {table}", name, columns)
    except checks.JgdValueError as fault:
        raise checks.JgdValueError(f"{argument} must name columns: {fault}", argument=argument) from None


def _warn_of_names(name: str, words: tuple[str, ...], rows: int) -> None:
    """Warn where "auto" takes a column whose words hardly repeat: dates as text, names, row numbers with letters."""
    if rows >= MANY and 2 * len(words) > rows:
        days = all(map(_DAY.match, words))
        warnings.warn(
            f"column {name!r} has {len(words)} words in {rows} rows, a feature each by one_hot='auto': "
            f"{'dates reads it as days' if days else 'drop leaves it out'}",
            stacklevel=4,
        )


def _kinds(
    columns: dict[str, np.ndarray], one_hot: str | Sequence[str], words: tuple[str, ...], dates: Sequence[str]
) -> list[Column]:
    """What each column is."""
    for argument, given in (("one_hot", words), ("dates", _names("dates", dates))):
        for name in given:
            _check_column(argument, name, "the features", [*columns])
    out = []
    for name, column in columns.items():
        kind = kind_of(column)
        if name in words or (kind == "words" and one_hot == AUTO and name not in _names("dates", dates)):
            seen = {word_of(cell) for cell, gap in zip(column, gaps(column), strict=True) if not gap}
            out.append(Column(name, "words", tuple(sorted(seen))))
            if name not in words:
                _warn_of_names(name, out[-1].words, len(column))
        else:
            out.append(Column(name, "date" if kind == "date" or name in _names("dates", dates) else "number"))
    return out
