"""The median rule: stop a config that was never as good as the others are on average. Enters: scores. Leaves: who goes on."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from jgd.core import checks
from jgd.sweeps.policies.policy import Round, SweepState

DECISIONS = 10  # in a sweep, unless said otherwise


@dataclass(frozen=True)
class MedianStopping:
    """StoppingRule a config whose best score so far is worse than the median of the others' running averages.

    After every `every` updates, from `after` updates on (defaults: a tenth of the steps, and `every`), each config that
    goes on has the mean validation metric over seeds of all these looks. It stops if the best of them is strictly worse
    than the median, over the others that came as far, of their averages up to now. A config with a diverged seed stops
    as soon as there is one without, and counts in no median. The best config always goes on.

    Golovin et al. 2017, "Google Vizier", section 3.2.2, where the others are the trials that have ended; here all
    configs run side by side, and the others are those that came as far. Raises `JgdValueError` for every ≥ steps.

    >>> import jgd
    >>> space = {"learning_rate": jgd.spaces.log_grid(1e-3, 1, 5)}
    >>> found = jgd.sweep("iris", "sgd", space, seeds=2, steps=60, halving=jgd.MedianStopping(every=20))
    >>> found.reached.tolist()
    [20, 20, 20, 60, 60]
    """

    every: int | None = None
    after: int | None = None
    extends: ClassVar[bool] = False

    def __post_init__(self) -> None:
        for name, value in (("every", self.every), ("after", self.after)):
            if value is not None:
                checks.count(name, value, 1)

    def sized(self, steps: int, configs: int) -> "MedianStopping":
        every = max(1, -(-steps // DECISIONS)) if self.every is None else self.every
        after = every if self.after is None else self.after
        for name, value in (("every", every), ("after", after)):
            if value >= steps:
                raise checks.JgdValueError(f"{name} must be below the sweep's steps, {steps}, got {value}")
        return replace(self, every=every, after=after)

    def looks(self, steps: int) -> tuple[int, ...]:
        assert self.every is not None  # `sized` has filled it in
        return tuple(range(self.every, steps, self.every))

    def next(self, standing: SweepState) -> Round | None:
        stops, made = (*self.looks(standing.steps), standing.steps), len(standing.legs)
        if made == 0:
            return Round(tuple(range(len(standing.configs))), stops[0])
        if made == len(stops):
            return None
        return Round(self._going(standing, stops[:made]), stops[made])

    def _going(self, standing: SweepState, looks: tuple[int, ...]) -> tuple[int, ...]:
        alive = standing.legs[-1].configs
        assert self.after is not None
        if looks[-1] < self.after:
            return alive
        sign = 1 if standing.larger_is_better else -1
        scores = sign * np.stack([standing.scores_at(look)[list(alive)].mean(axis=1) for look in looks], axis=1)
        sound = np.flatnonzero(np.isfinite(scores).all(axis=1))
        if len(sound) < 2:
            return tuple(alive[row] for row in sound) or alive
        best, average = scores.max(axis=1), scores.mean(axis=1)
        return tuple(alive[row] for row in sound if best[row] >= np.median(average[sound[sound != row]]))
