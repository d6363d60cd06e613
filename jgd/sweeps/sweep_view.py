"""What is seen of a sweep: its picks, its runs as labelled arrays and as tables, and itself in one line. Nothing is run."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from jgd.core import notebook
from jgd.core.format import format_estimate, format_value
from jgd.lane import NOT_DIVERGED
from jgd.sweeps.own_ends import run_statuses
from jgd.sweeps.picks import Pick, best_member, best_of, pick_of, why_none
from jgd.sweeps.sweep_data import SweepData
from jgd.sweeps.to_dataframe import to_dataframe
from jgd.sweeps.to_xarray import to_xarray

if TYPE_CHECKING:
    import pandas as pd
    import xarray


@dataclass(frozen=True, repr=False)
class SweepView(SweepData):
    """The data of a sweep with what it chooses, and with labels."""

    @cached_property
    def picks(self) -> list[Pick]:
        """Each recipe's best config by its mean validation metric over seeds (see `jgd.sweeps.pick`).

        Configs that were given more steps come first: an early score of one that was stopped is no match for them.
        """
        return [pick_of(self, recipe) for recipe in self.recipes]

    @property
    def best(self) -> Pick:
        """The best of the picks that came furthest; its `config` is None where every run of the sweep diverged."""
        return best_of(self, self.picks)

    @property
    def why_no_pick(self) -> str:
        """In words, where nothing is picked: "every run diverged", or how many runs are left to run."""
        return why_none(self)

    @cached_property
    def run_statuses(self) -> np.ndarray:
        """(config, seed): why each run ended, in the words of `jgd.Status`.

        "max_steps", "diverged", and where `EarlyStopping` stopped it "no_progress" or "target"; "stopped" where another policy did,
        or where the run has not come to its end so far.
        """
        return run_statuses(self)

    def best_member(self, recipe: str | None = None, seed: int | None = None) -> tuple[int, int] | None:
        """The best run of a population.

        Args:
            recipe: of this one only; default of all.
            seed: at this one only; default at all.

        Returns:
            (config, seed); None where all diverged.
        """
        return best_member(self, recipe, seed)

    @cached_property
    def dataset(self) -> "xarray.Dataset":
        """The arrays with labels: dims (config, seed, step) and (config, seed, evaluation).

        Hyperparameters are coordinates on config, NaN where one lacks the name, structural choices as text; `seed_of` and
        `fold` on seed, where rows are split. Of a population also, with dims (round, config, seed): `origin`, the member
        that each went on from, and `round_<name>`, the hyperparameters then.
        """
        return to_xarray(self, self.picks)

    def to_xarray(self) -> "xarray.Dataset":
        """The `dataset`, by the name that `Run` has for it."""
        return self.dataset

    def to_dataframe(self, curves: bool = False) -> "pd.DataFrame":
        """The runs as a tidy table: a row for each config and seed, or for each number on their curves.

        Args:
            curves: False: a row for each run, with the columns "recipe", "config", "seed" (and "seed_of" and "fold" where
                rows are split), the hyperparameters (NaN where a recipe lacks the name, structural choices as text), the
                "validation_…" values after the steps that the run was given, the last training "loss" that is kept,
                "reached" and "diverged_at" (−1: it didn't). True: the same names, then "step" (updates made before),
                "quantity" ("loss", "validation_…", "recorded_…") and "value"; what was not measured has no row, and what
                `observe` gave as arrays is in `dataset` only.

        Returns:
            The frame, in the order of configs, seeds, quantities and steps.

        Raises:
            JgdValueError: Where a hyperparameter has the name of another column.

        Example:
            >>> import jgd
            >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 0.1]}, seeds=2, steps=30)
            >>> found.to_dataframe()[["config", "seed", "learning_rate", "reached"]].values.tolist()
            [[0.0, 0.0, 0.01, 30.0], [0.0, 1.0, 0.01, 30.0], [1.0, 0.0, 0.1, 30.0], [1.0, 1.0, 0.1, 30.0]]
            >>> found.to_dataframe(curves=True).groupby("quantity").size().to_dict()
            {'loss': 120, 'validation_loss': 40}
        """
        return to_dataframe(self, curves)

    def __repr__(self) -> str:
        best = self.best
        found = self.why_no_pick if best.config is None else f"best {best.recipe} {best.hyperparameters}"
        return (
            f"Sweep({self.task}: {len(self.configs)} configs × {self.facts.seed_words}, {self.facts.step_words}; "
            f"{int((self.diverged_at != NOT_DIVERGED).sum())} of {self.diverged_at.size} runs diverged; {found})"
        )

    def _repr_html_(self) -> str:
        """What a notebook's cell shows: a row for each recipe's pick."""
        rows = [
            (
                pick.recipe,
                "–" if pick.config is None else pick.config,
                ", ".join(f"{name} {format_value(value)}" for name, value in pick.hyperparameters.items()),
                format_estimate(pick.validation, len(self.seeds)),
                f"{pick.diverged} of {pick.runs}",
            )
            for pick in self.picks
        ]
        heads = ("recipe", "config", "hyperparameters", f"validation {self.metric}", "diverged")
        size = f"{len(self.configs)} configs × {self.facts.seed_words}, {self.facts.step_words}"
        left = f"; {self.runs_left} runs are left" if self.runs_left else ""
        return notebook.table(heads, rows, f"Sweep of {self.task}: {size}{left}; ± and [ ] are 95% intervals")
