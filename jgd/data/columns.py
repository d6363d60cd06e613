"""Raw columns, whatever holds them: a file, a frame, a mapping or an array. Leaves: name -> one array, a value a row."""

import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from jgd.core import checks
from jgd.data.csv_file import read_csv
from jgd.data.csv_format import CsvFormat

SUFFIXES = (".csv", ".parquet", ".arrow", ".feather", ".npz", ".npy", ".tsv")


def read_columns(
    path: Path, words: Collection[str] = (), labels: Collection[str] = (), csv: CsvFormat | None = None
) -> dict[str, np.ndarray]:
    """The columns of a file.

    Args:
        path: .csv or .tsv (see `jgd.data.csv_file.read_csv`), .parquet, .arrow or .feather (pyarrow reads these three),
            .npz with an array (n,) or (n, columns) under each name, .npy with one array (n, columns), named "0", "1", …, or
            with named fields. Nothing is unpickled.
        words: Columns of a .csv that are text, whatever they look like: postal codes and other numbers that are names.
        labels: Columns of a .csv that are text where a number begins with a 0.
        csv: How a .csv is written. Default: it is looked for.

    Returns:
        Name -> (rows,).

    Raises:
        JgdValueError: A missing file, one of another kind, one that can't be read, or columns of different lengths.
        ImportError: pyarrow is not installed.
    """
    suffix = path.suffix.lower()
    if not path.is_file():
        raise checks.JgdValueError(f"data file {str(path)!r} is {'no file' if path.exists() else 'not there'}")
    if suffix not in SUFFIXES:
        raise checks.JgdValueError(f"data file must be {', '.join(SUFFIXES)}, got {checks.shown(path.name)}")
    try:
        if suffix in (".csv", ".tsv"):
            return read_csv(path, words, labels, csv)
        return columns_of(_content(path, suffix), path.name)
    except checks.JgdError:
        raise
    except (
        OSError,
        ValueError,
        KeyError,
        EOFError,
        zipfile.BadZipFile,
    ) as fault:  # pandas', pyarrow's and NumPy's of a damaged file
        raise checks.JgdValueError(f"data file {path.name!r} can't be read: {fault}") from fault


def read_rows(path: Path, csv: CsvFormat | None = None) -> Any:
    """The rows of a file for a model that takes arrays: what is in an .npy, of any shape, or its columns as in `read_columns`."""
    if path.suffix.lower() != ".npy" or not path.is_file():
        return read_columns(path, csv=csv)
    try:
        return _content(path, ".npy")
    except (OSError, ValueError, EOFError) as fault:
        raise checks.JgdValueError(f"data file {path.name!r} can't be read: {fault}") from fault


def _content(path: Path, suffix: str) -> Any:
    if suffix in (".npz", ".npy") and not _start(path).startswith((b"PK", b"\x93NUMPY")):
        raise checks.JgdValueError(f"data file {path.name!r} is no {suffix} of NumPy's, or is damaged")
    if suffix == ".npz":
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    if suffix == ".npy":
        return np.load(path, allow_pickle=False)
    try:
        import pyarrow.feather  # pyright: ignore[reportMissingImports]  # an extra of the user's
        import pyarrow.parquet  # pyright: ignore[reportMissingImports]  # likewise
    except ImportError as missing:
        raise ImportError(f"{suffix} files need pyarrow: pip install 'jgd[data]'") from missing
    return pyarrow.parquet.read_table(path) if suffix == ".parquet" else pyarrow.feather.read_table(path)


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(6)


def columns_of(table: Any, name: str = "the table") -> dict[str, np.ndarray]:
    """The columns of a table in memory.

    Args:
        table: A frame of pandas or polars, a table of pyarrow, anything else with `__dataframe__`, a mapping of names
            to arrays (n,) or (n, columns), or an array (n, columns), whose columns are "0", "1", ….
        name: What errors call it.

    Returns:
        Name -> (rows,); the columns of an array (n, columns) under `x` are "x[0]", "x[1]", ….

    Raises:
        JgdTypeError: Something that is no table.
        JgdValueError: Columns of different lengths, or two of one name.

    Example:
        >>> list(columns_of({"x": np.ones((3, 2)), "y": [1, 2, 3]}))
        ['x[0]', 'x[1]', 'y']
    """
    out: dict[str, np.ndarray] = {}
    for each, values in _named(table, name):
        array = _array(each, values, name)
        if array.ndim not in (1, 2):
            raise checks.JgdValueError(
                f"column {each!r} of {name} must have shape (n,) or (n, columns), got {array.shape}"
            )
        parts = (
            {each: array.reshape(len(array))}
            if array.ndim == 1 or array.shape[1] == 1
            else {f"{each}[{i}]": array[:, i] for i in range(array.shape[1])}
        )
        twice = set(parts) & set(out)
        if twice:
            raise checks.JgdValueError(f"{name} has two columns named {min(twice)!r}")
        out |= parts
    counts = {each: len(column) for each, column in out.items()}
    if len(set(counts.values())) > 1:
        raise checks.JgdValueError(f"arrays of {name} must have as many rows, got {counts}")
    return out


def _array(each: str, values: Any, name: str) -> np.ndarray:
    """A column's cells; `JgdTypeError` for what is no number, date or word."""
    if isinstance(values, np.ma.MaskedArray):
        cells = values.data.astype(object)
        cells[np.ma.getmaskarray(values)] = None
        values = cells
    try:
        array = values.to_numpy() if hasattr(values, "to_numpy") else np.asarray(values)
    except ValueError as fault:
        raise checks.JgdValueError(f"column {each!r} of {name} must have cells of one kind and shape") from fault
    kinds = (np.ndarray, Mapping, list, tuple, set)
    nested = next((cell for cell in array.flat if isinstance(cell, kinds)), None) if array.dtype.kind == "O" else None
    if nested is not None or array.dtype.kind not in "fiubmMOSU":
        got = f"{type(nested).__name__} cells" if nested is not None else f"dtype {array.dtype}"
        raise checks.JgdTypeError(
            f"column {each!r} of {name} must hold one real number, date or word a cell, got {got}: make it columns of these"
        )
    return array


def _named(table: Any, name: str) -> list[tuple[str, Any]]:
    """(name, values) of each column."""
    if isinstance(table, Mapping):
        return [(str(key), values) for key, values in table.items()]
    if hasattr(table, "column_names") and hasattr(table, "to_pandas"):  # pyarrow
        table = table.to_pandas()
    elif not hasattr(table, "columns") and hasattr(table, "__dataframe__"):
        from pandas.api.interchange import from_dataframe

        table = from_dataframe(table)
    if hasattr(table, "columns") and hasattr(table, "__getitem__"):  # pandas and polars
        names = [str(each) for each in table.columns]
        if len(set(names)) < len(names):
            raise checks.JgdValueError(f"{name} has two columns named {max(names, key=names.count)!r}")
        return [(text, table[each]) for text, each in zip(names, table.columns, strict=True)]
    array = np.asarray(table) if hasattr(table, "__array__") or isinstance(table, list | tuple) else None
    if array is not None and array.dtype.names:
        return [(each, array[each]) for each in array.dtype.names]
    if array is None or array.ndim != 2:
        got = type(table).__name__ if array is None else f"an array of shape {array.shape}"
        raise checks.JgdTypeError(
            f"{name} must be a frame, a mapping of names to arrays, or an array (n, columns), got {got}"
        )
    return [(str(i), array[:, i]) for i in range(array.shape[1])]
