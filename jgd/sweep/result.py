"""What a sweep found: every lane, the pick of each recipe, and what it cost."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from jgd.core import checks
from jgd.core.types import Params
from jgd.descent import GOING
from jgd.sweep.recipes import Recipe
from jgd.sweep.selection import Estimate
from jgd.sweep.space import Config

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True)
class Pick:
    """One recipe's outcome: its config with the best mean validation metric over seeds.

    config: its index in the sweep, None where every lane diverged. validation, test: estimates of `metric` over seeds;
    the test rows were read for this config only. diverged of lanes: over all the recipe's configs and seeds.
    """

    recipe: str
    config: int | None
    hyperparameters: Config
    metric: str
    validation: Estimate
    test: Estimate
    diverged: int
    lanes: int


@dataclass(frozen=True)
class Sweep:
    """All lanes of a sweep, (config, seed), as NumPy arrays; `dataset` is the same with labels.

    loss: (config, seed, step), on the step's batch before its update; NaN after the step at which a lane diverged.
    validation: name -> (config, seed, evaluation), NaN likewise. diverged_at: (config, seed), −1 where it didn't.
    final: the parameters, leaves (config, seed, …); the last finite ones of a diverged lane.
    cost: compile and run seconds, lane-steps, lane-steps per second, padded share, width of a block, devices.
    """

    task: str
    recipes: list[Recipe]
    seeds: tuple[int, ...]
    evaluate_at: tuple[int, ...]
    loss: np.ndarray
    validation: dict[str, np.ndarray]
    diverged_at: np.ndarray
    final: Params
    picks: list[Pick]
    metric: str
    larger_is_better: bool
    cost: dict[str, Any]

    @property
    def configs(self) -> list[tuple[str, Config]]:
        """(recipe, hyperparameters) of each config, in the order of the config axis."""
        return [(recipe.name, config) for recipe in self.recipes for config in recipe.configs]

    def params(self, config: int, seed: int) -> Params:
        """The final parameters of one lane; `seed` is one of `seeds`, not a place among them."""
        checks.count("config", config, 0, len(self.configs) - 1)
        if seed not in self.seeds:
            raise checks.JgdValueError(f"seed must be one of {self.seeds}, got {seed}")
        return jax.tree.map(lambda leaf: leaf[config, self.seeds.index(seed)], self.final)

    @cached_property
    def dataset(self) -> "xarray.Dataset":
        """dims (config, seed, step) and (config, seed, evaluation); hyperparameters are coordinates on config."""
        import xarray  # here: jgd imports as fast as jax

        names = sorted({name for _, config in self.configs for name in config})
        hypers = {name: ("config", [config.get(name, np.nan) for _, config in self.configs]) for name in names}
        by_step = ("config", "seed", "step")
        by_evaluation = ("config", "seed", "evaluation")
        return xarray.Dataset(
            {
                "loss": (by_step, self.loss),
                **{f"validation_{name}": (by_evaluation, values) for name, values in self.validation.items()},
                "diverged_at": (("config", "seed"), self.diverged_at),
                "test": ("recipe", [pick.test.mean for pick in self.picks]),
                "picked": ("recipe", [-1 if pick.config is None else pick.config for pick in self.picks]),
            },
            coords={
                "config": np.arange(len(self.configs)),
                "optimizer": ("config", [name for name, _ in self.configs]),
                **hypers,
                "seed": list(self.seeds),
                "step": np.arange(self.loss.shape[2]),
                "evaluation": list(self.evaluate_at),
                "recipe": [pick.recipe for pick in self.picks],
            },
            attrs={
                "task": self.task,
                "selected_by": f"validation_{self.metric}",
                "loss_units": "on the step's batch before its update",
                "evaluation_units": "updates made",
                "diverged_at_none": GOING,
                **self.cost,
            },
        )
