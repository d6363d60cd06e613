"""One raw column as numbers: what a cell is, and what its values stand for."""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np

from jgd.core import checks

KINDS = ("number", "date", "words")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
DAY = 86_400 * 10**6  # microseconds, in which the year 9999 fits


@dataclass(frozen=True)
class Column:
    """A raw column of a table: its name, and how its cells are read as numbers.

    Args:
        name: In the table.
        kind: "number" (durations are days), "date" (days since 1970-01-01, hours as a fraction) or "words" (the place in `words`).
        words: The different cells of a column of words, sorted.

    Example:
        >>> Column("city", "words", ("Bonn", "Kiel")).numbers(np.array(["Kiel", "Bonn", None, "Ulm"], object)).tolist()
        [1.0, 0.0, nan, -1.0]
        >>> Column("since", "date").numbers(np.array(["1970-01-03", "1970-01-01T12:00"])).tolist()
        [2.0, 0.5]
    """

    name: str
    kind: str = "number"
    words: tuple[str, ...] = field(default=(), repr=False)

    def numbers(self, values: np.ndarray, table: str = "the rows") -> np.ndarray:
        """The cells as numbers.

        Args:
            values: (n,) cells of any kind.
            table: What errors call what holds them.

        Returns:
            (n,) float64: NaN for an empty cell, −1 for a word that is none of `words`.

        Raises:
            JgdTypeError: Words in a column of numbers.
            JgdValueError: A cell that is infinite, or no date.
        """
        read = {"number": self._as_number, "date": self._as_days, "words": self._as_codes}[self.kind]
        out = read(values, table)
        endless = np.flatnonzero(np.isinf(out))
        if len(endless):
            raise checks.JgdValueError(
                f"column {self.name!r} of {table} must be finite, got {out[endless[0]]} at row {endless[0]}"
            )
        return out

    def _as_number(self, values: np.ndarray, table: str) -> np.ndarray:
        if values.dtype.kind in "fiub":
            return values.astype(np.float64)
        if values.dtype.kind == "m":
            return values / np.timedelta64(1, "D")
        if kind_of(values) != "number":
            row, first = _first_word(values)
            raise checks.JgdTypeError(
                f"column {self.name!r} of {table} holds {kind_of(values)}, such as {str(first)!r} at row {row}: features must "
                f"be numbers (one_hot encodes words, dates takes dates, drop leaves the column out){_hint(str(first))}",
                argument="one_hot",
            )
        return np.array([np.nan if gap else value for value, gap in zip(values, gaps(values), strict=True)], np.float64)

    def _as_days(self, values: np.ndarray, table: str) -> np.ndarray:
        import pandas as pd  # xarray brings it

        if kind_of(values) == "number" and not gaps(values).all():
            raise checks.JgdValueError(
                f"column {self.name!r} of {table} must hold dates, got {checks.shown(values[0])}"
            )
        try:
            times = pd.to_datetime(pd.Series(values), format=None if values.dtype.kind == "M" else "ISO8601", utc=True)
        except (ValueError, TypeError) as fault:
            said = str(fault).partition(". ")[0]  # without pandas' advice
            raise checks.JgdValueError(
                f"column {self.name!r} of {table} must hold dates such as 2026-01-31 or 2026-01-31T12:30: {said}"
            ) from fault
        days = times.dt.tz_localize(None).to_numpy().astype("datetime64[us]").astype(np.int64) / DAY
        return np.where(gaps(values), np.nan, days)

    def _as_codes(self, values: np.ndarray, table: str) -> np.ndarray:
        empty, place = gaps(values), self._places
        return np.array(
            [np.nan if gap else place.get(word_of(value), -1) for value, gap in zip(values, empty, strict=True)],
            np.float64,
        ).reshape(len(values))

    @cached_property
    def _places(self) -> dict[str, int]:
        return {word: place for place, word in enumerate(self.words)}


def _first_word(values: np.ndarray) -> tuple[int, Any]:
    """(row, cell) of the first that is no number: among numbers it may be a sign for a gap."""
    cells = [(row, cell) for row, (cell, gap) in enumerate(zip(values, gaps(values), strict=True)) if not gap]
    return next((each for each in cells if not NUMBER.fullmatch(str(each[1]).strip())), cells[0])


def _hint(cell: str) -> str:
    """What a cell that looks like a number may be."""
    comma = "a decimal comma is csv=jgd.data.CsvFormat(decimal=','), in the shell --decimal ,"
    if re.fullmatch(r"[+-]?\d{1,3}([,.' ]\d{3})+([.,]\d+)?", cell):
        return f"; thousands must have no sign between them{f'; {comma}' if cell.count(',') == 1 else ''}"
    if re.fullmatch(r"[+-]?\d+,\d+", cell):
        return f"; {comma}"
    if re.fullmatch(r"\W*", cell):
        return f"; csv=jgd.data.CsvFormat(empty=[{cell!r}]), in the shell --empty {cell!r}, reads it as an empty cell"
    return ""


def gaps(values: np.ndarray) -> np.ndarray:
    """(n,) whether a cell is empty: None, NaN, or what frames have for them."""
    if values.dtype.kind in "iubSU":
        return np.zeros(len(values), bool)
    if values.dtype.kind == "f":
        return np.isnan(values)
    import pandas as pd  # xarray brings it

    return np.asarray(pd.isna(values))


def kind_of(values: np.ndarray) -> str:
    """What a column's cells are, a member of `KINDS`.

    >>> kind_of(np.array([1, None, 2.5], object)), kind_of(np.array(["a", None], object))
    ('number', 'words')
    """
    if values.dtype.kind in "fiubm":
        return "number"
    if values.dtype.kind == "M":
        return "date"
    from datetime import date

    cells = [value for value, gap in zip(values, gaps(values), strict=True) if not gap]
    if all(isinstance(cell, bool | int | float | Decimal | np.bool_ | np.number) for cell in cells):
        return "number"
    return "date" if all(isinstance(cell, date | np.datetime64) for cell in cells) else "words"


def word_of(value: Any) -> str:
    """A cell as text, the same for 1, 1.0 and "1": gaps turn whole numbers into floats, and files both into text."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)
