"""A user's own table as a `Dataset`: CSV or Parquet with a target column, or NPZ with arrays."""

from pathlib import Path
from typing import Any

import numpy as np

from jgd.core import checks
from jgd.data.datasets import Dataset

KINDS = ("auto", "values", "classes")


def read(path: str | Path, target: str, kind: str = "auto") -> Dataset:
    r"""The rows of a file: every column but `target` is a feature.

    Args:
        path: .csv and .parquet are read by pandas, .npz by NumPy (`target` names one array (n,), the others, (n,) or
            (n, columns), are features). Nothing is unpickled.
        target: the column to predict.
        kind: "values" of a regression, "classes" of a classification (relabeled 0, 1, … in sorted order), or "auto":
            classes where the target holds words, booleans or whole numbers with at most 100 different values.

    Returns:
        The `Dataset`, named after the file.

    Raises:
        JgdValueError: a missing file or column; cells that are empty or not finite, by column and row (0 is the first
            row of data).
        JgdTypeError: words among the features.

    Example:
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "t.csv")
        ...     _ = path.write_text("hours,points\n1,2.5\n2,4.5\n")
        ...     read(path, "points").rows
        (array([[1.], [2.]]), array([2.5, 4.5]))
    """
    path = Path(path)
    checks.choice("kind", kind, KINDS)
    if not path.is_file():
        raise checks.JgdValueError(f"data file {str(path)!r} is not there")
    columns = _columns(path)
    checks.choice(f"target column of {path.name}", target, columns)
    answer = columns.pop(target)
    if not columns:
        raise checks.JgdValueError(f"{path.name} has no column besides the target {target!r}")
    names, parts = [], []
    for name, column in columns.items():
        table = column.reshape(len(column), -1)
        if table.dtype.kind not in "fiub":
            raise checks.JgdTypeError(
                f"column {name!r} of {path.name} holds {table.dtype}, such as {table.flat[0]!r}: "
                "features must be numbers (encode words as numbers, or leave the column out)"
            )
        parts.append(table.astype(np.float64))
        names += [name] if table.shape[1] == 1 else [f"{name}[{i}]" for i in range(table.shape[1])]
    counts = {name: len(column) for name, column in {**columns, target: answer}.items()}
    if len(set(counts.values())) > 1:
        raise checks.JgdValueError(f"arrays of {path.name} must have as many rows, got {counts}")
    inputs = np.concatenate(parts, axis=1)
    checks.rows(path.name, inputs)
    _whole(path, names, inputs)
    targets, classes = _targets(path, target, answer, kind)
    return Dataset(path.stem, inputs, targets, tuple(names), classes)


def _columns(path: Path) -> dict[str, np.ndarray]:
    """name -> (rows,) or (rows, columns)."""
    suffix = path.suffix.lower()
    if suffix == ".npz":
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    if suffix not in (".csv", ".parquet"):
        raise checks.JgdValueError(f"data file must be .csv, .parquet or .npz, got {path.name!r}")
    import pandas as pd  # xarray brings it

    frame: Any = pd.read_csv(path) if suffix == ".csv" else pd.read_parquet(path)
    return {str(name): frame[name].to_numpy() for name in frame.columns}


def _whole(path: Path, names: list[str], inputs: np.ndarray) -> None:
    bad = np.argwhere(~np.isfinite(inputs))
    if len(bad):
        row, column = bad[0]
        raise checks.JgdValueError(
            f"column {names[column]!r} of {path.name} must be finite, got {inputs[row, column]} at row {row}"
        )


def _targets(path: Path, name: str, answer: np.ndarray, kind: str) -> tuple[np.ndarray, int]:
    """-> (labels, classes) or (values, 0)."""
    if answer.ndim != 1:
        raise checks.JgdValueError(f"the target {name!r} of {path.name} must be one column, got shape {answer.shape}")
    words = answer.dtype.kind not in "fiub"
    if words:
        empty = [i for i, cell in enumerate(answer) if not isinstance(cell, str | bytes | bool | int)]
    else:
        empty = np.flatnonzero(~np.isfinite(answer.astype(np.float64)))
    if len(empty):
        raise checks.JgdValueError(
            f"the target {name!r} of {path.name} must have no empty cell, got {answer[empty[0]]} at row {empty[0]}"
        )
    known = np.unique(answer.astype(str) if words else answer)
    if kind == "classes" or (kind == "auto" and (words or (answer.dtype.kind in "iub" and len(known) <= 100))):
        place = np.searchsorted(known, answer.astype(str) if words else answer)
        return place.astype(np.int32), len(known)
    if words:
        raise checks.JgdTypeError(
            f"the target {name!r} of {path.name} holds words, which are no values: kind='classes'"
        )
    return answer.astype(np.float64), 0
