"""Successive halving: most configs get few steps, few get them all. Enters: scores at rungs. Leaves: who goes on.

Survivors go on from where they were, with their own bits; a config that is stopped keeps what was measured.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from jgd.core import checks
from jgd.core.spellings import builder
from jgd.core.ties import worse_than_first
from jgd.sweeps.policies.policy import Policy, Round, SweepState, resolved
from jgd.sweeps.selection import ranked

DEEPEST = 4  # by default no config is stopped before steps / eta⁴: earlier scores say little


@dataclass(frozen=True)
class Halving(Policy):
    """What `SuccessiveHalving` and `Hyperband` share: one config of `eta` goes on from each rung, and ties with the best."""

    eta: int = 3
    min_steps: int | None = None
    confidence: float | None = None
    not_extendable: ClassVar[Mapping[str, str]] = {}

    def __post_init__(self) -> None:
        checks.count("eta", self.eta, 2)
        if self.min_steps is not None:
            checks.count("min_steps", self.min_steps, 1)
        if self.confidence is not None:
            checks.number("confidence", self.confidence, "(0, 1)")

    def _survivors(self, state: SweepState, configs: Sequence[int], rung: int) -> tuple[int, ...]:
        """The best ⌊n / eta⌋ of n configs after `rung` updates, at least one, and the ties, in the order of their indices."""
        scores = state.scores_at(rung)[list(configs)]
        best_first = ranked(scores, state.larger_is_better)
        stay = np.arange(len(configs)) < max(1, len(configs) // self.eta)
        if self.confidence is not None:
            if len(state.seeds) < 2:
                raise checks.JgdValueError(
                    f"seeds must be at least 2, by which {type(self).__name__}(confidence={self.confidence}) tells configs "
                    "apart, got 1",
                    argument="seeds",
                )
            oriented = np.asarray(scores[best_first], np.float64) * (1 if state.larger_is_better else -1)
            stay |= ~worse_than_first(oriented, self.confidence, state.overlap)
        return tuple(sorted(configs[row] for row in best_first[stay]))


@builder
@dataclass(frozen=True)
class SuccessiveHalving(Halving):
    """Successive halving: at each rung the best 1/eta of the configs go on, the others stop.

    Rungs are at min_steps · etaᵏ updates, k = 0, 1, …, below the sweep's steps. A config's score is its mean validation
    metric over seeds; one with a diverged seed ranks below every one without, the earlier config first among equals.
    ⌊n / eta⌋ of n stay, at least one. All recipes of a sweep compete with each other.

    Jamieson & Talwalkar 2016, arXiv:1502.07943, the algorithm "Successive Halving".

    Args:
        eta: a whole number ≥ 2.
        min_steps: 1 … steps − 1; the default leaves fewer than eta configs for the last round, with its first rung not
            below steps / eta⁴.
        confidence: in (0, 1): also every config goes on that the seeds can't tell from the best of its rung, by the test of
            `jgd.analysis.rank`: the confidence of one rung, not of all together. It needs two seeds or more, and stops the
            fewer configs the more alike they are. Default: the means alone decide.

    Raises:
        JgdValueError: for fewer configs than eta, min_steps that are not below the sweep's steps, or a confidence with
            one seed.

    Example:
        >>> import jgd
        >>> space = {"learning_rate": jgd.spaces.log_grid(1e-3, 1, 9)}
        >>> policy = jgd.SuccessiveHalving(eta=3, min_steps=10)
        >>> found = jgd.sweep("iris", "sgd", space, seeds=2, steps=90, policy=policy)
        >>> sorted(found.reached.tolist()), round(found.cost["saved_share"], 3)
        ([10, 10, 10, 10, 10, 10, 30, 30, 90], 0.741)
    """

    def resolve(self, steps: int, configs: int) -> "SuccessiveHalving":
        return replace(self, min_steps=first_rung(self, steps, configs))

    def evaluation_steps(self, steps: int) -> tuple[int, ...]:
        return rungs_below(steps, resolved("min_steps", self.min_steps), self.eta)

    def next_round(self, state: SweepState) -> Round | None:
        rungs, made = (*self.evaluation_steps(state.steps), state.steps), len(state.rounds)
        if made == 0:
            return Round(tuple(range(len(state.configs))), rungs[0])
        if made == len(rungs):
            return None
        return Round(self._survivors(state, state.rounds[-1].configs, rungs[made - 1]), rungs[made])


def first_rung(policy: Any, steps: int, configs: int) -> int:
    """The `min_steps` of a policy, or its default: where so many configs are halved to fewer than eta, not below steps / eta⁴."""
    name, eta = type(policy).__name__, policy.eta
    if configs < eta:
        raise checks.JgdValueError(f"{name}(eta={eta}) needs at least {eta} configs, got {configs}")
    cuts = min(whole_log(configs, eta), DEEPEST)
    first = -(-steps // eta**cuts) if policy.min_steps is None else policy.min_steps
    if first >= steps:
        raise checks.JgdValueError(
            f"min_steps must be below the sweep's steps, {steps}, got {first}", argument="min_steps"
        )
    return first


def rungs_below(steps: int, first: int, eta: int) -> tuple[int, ...]:
    """first · etaᵏ, k = 0, 1, …, below `steps`.

    >>> rungs_below(270, 30, 3)
    (30, 90)
    """
    out = [first]
    while out[-1] * eta < steps:
        out.append(out[-1] * eta)
    return tuple(out)


def whole_log(value: int, base: int) -> int:
    """The largest k with baseᵏ ≤ value.

    >>> whole_log(80, 3), whole_log(81, 3)
    (3, 4)
    """
    k = 0
    while base ** (k + 1) <= value:
        k += 1
    return k
