"""A CSV as columns, once every row was found to have as many cells as the header: else one would take its neighbour's place."""

import csv
import re
import warnings
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from jgd.core import checks
from jgd.data.csv_format import COMMA, LOOK, CsvFormat, decimal_of, delimiter_of, encoding_of, rows_of

_CODE = re.compile(r"[+-]?0\d")  # 007 is a name: as a number it would be 7


def read_csv(
    path: Path, words: Collection[str] = (), labels: Collection[str] = (), form: CsvFormat | None = None
) -> dict[str, np.ndarray]:
    """The columns of a CSV whose first row names them.

    Spaces around cells and names are dropped; blank lines too, but of one column. A column that has no name is left out,
    with a warning, and a header of numbers alone is warned about.

    Args:
        path: The file.
        words: Columns that are text, whatever they look like.
        labels: Columns that are text where a number begins with a 0 (007), which makes it a name.
        form: How it is written. Default: it is looked for.

    Returns:
        Name -> (rows,): numbers, booleans, or objects, text and None for an empty cell.

    Raises:
        JgdValueError: A row of another length than the header, a name that two columns have, or a file that isn't text.
    """
    how = CsvFormat() if form is None else form
    with _told(path, how):
        encoding = how.encoding or encoding_of(path)
        delimiter = how.delimiter or delimiter_of(path, encoding)
        names, some = _checked_rows(path, encoding, delimiter)
        decimal = how.decimal or decimal_of(some, delimiter)
        text = [place for place, name in enumerate(names) if name in {*words, *labels}]
        table = _table(path, how, encoding, delimiter, decimal, len(names), text)
    _warn_of_header(path.name, names)
    read = {name: table[place].to_numpy() for place, name in enumerate(names) if name}
    return {
        name: cells if cells.dtype.kind in "iufb" else _read_cells(cells, name in words, name in labels, decimal, how)
        for name, cells in read.items()
    }


def _checked_rows(path: Path, encoding: str, delimiter: str) -> tuple[list[str], list[list[str]]]:
    """(the header's names, some rows), once every row has been counted."""
    with rows_of(path, encoding, delimiter) as rows:
        names = [name.strip() for name in next((row for row in rows if row and row != [""]), [])]
        names[:1] = [name.removeprefix("\ufeff") for name in names[:1]]
        if not names:
            raise checks.JgdValueError(f"data file {path.name!r} is empty: its first row must name the columns")
        twice = next((name for name in names if name and names.count(name) > 1), None)
        if twice is not None:
            raise checks.JgdValueError(f"{path.name} has two columns named {twice!r}: rename one in the header")
        some, number = [], 0
        for row in rows:
            if len(names) > 1 and row in ([], [""]):
                continue
            if len(row) > len(names) or (row and len(row) < len(names)):
                raise checks.JgdValueError(
                    f"row {number} of {path.name} has {len(row)} cells, the header {len(names)}: {_shown(row)} under "
                    f"{_shown(names)}, cut at {delimiter!r}; a cell that holds it needs quotes"
                )
            if len(some) < LOOK:
                some.append(row)
            number += 1
    if not number:
        raise checks.JgdValueError(f"{path.name} has 0 rows: nothing is below its header {_shown(names)}")
    return names, some


def _shown(cells: Sequence[str]) -> str:
    text = ", ".join(cells[:8]) + (", …" if len(cells) > 8 else "")
    return repr(text if len(text) < 80 else text[:80] + "…")


def _table(
    path: Path, how: CsvFormat, encoding: str, delimiter: str, decimal: str, columns: int, text: Sequence[int]
) -> Any:
    """A frame whose columns are 0, 1, …, with pandas' kinds."""
    import pandas as pd  # xarray brings it

    return pd.read_csv(
        path,
        encoding=encoding,
        sep=delimiter,
        decimal=decimal,
        header=0,
        names=list(range(columns)),
        index_col=False,
        skipinitialspace=True,
        skip_blank_lines=columns > 1,
        keep_default_na=False,
        na_values=[*how.empty, ""],
        dtype=dict.fromkeys(text, object),
        low_memory=False,
    )


def _read_cells(cells: np.ndarray, as_text: bool, codes: bool, decimal: str, how: CsvFormat) -> np.ndarray:
    """Cells that are not all numbers as they stand: without spaces around them they may be."""
    import pandas as pd  # xarray brings it

    empty = {*how.empty, ""}
    plain = [cell.strip() if isinstance(cell, str) else None if pd.isna(cell) else cell for cell in cells]
    text = np.array([None if cell in empty else cell for cell in plain], object)
    seen = [cell for cell in text if cell is not None]
    if as_text or not seen or (codes and any(_CODE.match(str(cell)) for cell in seen)):
        return text
    if all(str(cell).lower() in ("true", "false") for cell in seen):
        known = [None if cell is None else str(cell).lower() == "true" for cell in text]
        return np.array(known, bool if len(seen) == len(text) else object)
    try:
        point = [cell.replace(",", ".") if decimal == "," and COMMA.fullmatch(str(cell)) else cell for cell in text]
        return np.asarray(pd.to_numeric(pd.Series(point, dtype=object)))
    except (ValueError, TypeError):
        return text


def _warn_of_header(table: str, names: Sequence[str]) -> None:
    nameless = [str(place) for place, name in enumerate(names) if not name]
    if nameless:
        warnings.warn(
            f"column {', '.join(nameless)} of {table} has no name and is left out (row numbers are no feature): name it in "
            "the header to learn from it",
            stacklevel=6,
        )
    named = [name for name in names if name]
    if named != [str(place) for place in range(len(named))] and all(map(_is_number, named)):
        warnings.warn(
            f"the header of {table} is numbers, {_shown(names)}: if they are a row of data, put a row of names above them",
            stacklevel=6,
        )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@contextmanager
def _told(path: Path, how: CsvFormat) -> Iterator[None]:
    """What the decoder and the csv module find wrong, with the file's name and what to do."""
    try:
        yield
    except UnicodeError as fault:
        tried = how.encoding or "UTF-8"
        place = f", {_undecodable(path, fault)}" if isinstance(fault, UnicodeDecodeError) else ""
        raise checks.JgdValueError(
            f"data file {path.name!r} is no text in {tried}{place}: save it as UTF-8, or say its encoding, such as "
            "encoding='latin-1'",
            argument="encoding",
        ) from fault
    except csv.Error as fault:
        raise checks.JgdValueError(f"data file {path.name!r} can't be read: {fault}") from fault


def _undecodable(path: Path, fault: UnicodeDecodeError) -> str:
    """The line of the first byte that can't be decoded, which the decoder tells only within its own buffer."""
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        try:
            line.decode(fault.encoding)
        except UnicodeDecodeError as here:
            return f"by byte 0x{line[here.start]:02x} in line {number}"
    return fault.reason
