"""Which configs get how many steps. Enters: how all stand. Leaves: the next leg, a set of configs and how far they go.

A policy is a pure function of what was measured, so that a sweep that was killed decides again as it did before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from jgd.sweep.space import Config


@dataclass(frozen=True)
class Standing:
    """How all configs stand after some legs, on the validation rows.

    given (configs,): steps each was given. scores (configs, seeds, looks): the metric that chooses, after `looks`
    updates; NaN where a lane had diverged, or wasn't given so many steps. legs: how many were made.
    """

    configs: tuple[Config, ...]
    seeds: tuple[int, ...]
    steps: int
    larger_is_better: bool
    looks: tuple[int, ...]
    given: np.ndarray
    scores: np.ndarray
    legs: int

    def scores_at(self, step: int) -> np.ndarray:
        """(configs, seeds): the scores after `step` updates, one of `looks`."""
        return self.scores[..., self.looks.index(step)]


@dataclass(frozen=True)
class Leg:
    """Configs, by their places, that go on to `until` steps.

    origins, values: where, from step `begin` on, a lane (config, seed) goes on from another config's parameters and
    state, or with other hyperparameters than its config's.
    """

    configs: tuple[int, ...]
    until: int
    begin: int = 0
    origins: Mapping[tuple[int, int], int] | None = None
    values: Mapping[tuple[int, int], Config] | None = None

    def origin(self, config: int, seed: int, step: int) -> int:
        """The config whose lane this one goes on from after `step` updates."""
        return (self.origins or {}).get((config, seed), config) if step == self.begin else config


class Policy(Protocol):
    """What decides. `looks`: the steps after which it has to see the scores. `extends`: configs can be added later."""

    extends: bool

    def looks(self, steps: int) -> tuple[int, ...]: ...

    def next(self, standing: Standing) -> Leg | None: ...


@dataclass(frozen=True)
class Full:
    """Every config gets all steps."""

    extends = True

    def looks(self, steps: int) -> tuple[int, ...]:
        return ()

    def next(self, standing: Standing) -> Leg | None:
        if standing.legs:
            return None
        return Leg(tuple(range(len(standing.configs))), standing.steps)


POLICIES: dict[str, type] = {"Full": Full}  # by name, as a stored sweep knows its own
