"""The runs of a sweep as a tidy table. Enters: `SweepData`. Leaves: a pandas frame, one row an observation."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from jgd.core import checks
from jgd.sweeps.sweep_data import SweepData
from jgd.sweeps.to_xarray import hyperparameter_columns

if TYPE_CHECKING:
    import pandas as pd


def to_dataframe(data: SweepData, curves: bool) -> "pd.DataFrame":
    """See `Sweep.to_dataframe`."""
    import pandas as pd  # xarray brings it; here: jgd imports as fast as jax

    checks.flag("curves", curves)
    runs, own = _runs(data), {} if curves else _ends(data)
    taken = {*runs, *own, "step", "quantity", "value"}
    hypers = {name: np.repeat(column, len(data.seeds)) for name, column in hyperparameter_columns(data.configs).items()}
    for name in hypers:
        if name in taken:
            raise checks.JgdValueError(f"the hyperparameter {name!r} has the name of another column: use `dataset`")
    table = pd.DataFrame({**runs, **hypers, **own})
    return _long(data, table) if curves else table


def _runs(data: SweepData) -> dict[str, np.ndarray]:
    """What tells one run from another, (config · seed,) each."""
    configs, seeds = len(data.configs), len(data.seeds)
    splits = data.facts.splits
    per_seed = {"seed": list(data.seeds)}
    if splits.there:
        per_seed["seed_of"] = [splits.seed_of(label) for label in data.seeds]
        per_seed["fold"] = [splits.fold_of(label) for label in data.seeds]
    return {
        "recipe": np.repeat([name for name, _ in data.configs], seeds),
        "config": np.repeat(np.arange(configs), seeds),
        **{name: np.tile(values, configs) for name, values in per_seed.items()},
    }


def _ends(data: SweepData) -> dict[str, np.ndarray]:
    """What each run came to, (config · seed,) each; NaN where nothing finite was measured."""
    return {
        **{f"validation_{name}": data.last(name).ravel() for name in data.validation},
        "loss": _last_loss(data).ravel(),
        "reached": data.given.ravel(),
        "diverged_at": data.diverged_at.ravel(),
    }


def _last_loss(data: SweepData) -> np.ndarray:
    """(config, seed): the last loss that is kept of each run, NaN where it has none or diverged."""
    if not data.loss.shape[-1]:
        return np.full(data.loss.shape[:2], np.nan)
    kept = np.searchsorted(np.asarray(data.recorded_steps), data.given) - 1  # steps before `given`
    last = np.take_along_axis(data.loss, np.maximum(kept, 0)[..., None], axis=2)[..., 0]
    return np.where(kept < 0, np.nan, last)


def _curves(data: SweepData) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """(name, steps, values (config, seed, steps)) of all that is one number a step."""
    steps = np.asarray(data.recorded_steps)
    yield "loss", steps, data.loss
    for name, values in data.validation.items():
        yield f"validation_{name}", np.asarray(data.evaluation_steps), values
    for name, values in data.recorded.items():
        if values.ndim == 3:
            yield f"recorded_{name}", steps, values


def _long(data: SweepData, runs: "pd.DataFrame") -> "pd.DataFrame":
    """A row for each value that was measured."""
    import pandas as pd

    pieces = []
    for order, (name, steps, values) in enumerate(_curves(data)):
        flat = np.asarray(values, np.float64).reshape(len(runs), len(steps))
        run, place = np.nonzero(~np.isnan(flat))
        piece = runs.iloc[run].assign(step=steps[place], quantity=name, value=flat[run, place])
        pieces.append(piece.assign(_run=run, _order=order))
    long = pd.concat(pieces, ignore_index=True).sort_values(["_run", "_order", "step"], ignore_index=True)
    return long.drop(columns=["_run", "_order"])
