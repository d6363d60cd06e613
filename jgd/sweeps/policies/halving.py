"""SuccessiveHalving: most configs get few steps, few get them all. Enters: scores at rungs. Leaves: who climbs on.

Survivors go on from where they stood, with their own bits; who is stopped keeps what was measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import ClassVar

import numpy as np

from jgd.core import checks
from jgd.sweeps.policies.policy import Round, SweepState
from jgd.sweeps.selection import ranked

DEEPEST = 4  # by default no config is stopped before steps / eta⁴: earlier scores say little


@dataclass(frozen=True)
class SuccessiveHalving:
    """Successive halving: at each rung the best 1/eta of the configs go on, the others stop.

    Rungs are at min_steps · etaᵏ updates, k = 0, 1, …, below the sweep's steps. A config's score is its mean validation
    metric over seeds; one with a diverged seed ranks below every one without, the earlier config first among equals.
    ⌊n / eta⌋ of n stay, at least one. All recipes of a sweep compete with each other.

    eta: a whole number ≥ 2. min_steps: 1 … steps − 1; the default leaves fewer than eta configs for the last stretch,
    with its first rung not below steps / eta⁴. Raises `JgdValueError` for fewer configs than eta.
    Jamieson & Talwalkar 2016, arXiv:1502.07943, the algorithm "Successive SuccessiveHalving".

    >>> import jgd
    >>> space = {"learning_rate": jgd.spaces.log_grid(1e-3, 1, 9)}
    >>> found = jgd.sweep("iris", "sgd", space, seeds=2, steps=90, halving=jgd.SuccessiveHalving(eta=3, min_steps=10))
    >>> sorted(found.reached.tolist()), round(found.cost["saved_share"], 3)
    ([10, 10, 10, 10, 10, 10, 30, 30, 90], 0.741)
    """

    eta: int = 3
    min_steps: int | None = None
    extends: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _check(self.eta, self.min_steps)

    def sized(self, steps: int, configs: int) -> "SuccessiveHalving":
        if configs < self.eta:
            raise checks.JgdValueError(
                f"SuccessiveHalving(eta={self.eta}) needs at least {self.eta} configs, got {configs}"
            )
        cuts = min(_whole_log(configs, self.eta), DEEPEST)
        first = -(-steps // self.eta**cuts) if self.min_steps is None else self.min_steps
        if first >= steps:
            raise checks.JgdValueError(f"min_steps must be below the sweep's steps, {steps}, got {first}")
        return replace(self, min_steps=first)

    def looks(self, steps: int) -> tuple[int, ...]:
        assert self.min_steps is not None  # `sized` has filled it in
        rungs = [self.min_steps]
        while rungs[-1] * self.eta < steps:
            rungs.append(rungs[-1] * self.eta)
        return tuple(rungs)

    def next(self, standing: SweepState) -> Round | None:
        rungs, made = (*self.looks(standing.steps), standing.steps), len(standing.legs)
        if made == 0:
            return Round(tuple(range(len(standing.configs))), rungs[0])
        if made == len(rungs):
            return None
        return Round(survivors(standing, standing.legs[-1].configs, rungs[made - 1], self.eta), rungs[made])


@dataclass(frozen=True)
class Hyperband:
    """Successive halving from several first rungs at once, for when nobody knows how early scores can be trusted.

    With R = the sweep's steps and s_max = ⌊log_eta(R / min_steps)⌋, bracket s = s_max, …, 0 has its first rung at
    R · eta⁻ˢ updates and its next ones at eta times as many, rounded down; bracket 0 trains its configs to the end. The
    configs are dealt to the brackets evenly along their order, in the proportions nₛ = ⌈(s_max + 1) / (s + 1) · etaˢ⌉.
    At each rung a bracket halves its own configs, as `SuccessiveHalving` does.

    eta: a whole number ≥ 2. min_steps: 1 … steps / eta; the default takes as many brackets as there are configs for
    (Σ nₛ; 5, 17, 49, 143 at eta = 3), five at most. Raises `JgdValueError` for too few configs.
    Li, Jamieson, DeSalvo, Rostamizadeh & Talwalkar 2018, JMLR 18(185), algorithm 1.

    >>> import jgd
    >>> space = {"learning_rate": jgd.spaces.log_grid(1e-3, 1, 17)}
    >>> found = jgd.sweep("iris", "sgd", space, seeds=2, steps=90, halving=jgd.Hyperband(eta=3))
    >>> [int((found.reached == steps).sum()) for steps in (10, 30, 90)]
    [6, 6, 5]
    """

    eta: int = 3
    min_steps: int | None = None
    extends: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _check(self.eta, self.min_steps)

    def sized(self, steps: int, configs: int) -> "Hyperband":
        if self.min_steps is None:
            fits = [s for s in range(1, DEEPEST + 1) if self.eta**s <= steps and sum(shares(self.eta, s)) <= configs]
            if not fits:
                least = sum(shares(self.eta, 1))
                raise checks.JgdValueError(
                    f"Hyperband(eta={self.eta}) needs at least {least} configs and {self.eta} steps, "
                    f"got {configs} and {steps}"
                )
            return replace(self, min_steps=steps // self.eta ** fits[-1])
        if self.min_steps * self.eta > steps:
            raise checks.JgdValueError(
                f"min_steps must be at most steps / eta = {steps} / {self.eta}, got {self.min_steps}"
            )
        brackets = self._deepest(steps) + 1
        if configs < brackets:
            raise checks.JgdValueError(
                f"{self} has {brackets} brackets in {steps} steps and needs a config for each, got {configs}; "
                "a larger min_steps has fewer"
            )
        return self

    def _deepest(self, steps: int) -> int:
        assert self.min_steps is not None  # `sized` has filled it in
        return _whole_log(steps // self.min_steps, self.eta)

    def looks(self, steps: int) -> tuple[int, ...]:
        return tuple(steps // self.eta**s for s in range(self._deepest(steps), 0, -1))

    def next(self, standing: SweepState) -> Round | None:
        """All brackets go up together, so that their lanes fill common blocks."""
        rungs, made = (*self.looks(standing.steps), standing.steps), len(standing.legs)
        if made == 0:
            return Round(tuple(range(len(standing.configs))), rungs[0])
        if made == len(rungs):
            return None
        deepest, alive = len(rungs) - 1, standing.legs[-1].configs
        home = dealt(len(standing.configs), self.eta, deepest)
        stay: list[int] = []
        for bracket in range(deepest + 1):
            mine = [config for config in alive if home[config] == bracket]
            begun = deepest - bracket < made
            stay += survivors(standing, mine, rungs[made - 1], self.eta) if begun else mine
        return Round(tuple(sorted(stay)), rungs[made])


def survivors(standing: SweepState, configs: Sequence[int], rung: int, eta: int) -> tuple[int, ...]:
    """The best ⌊n / eta⌋ of n configs after `rung` updates, at least one, in the order of their places."""
    best_first = ranked(standing.scores_at(rung)[list(configs)], standing.larger_is_better)
    return tuple(sorted(configs[row] for row in best_first[: max(1, len(configs) // eta)]))


def shares(eta: int, deepest: int) -> list[int]:
    """Configs of bracket 0, 1, …, deepest in one round of Hyperband.

    >>> shares(3, 4)
    [5, 8, 15, 34, 81]
    """
    return [-(-(deepest + 1) * eta**s // (s + 1)) for s in range(deepest + 1)]


@cache
def dealt(configs: int, eta: int, deepest: int) -> tuple[int, ...]:
    """The bracket of each config: counts in the proportions of `shares`, one at least, each spread over the order.

    Spread, since a grid's neighbours are alike: a bracket of neighbours would see one corner of the space.

    >>> dealt(5, 3, 1)
    (1, 0, 1, 0, 1)
    """
    parts = np.array(shares(eta, deepest))
    counts = np.ones_like(parts)
    for _ in range(configs - len(parts)):  # Huntington and Hill's division, which is exact where that is possible
        counts[np.argmax(parts**2 / (counts * (counts + 1)))] += 1
    turns = [((2 * turn + 1) / (2 * count), -s, s) for s, count in enumerate(counts) for turn in range(count)]
    return tuple(s for _, _, s in sorted(turns))


def _whole_log(value: int, base: int) -> int:
    """The largest k with baseᵏ ≤ value."""
    k = 0
    while base ** (k + 1) <= value:
        k += 1
    return k


def _check(eta: int, min_steps: int | None) -> None:
    checks.count("eta", eta, 2)
    if min_steps is not None:
        checks.count("min_steps", min_steps, 1)
