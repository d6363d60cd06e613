"""A sweep or a run as a Zarr directory. The curves of a sweep go there a part at a time, however many runs it has."""

from pathlib import Path
from typing import Any

import numpy as np

from jgd.sweeps import Sweep
from jgd.sweeps.to_xarray import own_axes, recorded_name, without_curves
from jgd.training import Run

PART = 2**24  # bytes of a chunk of losses; a sweep is read and written by so many


def save_zarr(data: Sweep | Run, path: Path) -> None:
    """Write it, in format 2: format 3 has no settled type for text.

    Raises:
        ImportError: without zarr.
    """
    try:
        import zarr  # xarray's own message doesn't say how to install it
    except ImportError as missing:
        raise ImportError(".zarr needs zarr: pip install 'jgd[zarr]'") from missing
    if isinstance(data, Run):
        data.to_xarray().to_zarr(path, mode="w", zarr_format=2)
        return
    without_curves(data, data.picks).to_zarr(path, mode="w", zarr_format=2, consolidated=False)
    _write_curves(data, zarr.open_group(path, mode="r+", zarr_format=2))
    zarr.consolidate_metadata(path, zarr_format=2)


def _write_curves(sweep: Sweep, group: Any) -> None:
    configs, seeds, steps = *sweep.given.shape, len(sweep.recorded_steps)
    curves, arrays = sweep.curves, dict[str, Any]()
    rows = max(1, min(configs, PART // max(1, 4 * steps)))
    for begin in range(0, configs, rows):
        some = range(begin, min(begin + rows, configs))
        for place in range(seeds):
            for name, values in curves.window(some, place).items():
                if name not in arrays:
                    shape = configs, seeds, steps, *values.shape[2:]
                    arrays[name] = _array(group, name, shape, rows, values)
                if values.size:
                    arrays[name][some.start : some.stop, place] = values


def _array(group: Any, name: str, shape: tuple[int, ...], rows: int, like: np.ndarray) -> Any:
    """An array as xarray reads it, of NaN."""
    axes = ["config", "seed", "step", *own_axes(name, np.empty((1,) * len(shape)))]
    return group.create_array(
        name=recorded_name(name) if name else "loss",
        shape=shape,
        chunks=(rows, 1, *(max(1, size) for size in shape[2:])),
        dtype=like.dtype,
        fill_value=np.nan,
        attributes={"_ARRAY_DIMENSIONS": axes},
    )
