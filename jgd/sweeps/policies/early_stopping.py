"""Each run stops by its own validation. Enters: the evaluations of runs. Leaves: where each stops, and who goes on.

The rule is that of a single run (`jgd.StoppingRule`), and looks at no other run: its bits and its end don't depend on them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from jgd.core import checks
from jgd.spaces.lists import plain
from jgd.sweeps.policies.policy import Policy, Round, SweepState, resolved


@dataclass(frozen=True)
class EarlyStopping(Policy):
    """Stop each run where its validation no longer gets better, or is good enough.

    After every `every` updates, the metric that chooses is looked at. A run stops after `patience` looks in a row that don't beat
    its best by more than `min_delta` (a NaN doesn't), and at the first that is as good as `target`: the rule of
    `jgd.StoppingRule(patience=…)` for single runs and of `Sweep.early_stops`. Runs that are left are put together into full
    blocks, with the bits that they have in a sweep of all steps. A stopped run has come to its own end: its score is what it
    ended with, it competes by it, and `Sweep.run_statuses` says why it ended.

    Prechelt 1998, "Early stopping — but when?", the class UP of rules.

    Args:
        patience: looks in a row, a whole number ≥ 1.
        target: a value of the metric.
        min_delta: what is too small a gain, ≥ 0.
        every: updates between two looks; default the sweep's `evaluate_every`.

    Raises:
        JgdValueError: without patience and target, and for values out of range.

    Example:
        >>> import jgd
        >>> rates = {"learning_rate": [0.01, 0.3]}
        >>> found = jgd.sweep("iris", "sgd", rates, seeds=2, steps=50, policy=jgd.EarlyStopping(target=0.9))
        >>> found.given.tolist(), found.run_statuses.tolist()
        ([[50, 50], [20, 20]], [['max_steps', 'max_steps'], ['target', 'target']])
    """

    patience: int | None = None
    target: float | None = None
    min_delta: float = 0.0
    every: int | None = None
    not_extendable: ClassVar[Mapping[str, str]] = {}

    def __post_init__(self) -> None:
        for name in ("patience", "target", "min_delta", "every"):
            object.__setattr__(self, name, plain(getattr(self, name)))
        check_rule("EarlyStopping", self.patience, self.target, self.min_delta)
        if self.every is not None:
            checks.count("every", self.every, 1)

    def resolve(self, steps: int, configs: int) -> "EarlyStopping":
        return self  # `sweep` says how often

    def evaluation_steps(self, steps: int) -> tuple[int, ...]:
        every = resolved("every", self.every)
        return tuple(range(every, steps, every))

    def next_round(self, state: SweepState) -> Round | None:
        ends, made = (*self.evaluation_steps(state.steps), state.steps), len(state.rounds)
        if made == len(ends):
            return None
        configs, shape = range(len(state.configs)), state.scores.shape[:2]
        if not made:
            return Round(tuple(configs), ends[0])
        known = np.broadcast_to(np.array(state.evaluation_steps) <= state.rounds[-1].until, state.scores.shape)
        stops = self.stops(state.scores, known, state.evaluation_steps, state.larger_is_better).stopped
        left = [config for config in configs if not stops[config].all()]
        if not left:
            return None
        out = frozenset((config, seed) for config in left for seed in range(shape[1]) if stops[config, seed])
        return Round(tuple(left), ends[made], without=out)

    def stops(
        self, values: np.ndarray, known: np.ndarray, evaluation_steps: tuple[int, ...], larger_is_better: bool
    ) -> "Stops":
        """Where runs stop by their (configs, seeds, evaluations) of the metric, as far as they are known."""
        at = np.array(evaluation_steps)
        looks = (at % resolved("every", self.every) == 0) | (at == at[-1])
        sign = 1.0 if larger_is_better else -1.0
        target = None if self.target is None else sign * self.target
        return follow(sign * np.asarray(values, np.float64), known & looks, self.patience, self.min_delta, target)


def check_rule(what: str, patience: int | None, target: float | None, min_delta: float) -> None:
    """Refuse a rule that is none."""
    if patience is None and target is None:
        raise checks.JgdValueError(f"{what} needs patience=, target= or both", argument="patience")
    if patience is not None:
        checks.count("patience", patience, 1)
    if target is not None:
        checks.number("target", target, "(-inf, inf)")
    checks.number("min_delta", min_delta, ">= 0")


@dataclass(frozen=True)
class Stops:
    """Where runs stop, (configs, seeds) each."""

    place: np.ndarray  # the last evaluation that counts
    best: np.ndarray  # the best one until then, −1 where there is none
    stopped: np.ndarray  # whether a rule stopped the run there
    hit: np.ndarray  # whether that was the target


def follow(
    values: np.ndarray, known: np.ndarray, patience: int | None, min_delta: float, target: float | None
) -> Stops:
    """The rule along (configs, seeds, evaluations); larger is better. What is not known is passed over.

    That of `jgd.stopping.EarlyStopping`: a gain has to beat the last one that counted by more than `min_delta`, and a NaN
    counts as waiting.
    """
    shape = values.shape[:2]
    best, waited = np.full(shape, -1), np.zeros(shape, int)
    top, to_beat = np.full(shape, -np.inf), np.full(shape, -np.inf)
    place, stopped, hit = np.zeros(shape, int), np.zeros(shape, bool), np.zeros(shape, bool)
    for now in range(values.shape[2]):
        value, runs = values[..., now], ~stopped & known[..., now]
        place = np.where(runs, now, place)
        first = (best < 0) & ~np.isnan(value)  # even −∞ is better than nothing
        gains, wins = runs & (first | (value > to_beat + min_delta)), runs & (first | (value > top))
        best, top = np.where(wins, now, best), np.where(wins, value, top)
        to_beat = np.where(gains, value, to_beat)
        waited = np.where(gains, 0, np.where(runs, waited + 1, waited))
        if target is not None:
            hit = hit | (runs & (value >= target))
        stopped = stopped | hit | (runs & (waited >= patience) if patience is not None else False)
    return Stops(place, best, stopped, hit)
