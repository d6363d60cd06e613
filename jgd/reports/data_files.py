"""A sweep or a run as a data file of another tool: NetCDF, Zarr, Parquet, CSV, or a table for LaTeX."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jgd.core import checks
from jgd.reports.latex import latex_table
from jgd.reports.table import table_columns, table_rows
from jgd.reports.whole_file import writing
from jgd.reports.zarr_directory import save_zarr
from jgd.sweeps import Sweep
from jgd.training import Run

ENDINGS = (".nc", ".zarr", ".parquet", ".csv", ".tex")


def save_data(data: Sweep | Run, path: str | Path, curves: bool = False) -> Path:
    """Writes a sweep or a run for another tool, in the format that the path ends with; whole or not at all.

    | ending | what of a sweep | what of a run | needs |
    |---|---|---|---|
    | .nc | `found.dataset`, NetCDF-4 with checksums | `run.to_xarray()` | h5netcdf |
    | .zarr | the same, a directory (format 2), a part at a time | the same | zarr |
    | .parquet, .csv | `found.to_dataframe(curves)` | `run.to_dataframe()` | pyarrow for Parquet |
    | .tex | the picks with their intervals, for booktabs | the evaluations | |

    Args:
        data: The result of `jgd.sweep` or `jgd.train`.
        path: Where to; a file that is there is replaced, a directory never.
        curves: Of a sweep's Parquet and CSV: a row for each number on the curves in place of one for each run. The other
            formats of data hold the curves anyway.

    Returns:
        The path.

    Raises:
        JgdValueError: For another ending, curves of a run or in a .tex, and where the path can't be written.
        ImportError: Where what the format needs is missing; the message says how to install it.

    Example:
        >>> import tempfile, jgd
        >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 0.1]}, seeds=2, steps=30)
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     save_data(found, f"{directory}/runs.csv").read_text().splitlines()[0]
        'recipe,config,seed,learning_rate,validation_loss,loss,reached,diverged_at'
    """
    if not isinstance(data, Sweep | Run):
        raise checks.JgdTypeError(f"data must be what jgd.sweep(…) or jgd.train(…) returns, got {data!r}")
    target = checks.path("path", path)
    ending = checks.choice("the ending of path", target.suffix, ENDINGS)
    _check_curves(data, ending, checks.flag("curves", curves))
    if target.is_dir():
        raise checks.JgdValueError(f"path {str(path)!r} is a directory already: name another", argument="path")
    with writing(target) as part:
        _WRITERS[ending](data, part, curves)
    return Path(path)


def _check_curves(data: Sweep | Run, ending: str, curves: bool) -> None:
    if curves and (isinstance(data, Run) or ending not in (".parquet", ".csv")):
        raise checks.JgdValueError(
            f"curves=True is of a sweep's .parquet and .csv, got {type(data).__name__} and {ending}: a run's table has its "
            "steps as rows, and .nc and .zarr have all curves",
            argument="curves",
        )


def save_netcdf(dataset: Any, path: Path) -> None:
    """NetCDF-4 with a checksum in every array, so that a flipped bit is an error when it is read, and no other number."""
    checked = {
        name: {"fletcher32": True, **({"dtype": "S1"} if array.dtype.kind in "OUT" else {})}
        for name, array in dataset.variables.items()
        if array.size and array.ndim
    }
    try:
        import h5netcdf
        from xarray.backends import H5NetCDFStore  # here: jgd imports as fast as jax
    except ImportError as missing:
        raise ImportError(f"{path.suffix} needs h5netcdf: pip install 'jgd[cli]'") from missing

    store = H5NetCDFStore(h5netcdf.File(path, "w", libver=("v110", "v110")))  # from 1.10 on HDF5's headers have one too
    try:
        dataset.dump_to_store(store, encoding=checked)
    finally:
        store.close()


def _frame(data: Sweep | Run, curves: bool) -> Any:
    return data.to_dataframe(curves) if isinstance(data, Sweep) else data.to_dataframe().reset_index()


def _save_parquet(frame: Any, path: Path) -> None:
    try:
        import pyarrow  # noqa: F401  # whether it is there
    except ImportError as missing:
        raise ImportError(".parquet needs pyarrow: pip install 'jgd[data]'") from missing
    frame.to_parquet(path, engine="pyarrow", index=False)


def _latex(data: Sweep | Run) -> str:
    if isinstance(data, Sweep):
        return latex_table(table_columns(data), table_rows(data))
    names = list(data.evaluations) or ["step", "loss"]
    table = data.evaluations or data.history
    rows = [
        [str(int(row[0])), *(f"{value:.4f}" for value in row[1:])]
        for row in zip(*(table[name] for name in names), strict=True)
    ]
    return latex_table(names, rows)


_WRITERS: dict[str, Callable[[Any, Path, bool], Any]] = {
    ".nc": lambda data, path, curves: save_netcdf(data.to_xarray(), path),
    ".zarr": lambda data, path, curves: save_zarr(data, path),
    ".parquet": lambda data, path, curves: _save_parquet(_frame(data, curves), path),
    ".csv": lambda data, path, curves: _frame(data, curves).to_csv(path, index=False),
    ".tex": lambda data, path, curves: path.write_text(_latex(data), encoding="utf-8"),
}
