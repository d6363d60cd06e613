"""Which configs get how many steps. Enters: how all stand. Leaves: the next leg, a set of configs and how far they go.

A policy is a pure function of what was measured, so that a sweep that was killed decides again as it did before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np

from jgd.spaces.space import Config, Space


@dataclass(frozen=True)
class Round:
    """Configs, by their places, that go on to `until` steps from wherever they are, at `begin` at least.

    origins, values: where, from step `begin` on, a lane (config, place of its seed) goes on from another config's
    parameters and state, or by other hyperparameters than its config's; the values are all that hold in this leg.
    """

    configs: tuple[int, ...]
    until: int
    begin: int = 0
    origins: Mapping[tuple[int, int], int] | None = None
    values: Mapping[tuple[int, int], Config] | None = None

    def values_of(self, config: int, seed: int, initial: Config) -> Config:
        """The hyperparameters that a lane goes by; `initial`: its config's own."""
        return (self.values or {}).get((config, seed), initial)

    def origin(self, config: int, seed: int, step: int) -> int:
        """The config whose lane this one goes on from after `step` updates."""
        return (self.origins or {}).get((config, seed), config) if step == self.begin else config


@dataclass(frozen=True)
class SweepState:
    """How all configs stand after some legs, on the validation rows.

    given (configs,): steps each was given. scores (configs, seeds, looks): the metric that chooses, after `looks`
    updates; NaN where a lane had diverged, or wasn't given so many steps. legs: those made so far. groups, spaces
    (configs,): configs of one group share a structure; the space that each was drawn from.
    """

    configs: tuple[Config, ...]
    seeds: tuple[int, ...]
    steps: int
    larger_is_better: bool
    looks: tuple[int, ...]
    given: np.ndarray
    scores: np.ndarray
    legs: tuple[Round, ...]
    groups: tuple[int, ...]
    spaces: tuple[Space, ...]

    def scores_at(self, step: int) -> np.ndarray:
        """(configs, seeds): the scores after `step` updates, one of `looks`."""
        return self.scores[..., self.looks.index(step)]


@runtime_checkable
class Policy(Protocol):
    """What decides. `extends`: configs can be added later.

    sized: itself for a sweep of so many steps and configs, its defaults filled in; refuses one that it doesn't fit.
    looks: the steps after which it has to see the scores. next: the leg after those made; None at the end.
    """

    extends: ClassVar[bool]

    def sized(self, steps: int, configs: int) -> "Policy": ...

    def looks(self, steps: int) -> tuple[int, ...]: ...

    def next(self, standing: SweepState) -> Round | None: ...


@dataclass(frozen=True)
class Full:
    """Every config gets all steps."""

    extends: ClassVar[bool] = True

    def sized(self, steps: int, configs: int) -> "Full":
        return self

    def looks(self, steps: int) -> tuple[int, ...]:
        return ()

    def next(self, standing: SweepState) -> Round | None:
        if standing.legs:
            return None
        return Round(tuple(range(len(standing.configs))), standing.steps)
