"""How a CSV is written: what separates cells, how numbers have their fraction, which words are an empty cell."""

import codecs
import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from jgd.core import checks

EMPTY = ("", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "None", "<NA>")
DELIMITERS = (",", ";", "\t", "|")
DECIMALS = (".", ",")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
LOOK = 200  # rows that tell delimiter and decimal sign
COMMA = re.compile(r"[+-]?\d+,\d+")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")
_POINT = re.compile(r"[+-]?\d*\.\d+")


@dataclass(frozen=True)
class CsvFormat:
    r"""How a CSV is written.

    Args:
        delimiter: What stands between two cells; None looks which of , ; tab and | it is.
        decimal: "." or ",", the sign before a number's fraction; None looks where the delimiter is no comma.
        encoding: Of the text; None is UTF-8, or UTF-16 by its mark.
        empty: The words that are read as an empty cell, besides "". Default: NA, N/A, NaN, NULL, None and their like
            (`jgd.data.csv_format.EMPTY`). () takes them all as words: "NA" is Namibia too.

    Raises:
        JgdValueError: A delimiter that isn't one character, another decimal sign, one that is the delimiter too, or an
            unknown encoding.
        JgdTypeError: Empty words that are no words.

    Example:
        >>> import pathlib, tempfile
        >>> from jgd.data.csv_file import read_csv
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "t.csv")
        ...     _ = path.write_text("land;share\nNA;1,5\nDE;2,25\n")
        ...     found = read_csv(path, form=CsvFormat(empty=()))
        >>> found["land"].tolist(), found["share"].tolist()
        (['NA', 'DE'], [1.5, 2.25])
    """

    delimiter: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    empty: Sequence[str] = EMPTY

    def __post_init__(self) -> None:
        if self.delimiter is not None and (
            not isinstance(self.delimiter, str) or len(self.delimiter) != 1 or self.delimiter in '"\r\n'
        ):
            raise checks.JgdValueError(
                f"delimiter must be one character such as ';', got {checks.shown(self.delimiter)}", argument="delimiter"
            )
        if self.decimal is not None:
            checks.choice("decimal", self.decimal, DECIMALS)
        if self.decimal is not None and self.decimal == self.delimiter:
            raise checks.JgdValueError(
                f"decimal and delimiter must be two signs, got {self.decimal!r} for both", argument="decimal"
            )
        try:
            codecs.lookup("utf-8" if self.encoding is None else self.encoding)
        except (LookupError, TypeError, ValueError, RuntimeError):
            raise checks.JgdValueError(
                f"encoding must be one of Python's, such as 'latin-1', got {checks.shown(self.encoding)}",
                argument="encoding",
            ) from None
        words = isinstance(self.empty, list | tuple | set | frozenset)
        if not words or not all(isinstance(word, str) for word in self.empty):
            raise checks.JgdTypeError(
                f"empty must be words, such as ['?', '-'], got {checks.shown(self.empty)}", argument="empty"
            )


def encoding_of(path: Path) -> str:
    """UTF-16 where its mark begins the file, else UTF-8."""
    with path.open("rb") as file:
        start = file.read(4)
    return next((name for mark, name in _MARKS if start.startswith(mark)), "utf-8")


@contextmanager
def rows_of(path: Path, encoding: str, delimiter: str) -> Iterator[Iterator[list[str]]]:
    """The file's rows as cells, the header first; what is wrong with one is told by its line."""
    with path.open(encoding=encoding, newline="") as file:
        rows = csv.reader(map(_plain, file), delimiter=delimiter, skipinitialspace=True, strict=True)
        try:
            yield rows
        except csv.Error as fault:
            raise csv.Error(f"line {rows.line_num}: {fault}") from fault


def _plain(line: str) -> str:
    if "\0" in line:
        raise csv.Error("a zero byte, which no text holds; of a file in UTF-16 say encoding='utf-16'")
    return line


def delimiter_of(path: Path, encoding: str) -> str:
    """Which of `DELIMITERS` cuts the first rows into most cells, and all rows alike if one does."""
    found = []
    for sign in DELIMITERS:
        with rows_of(path, encoding, sign) as rows:
            try:
                counts = [len(row) for row in islice(rows, LOOK) if row]
            except csv.Error:
                continue
        if counts and max(counts) > 1:
            found.append((len(set(counts)) == 1, counts[0], -DELIMITERS.index(sign)))
    return DELIMITERS[-max(found)[2]] if found else ","


def decimal_of(rows: Sequence[Sequence[str]], delimiter: str) -> str:
    """A comma where numbers have one that groups no thousands, and none has a point."""
    if delimiter == ",":
        return "."
    cells = [cell.strip() for row in rows for cell in row]
    fraction = any(COMMA.fullmatch(cell) and not _THOUSANDS.fullmatch(cell) for cell in cells)
    return "," if fraction and not any(_POINT.fullmatch(cell) for cell in cells) else "."
