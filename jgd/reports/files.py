"""A run directory: one place for all that a sweep left, and figures as files."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from jgd.analysis import numeric_parameters
from jgd.core import checks
from jgd.plots import plot_loss_curves, plot_member_schedules, plot_sensitivity
from jgd.reports.data_files import save_netcdf
from jgd.reports.report import report
from jgd.reports.table import table_text
from jgd.sweeps import Sweep

PAGE = "report.html"
FILES = ("results.nc", "table.txt", "report.txt", "loss.png", "sensitivity.png", "members.png", PAGE)
SIZE = (7.2, 4.4)  # inches, at 150 dots


def save_figure(path: str | Path, draw: Callable[[Any], Any]) -> Path:
    """Draws into the Axes of a figure that needs no display, and saves it.

    Args:
        path: Where to; its ending says the format, PNG without one.
        draw: Takes the Axes, such as `lambda ax: jgd.plots.plot_loss_curves(found, ax=ax)`.

    Returns:
        The path.

    Raises:
        ImportError: Without matplotlib.

    Example:
        >>> import tempfile, jgd
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     path = save_figure(f"{directory}/line.png", lambda ax: ax.plot([1, 2]))
        ...     path.read_bytes()[1:4]
        b'PNG'
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as missing:
        raise ImportError("figures need matplotlib: pip install 'jgd[plot]'") from missing
    figure = Figure(figsize=SIZE, dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    draw(figure.subplots())
    figure.savefig(path, format=Path(path).suffix.lstrip(".") or "png")
    return Path(path)


def are_there(sweep: Sweep, directory: Path) -> bool:
    """Whether a directory has every file that `save_sweep` writes: a kill may have left some of them."""
    return all((directory / name).exists() for name in _writers(sweep))


def _writers(sweep: Sweep) -> dict[str, Callable[[Path], Any]]:
    """Name -> what writes it, the pictures last."""
    writers: dict[str, Callable[[Path], Any]] = {
        "results.nc": lambda path: save_netcdf(sweep.dataset, path),
        "table.txt": lambda path: Path(path).write_text(table_text(sweep) + "\n", encoding="utf-8"),
        "report.txt": lambda path: Path(path).write_text(report(sweep) + "\n", encoding="utf-8"),
        "loss.png": lambda path: save_figure(path, lambda ax: plot_loss_curves(sweep, ax=ax)),
    }
    if sweep.is_population:
        writers["members.png"] = lambda path: save_figure(path, lambda ax: plot_member_schedules(sweep, ax=ax))
    elif numeric_parameters(sweep):
        writers["sensitivity.png"] = lambda path: save_figure(path, lambda ax: plot_sensitivity(sweep, ax=ax))
    return writers


def save_sweep(sweep: Sweep, directory: str | Path) -> list[Path]:
    """Writes results.nc (every run), table.txt, report.txt, sensitivity.png and loss.png.

    results.nc is `sweep.dataset`, NetCDF-4 with checksums: open it with `xarray.open_dataset`. Each file is written under a temporary
    name and then renamed, so that a name never holds half a file. A sweep whose space has no learning rate draws its
    sensitivity to the space's first numeric hyperparameter; one without any draws none. A population has members.png,
    its hyperparameters over the steps, in place of sensitivity.png.

    Args:
        sweep: The result of `jgd.sweep`.
        directory: Where to; made where it isn't there.

    Returns:
        The paths written.

    Raises:
        ImportError: Without matplotlib or h5netcdf.
        JgdValueError: Where the directory can't be written, or the disk is full.

    Example:
        >>> import tempfile, jgd
        >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 0.1]}, seeds=2, steps=30)
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     [path.name for path in save_sweep(found, directory)]
        ['results.nc', 'table.txt', 'report.txt', 'loss.png', 'sensitivity.png']
    """
    checks.instance("sweep", sweep, Sweep, "jgd.sweep(…) returns")
    checks.path("directory", directory)
    directory = Path(directory)
    writers = _writers(sweep)
    part = directory / ".part"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, write in writers.items():
            part = directory / f".part-{name}"
            part.unlink(missing_ok=True)  # of a kill; or a link, which writing would follow
            write(part)
            os.replace(part, directory / name)
    except OSError as fault:
        with suppress(OSError):
            part.unlink()
        raise checks.JgdValueError(
            f"directory {str(directory)!r} can't be written: {fault.strerror or fault}", argument="directory"
        ) from fault
    return [directory / name for name in writers]
