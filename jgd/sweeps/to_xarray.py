"""The arrays of a sweep with labels. Enters: a `Sweep`. Leaves: an `xarray.Dataset`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from jgd.epoch_loop import NOT_DIVERGED
from jgd.sweeps.policies.replay import over_legs

if TYPE_CHECKING:
    import xarray

    from jgd.sweeps.result import Sweep


def labelled(sweep: "Sweep") -> "xarray.Dataset":
    """See `Sweep.dataset`."""
    import xarray  # here: jgd imports as fast as jax

    names = sorted({name for _, config in sweep.configs for name in config})
    hypers = {name: ("config", _column([config.get(name) for _, config in sweep.configs])) for name in names}
    legs = sweep.legs if any(leg.values or leg.origins for leg in sweep.legs) else ()
    history = over_legs(legs, [config for _, config in sweep.configs], len(sweep.seeds), names) if legs else {}
    by_leg = ("leg", "config", "seed")
    by_step = ("config", "seed", "step")
    by_evaluation = ("config", "seed", "evaluation")
    return xarray.Dataset(
        {
            "loss": (by_step, sweep.loss),
            **{f"validation_{name}": (by_evaluation, values) for name, values in sweep.validation.items()},
            "diverged_at": (("config", "seed"), sweep.diverged_at),
            "reached": ("config", sweep.reached),
            **{n if n == "origin" else f"leg_{n}": (by_leg, _column(v)) for n, v in history.items()},
            "picked": ("recipe", [-1 if pick.config is None else pick.config for pick in sweep.picks]),
        },
        coords={
            "config": np.arange(len(sweep.configs)),
            **hypers,
            "recipe_of": ("config", [name for name, _ in sweep.configs]),
            "seed": list(sweep.seeds),
            "step": np.arange(sweep.loss.shape[2]),
            "evaluation": list(sweep.evaluate_at),
            "recipe": list(sweep.recipes),
            **({"leg": [leg.until for leg in legs]} if legs else {}),
        },
        attrs={
            "task": sweep.task,
            "selected_by": f"validation_{sweep.metric}",
            "loss_units": "on the step's batch before its update",
            "evaluation_units": "updates made",
            "diverged_at_none": NOT_DIVERGED,
            **sweep.cost,
        },
    )


def _column(values: Sequence[Any]) -> np.ndarray:
    """Values of one name over configs, or an array of them: numbers with NaN for none, or text."""
    given = np.array(values, object)
    flat = given.ravel().tolist()
    if all(value is None or (isinstance(value, int | float) and not isinstance(value, bool)) for value in flat):
        return np.array([np.nan if value is None else value for value in flat], np.float64).reshape(given.shape)
    return np.array(["" if value is None else str(value) for value in flat]).reshape(given.shape)
