"""A run directory: one place for all that a sweep left."""

import os
from pathlib import Path

from jgd.results.figures import loss_curves, numeric_names, sensitivity
from jgd.results.population_figure import member_schedules
from jgd.results.report import report
from jgd.results.table import text
from jgd.sweeps import Sweep

FILES = ("results.nc", "table.txt", "report.txt", "loss.png", "sensitivity.png")


def save_sweep(sweep: Sweep, directory: str | Path) -> list[Path]:
    """Write results.nc (every lane), table.txt, report.txt, sensitivity.png and loss.png; -> their paths.

    results.nc is `sweep.dataset`, NetCDF-4: open it with `xarray.open_dataset`. Each file is written under
    a temporary name and then renamed, so that a name never holds half a file. A sweep whose space has no learning
    rate draws its sensitivity to the space's first parameter; one without numeric parameters draws none. A population
    has members.png, its hyperparameters over the steps, in place of sensitivity.png.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    writers = {
        "results.nc": lambda path: sweep.dataset.to_netcdf(path, engine="h5netcdf"),
        "table.txt": lambda path: Path(path).write_text(text(sweep) + "\n", encoding="utf-8"),
        "report.txt": lambda path: Path(path).write_text(report(sweep) + "\n", encoding="utf-8"),
        "loss.png": lambda path: loss_curves(sweep, path),
    }
    if sweep.is_population:
        writers["members.png"] = lambda path: member_schedules(sweep, path)
    elif numeric_names(sweep):
        writers["sensitivity.png"] = lambda path: sensitivity(sweep, path)
    written = []
    for name, write in writers.items():
        part, path = directory / f".part-{name}", directory / name
        write(part)
        os.replace(part, path)
        written.append(path)
    return written
