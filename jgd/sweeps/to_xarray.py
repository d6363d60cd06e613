"""The arrays of a sweep with labels. Enters: `SweepData` and its picks. Leaves: an `xarray.Dataset`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from jgd.lane import NOT_DIVERGED
from jgd.spaces.space import Config
from jgd.sweeps.config_table import recipes_of
from jgd.sweeps.picks import Pick
from jgd.sweeps.policies.replay import by_round
from jgd.sweeps.sweep_data import SweepData

if TYPE_CHECKING:
    import xarray


def to_xarray(data: SweepData, picks: Sequence[Pick]) -> "xarray.Dataset":
    """See `Sweep.dataset`."""
    by_step = ("config", "seed", "step")
    curves: dict[str, Any] = {"loss": (by_step, data.loss)}
    for name, values in data.recorded.items():
        curves[recorded_name(name)] = (*by_step, *own_axes(name, values)), values
    return without_curves(data, picks).assign(curves)


def recorded_name(name: str) -> str:
    """The variable that has what was recorded under a name."""
    return f"recorded_{name}"


def without_curves(data: SweepData, picks: Sequence[Pick]) -> "xarray.Dataset":
    """The dataset without its losses on the way, and what was recorded beside them."""
    import xarray  # here: jgd imports as fast as jax

    hypers = {name: ("config", column) for name, column in hyperparameter_columns(data.configs).items()}
    rounds = data.rounds if any(each.values or each.origins for each in data.rounds) else ()
    history = by_round(rounds, [config for _, config in data.configs], len(data.seeds), list(hypers)) if rounds else {}
    splits = data.facts.splits
    own, folds = ([of(label) for label in data.seeds] for of in (splits.seed_of, splits.fold_of))
    per_round = ("round", "config", "seed")
    by_evaluation = ("config", "seed", "evaluation")
    return xarray.Dataset(
        {
            **{f"validation_{name}": (by_evaluation, values) for name, values in data.validation.items()},
            "diverged_at": (("config", "seed"), data.diverged_at),
            "reached": ("config", data.reached),
            **{n if n == "origin" else f"round_{n}": (per_round, _column(v)) for n, v in history.items()},
            "picked": ("recipe", [-1 if pick.config is None else pick.config for pick in picks]),
        },
        coords={
            "config": np.arange(len(data.configs)),
            **hypers,
            "recipe_of": ("config", recipes_of(data.configs)),
            "seed": list(data.seeds),
            **({"seed_of": ("seed", own), "fold": ("seed", folds)} if splits.there else {}),
            "step": np.array(data.recorded_steps, int),
            "evaluation": list(data.evaluation_steps),
            "recipe": list(data.recipes),
            **({"round": [each.until for each in rounds]} if rounds else {}),
        },
        attrs={
            "task": data.task,
            "selected_by": f"validation_{data.metric}",
            "loss_units": "on the step's batch before its update",
            "evaluation_units": "updates made",
            "diverged_at_none": NOT_DIVERGED,
            **data.cost,
        },
    )


def hyperparameter_columns(configs: Sequence[tuple[str, Config]]) -> dict[str, np.ndarray]:
    """Name -> (config,) numbers with NaN where a config lacks it, or text; in the order of names."""
    names = sorted({name for _, config in configs for name in config})
    return {name: _column([config.get(name) for _, config in configs]) for name in names}


def own_axes(name: str, values: np.ndarray) -> list[str]:
    """Names of the axes behind (config, seed, step)."""
    return [f"{name}_axis_{i}" for i in range(values.ndim - 3)]


def _column(values: Sequence[Any]) -> np.ndarray:
    """Values of one name over configs, or an array of them: numbers with NaN for none, or text."""
    given = np.array(values, object)
    flat = given.ravel().tolist()
    if all(value is None or (isinstance(value, int | float) and not isinstance(value, bool)) for value in flat):
        return np.array([np.nan if value is None else value for value in flat], np.float64).reshape(given.shape)
    return np.array(["" if value is None else str(value) for value in flat]).reshape(given.shape)
