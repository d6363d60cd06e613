"""Hyperband: successive halving from several first rungs at once. Enters: scores at rungs. Leaves: who goes on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import ClassVar

import numpy as np

from jgd.core import checks
from jgd.core.spellings import builder
from jgd.sweeps.policies.policy import Round, SweepState, resolved
from jgd.sweeps.policies.successive_halving import DEEPEST, Halving, whole_log


@builder
@dataclass(frozen=True)
class Hyperband(Halving):
    """Successive halving from several first rungs at once, for when nobody knows how early scores can be trusted.

    With R = the sweep's steps and s_max = ⌊log_eta(R / min_steps)⌋, bracket s = s_max, …, 0 has its first rung at
    R · eta⁻ˢ updates and its next ones at eta times as many, rounded down; bracket 0 trains its configs to the end. The
    configs are dealt to the brackets evenly along their order, in the proportions nₛ = ⌈(s_max + 1) / (s + 1) · etaˢ⌉.
    At each rung a bracket halves its own configs, as `SuccessiveHalving` does.

    Li, Jamieson, DeSalvo, Rostamizadeh & Talwalkar 2018, JMLR 18(185), algorithm 1.

    Args:
        eta: a whole number ≥ 2.
        min_steps: 1 … steps / eta; the default takes as many brackets as there are configs for (Σ nₛ; 5, 17, 49, 143 at
            eta = 3), five at most.
        confidence: as of `SuccessiveHalving`, within each bracket.

    Raises:
        JgdValueError: for too few configs or steps.

    Example:
        >>> import jgd
        >>> space = {"learning_rate": jgd.spaces.log_grid(1e-3, 1, 17)}
        >>> found = jgd.sweep("iris", "sgd", space, seeds=2, steps=90, policy=jgd.Hyperband(eta=3))
        >>> [int((found.reached == steps).sum()) for steps in (10, 30, 90)]
        [6, 6, 5]
    """

    not_extendable: ClassVar[Mapping[str, str]] = {
        "steps": "its rungs are shares of all steps, and the runs so far weren't measured at those of longer ones"
    }

    def resolve(self, steps: int, configs: int) -> "Hyperband":
        if self.min_steps is None:
            deepest = range(1, DEEPEST + 1)
            fits = [s for s in deepest if self.eta**s <= steps and sum(bracket_sizes(self.eta, s)) <= configs]
            if not fits:
                least = sum(bracket_sizes(self.eta, 1))
                raise checks.JgdValueError(
                    f"Hyperband(eta={self.eta}) needs at least {least} configs and {self.eta} steps, "
                    f"got {configs} and {steps}"
                )
            return replace(self, min_steps=steps // self.eta ** fits[-1])
        if self.min_steps * self.eta > steps:
            raise checks.JgdValueError(
                f"min_steps must be at most steps / eta = {steps} / {self.eta}, got {self.min_steps}",
                argument="min_steps",
            )
        brackets = self._deepest(steps) + 1
        if configs < brackets:
            raise checks.JgdValueError(
                f"{self} has {brackets} brackets in {steps} steps and needs a config for each, got {configs}; "
                "a larger min_steps has fewer"
            )
        return self

    def _deepest(self, steps: int) -> int:
        return whole_log(steps // resolved("min_steps", self.min_steps), self.eta)

    def evaluation_steps(self, steps: int) -> tuple[int, ...]:
        return tuple(steps // self.eta**s for s in range(self._deepest(steps), 0, -1))

    def next_round(self, state: SweepState) -> Round | None:
        """All brackets go up together, so that their runs fill common blocks."""
        rungs, made = (*self.evaluation_steps(state.steps), state.steps), len(state.rounds)
        if made == 0:
            return Round(tuple(range(len(state.configs))), rungs[0])
        if made == len(rungs):
            return None
        deepest, active = len(rungs) - 1, state.rounds[-1].configs
        bracket_of = assign_brackets(len(state.configs), self.eta, deepest)
        stay: list[int] = []
        for bracket in range(deepest + 1):
            members = [config for config in active if bracket_of[config] == bracket]
            begun = deepest - bracket < made
            stay += self._survivors(state, members, rungs[made - 1]) if begun else members
        return Round(tuple(sorted(stay)), rungs[made])


def bracket_sizes(eta: int, deepest: int) -> list[int]:
    """Configs of bracket 0, 1, …, deepest in one round of Hyperband.

    >>> bracket_sizes(3, 4)
    [5, 8, 15, 34, 81]
    """
    return [-(-(deepest + 1) * eta**s // (s + 1)) for s in range(deepest + 1)]


@cache
def assign_brackets(configs: int, eta: int, deepest: int) -> tuple[int, ...]:
    """The bracket of each config: counts in the proportions of `bracket_sizes`, one at least, spread over the order.

    Spread, since a grid's neighbors are alike: a bracket of neighbors would see one corner of the space.

    >>> assign_brackets(5, 3, 1)
    (1, 0, 1, 0, 1)
    """
    sizes = np.array(bracket_sizes(eta, deepest))
    counts = np.ones_like(sizes)
    for _ in range(configs - len(sizes)):  # Huntington and Hill's division, which is exact where that is possible
        counts[np.argmax(sizes**2 / (counts * (counts + 1)))] += 1
    turns = [((2 * turn + 1) / (2 * count), -s, s) for s, count in enumerate(counts) for turn in range(count)]
    return tuple(s for _, _, s in sorted(turns))
