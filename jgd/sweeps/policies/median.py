"""The median rule: a config stops that was never as good as the others are on average. Enters: scores. Leaves: who goes on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from jgd.core import checks
from jgd.core.spellings import builder
from jgd.sweeps.policies.policy import Policy, Round, SweepState, resolved

DECISIONS = 10  # in a sweep, unless said otherwise


@builder
@dataclass(frozen=True)
class MedianStopping(Policy):
    """Stop a config whose best score so far is worse than the median of the others' running averages.

    After every `every` updates, from `after` updates on, each config that goes on has the mean validation metric over
    seeds of all these evaluations. It stops if the best of them is strictly worse than the median, over the others that
    came as far, of their averages up to now. A config with a diverged seed stops as soon as there is one without, and
    counts in no median. The best config always goes on.

    Golovin et al. 2017, "Google Vizier", section 3.2.2, where the others are the trials that have ended; here all
    configs run side by side, and the others are those that came as far.

    Args:
        every: updates between decisions, 1 … steps − 1; default a tenth of the steps.
        after: updates before the first decision, 1 … steps − 1; default `every`.

    Raises:
        JgdValueError: for `every` or `after` that are not below the sweep's steps.

    Example:
        >>> import jgd
        >>> space = {"learning_rate": jgd.spaces.log_grid(1e-3, 1, 5)}
        >>> found = jgd.sweep("iris", "sgd", space, seeds=2, steps=60, policy=jgd.MedianStopping(every=20))
        >>> found.reached.tolist()
        [20, 20, 20, 60, 60]
    """

    every: int | None = None
    after: int | None = None
    not_extendable: ClassVar[Mapping[str, str]] = {}

    def __post_init__(self) -> None:
        for name, value in (("every", self.every), ("after", self.after)):
            if value is not None:
                checks.count(name, value, 1)

    def resolve(self, steps: int, configs: int) -> "MedianStopping":
        every = max(1, -(-steps // DECISIONS)) if self.every is None else self.every
        after = every if self.after is None else self.after
        for name, value in (("every", every), ("after", after)):
            if value >= steps:
                raise checks.JgdValueError(
                    f"{name} must be below the sweep's steps, {steps}, got {value}", argument=name
                )
        return replace(self, every=every, after=after)

    def evaluation_steps(self, steps: int) -> tuple[int, ...]:
        every = resolved("every", self.every)
        return tuple(range(every, steps, every))

    def next_round(self, state: SweepState) -> Round | None:
        ends, made = (*self.evaluation_steps(state.steps), state.steps), len(state.rounds)
        if made == 0:
            return Round(tuple(range(len(state.configs))), ends[0])
        if made == len(ends):
            return None
        return Round(self._survivors(state, ends[:made]), ends[made])

    def _survivors(self, state: SweepState, evaluated: tuple[int, ...]) -> tuple[int, ...]:
        active = state.rounds[-1].configs
        if evaluated[-1] < resolved("after", self.after):
            return active
        sign = 1 if state.larger_is_better else -1
        scores = sign * np.stack([state.scores_at(step)[list(active)].mean(axis=1) for step in evaluated], axis=1)
        finite = np.flatnonzero(np.isfinite(scores).all(axis=1))
        if len(finite) < 2:
            return tuple(active[row] for row in finite) or active
        best, average = scores.max(axis=1), scores.mean(axis=1)
        return tuple(active[row] for row in finite if best[row] >= np.median(average[finite[finite != row]]))
