"""Which configs get how many steps. Enters: the state of all configs. Leaves: the next round, configs and how far they go.

A policy is a pure function of what was measured, so that a sweep that was killed decides again as it did before. What an
asynchronous one had measured by then is a matter of chance: its decisions are kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np

from jgd.core import checks
from jgd.spaces.space import Config, Space


@dataclass(frozen=True)
class Round:
    """Configs, by their indices, that go on to `until` steps from wherever they are, at `begin` at least.

    seeds: the indices of the seeds at which they do; None: at all of them.
    origins, values: where, from step `begin` on, a run (config, index of its seed) goes on from another config's
    parameters and state, or by other hyperparameters than its config's; the values are all that hold in this round.
    without: runs (config, index of its seed) that do not go on, though others of the config do.
    """

    configs: tuple[int, ...]
    until: int
    begin: int = 0
    origins: Mapping[tuple[int, int], int] | None = None
    values: Mapping[tuple[int, int], Config] | None = None
    seeds: tuple[int, ...] | None = None
    without: frozenset[tuple[int, int]] = frozenset()

    def places(self, count: int) -> Sequence[int]:
        """The indices of its seeds, of `count` there are."""
        return range(count) if self.seeds is None else self.seeds

    def runs(self, shape: tuple[int, ...]) -> np.ndarray:
        """(config, seed): whether the run is one of the round, of so many configs and seeds."""
        out = np.zeros(shape, bool)
        out[np.ix_(self.configs, self.places(shape[1]))] = True
        for run in self.without:
            out[run] = False
        return out

    def values_of(self, config: int, seed: int, initial: Config) -> Config:
        """The hyperparameters of a run; `initial`: its config's own."""
        return (self.values or {}).get((config, seed), initial)

    def origin(self, config: int, seed: int, step: int) -> int:
        """The config from whose run this one goes on after `step` updates."""
        return (self.origins or {}).get((config, seed), config) if step == self.begin else config


def furthest(rounds: Sequence[Round], runs: tuple[int, int]) -> np.ndarray:
    """(configs, seeds): the step that rounds bring each run to; what a smaller sweep ran beyond is no part of this one.

    >>> furthest([Round((0, 1), 10), Round((1,), 30, seeds=(0,))], (2, 2)).tolist()
    [[10, 10], [30, 10]]
    """
    out = np.zeros(runs, int)
    for each in rounds:
        out = np.maximum(out, np.where(each.runs(runs), each.until, 0))
    return out


@dataclass(frozen=True)
class SweepState:
    """What a policy decides by: the scores of all configs after some rounds, on the validation rows.

    reached (configs,): the steps that each was given. scores (configs, seeds, evaluations): the metric that chooses,
    after `evaluation_steps` updates; NaN where a run had diverged, or wasn't given so many steps. rounds: those made so
    far. groups, spaces (configs,): configs of one group share a structure; the space that each was drawn from.
    overlap: validation rows over training rows, where runs share them (see `jgd.sweeps.estimate`).
    Of an asynchronous policy also running: the configs whose last round has not ended; widths: the configs that a block of
    each group holds.
    """

    configs: Sequence[Config]
    seeds: tuple[int, ...]
    steps: int
    larger_is_better: bool
    evaluation_steps: tuple[int, ...]
    reached: np.ndarray
    scores: np.ndarray
    rounds: tuple[Round, ...]
    groups: tuple[int, ...]
    spaces: Sequence[Space]
    overlap: float = 0.0
    running: frozenset[int] = frozenset()
    widths: tuple[int, ...] = ()

    def scores_at(self, step: int) -> np.ndarray:
        """(configs, seeds): the scores after `step` updates, one of `evaluation_steps`."""
        return self.scores[..., self.evaluation_steps.index(step)]


@runtime_checkable
class Policy(Protocol):
    """What decides: a policy of one's own derives from this, and is a dataclass, so that a store knows it again.

    Attributes:
        not_extendable: What of "configs", "seeds" and "steps" can't be added later -> why. What can be is decided on anew
            with all that there is then: the larger sweep makes the rounds that it would have made from the start, and takes
            from the runs so far what those ask for. One of your own says {} where that holds for it.
        asynchronous: Whether a round may begin before the last one has ended: `next_round` is then asked whenever a worker has
            nothing to do, and None is no end while something runs. What it says depends on what has landed by then, so that
            rounds are kept, and a sweep that was killed takes them from there. Such rounds have no begin and no origins.
    """

    not_extendable: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("configs", "seeds", "steps"), "it doesn't say that its decisions can be made anew"
    )
    asynchronous: ClassVar[bool] = False

    def resolve(self, steps: int, configs: int) -> "Policy":
        """The policy for a sweep of so many steps and configs, its defaults filled in; refuses what it doesn't fit."""
        ...

    def evaluation_steps(self, steps: int) -> tuple[int, ...]:
        """The numbers of updates after which it has to see the scores; asked of a resolved policy."""
        ...

    def next_round(self, state: SweepState) -> Round | None:
        """The round after those made, None at the end; asked of a resolved policy."""
        ...


def resolved(name: str, value: int | None) -> int:
    """A field that `resolve` fills in."""
    if value is None:
        raise checks.JgdValueError(
            f"{name} must be known, got None: resolve(steps, configs) fills in the default", argument=name
        )
    return value


@dataclass(frozen=True)
class Full(Policy):
    """Every config gets all steps: the default."""

    not_extendable: ClassVar[Mapping[str, str]] = {}

    def resolve(self, steps: int, configs: int) -> "Full":
        return self

    def evaluation_steps(self, steps: int) -> tuple[int, ...]:
        return ()

    def next_round(self, state: SweepState) -> Round | None:
        if state.rounds:
            return None
        return Round(tuple(range(len(state.configs))), state.steps)
