"""What a sweep is, as far as its results need it: names, configs, seeds and steps. No code, and no rows of data."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from jgd.spaces.space import Config, Space
from jgd.sweeps.engine.block import Block
from jgd.sweeps.policies.policy import Policy, Round
from jgd.sweeps.splits import NO_SPLITS, Splits


@dataclass(frozen=True)
class SweepFacts:
    """A plan without the task and the recipes: what a directory tells of a sweep to somebody who has neither.

    Attributes:
        task: Its name.
        metric: What chooses.
        larger_is_better: Whether a larger value of it is better.
        metrics: The names of all metrics beside the loss.
        spaces: Recipe name -> its space.
        configs: (recipe, values) along the config axis.
        groups: (configs,) configs of one number share a program.
        seeds: Of every config; where rows are split, labels of seeds and folds.
        steps: Updates of a run that is not stopped, the most where the space says how many.
        evaluation_steps: Numbers of updates after which the validation rows are evaluated; the last one is `steps`.
        record_every: Steps between two losses that are kept.
        policy: Says which rounds there are.
        predictors: Of a stored sweep, what each group's runs predict with, as JSON; None where that isn't known.
            Where rows are split, an entry for each group and run of the seed axis.
        splits: How the rows of the runs are cut.
        known_keys: Of a stored sweep, `keys` as they were.
        run_steps: (configs,) the updates of each config's runs; () where all have `steps`.
    """

    task: str
    metric: str
    larger_is_better: bool
    metrics: tuple[str, ...]
    spaces: Mapping[str, Space]
    configs: Sequence[tuple[str, Config]]
    groups: tuple[int, ...]
    seeds: tuple[int, ...]
    steps: int
    evaluation_steps: tuple[int, ...]
    record_every: int
    policy: Policy
    predictors: tuple[Mapping[str, Any], ...] | None = None
    splits: Splits = NO_SPLITS
    known_keys: np.ndarray | None = None
    run_steps: tuple[int, ...] = ()

    @cached_property
    def lengths(self) -> np.ndarray:
        """(configs,) the updates of each config's runs."""
        return np.array(self.run_steps or (self.steps,) * len(self.configs), int)

    def ends_in(self, current: Round) -> np.ndarray:
        """(configs,) the steps to which a round brings configs: the round's, or the config's last before it."""
        return np.minimum(current.until, self.lengths)

    @property
    def step_words(self) -> str:
        """How many updates a run has, in words."""
        least, most = (int(self.lengths.min()), int(self.lengths.max())) if len(self.lengths) else (self.steps,) * 2
        return f"{most} steps" if least == most else f"{least} to {most} steps"

    @property
    def recorded_steps(self) -> range:
        """The steps whose losses are kept."""
        return range(0, self.steps, self.record_every)

    @property
    def seed_words(self) -> str:
        """What is along the seed axis, in words."""
        return self.splits.words(self.seeds)

    @cached_property
    def keys(self) -> np.ndarray:
        """(configs,): 64 bits for each config, of its recipe and values; equal ones are told apart by their number."""
        if self.known_keys is not None:
            return self.known_keys
        encode = json.JSONEncoder(default=repr).encode
        key = lambda place, number: _key(
            encode([self.configs[place][0], sorted(self.configs[place][1].items())]), number
        )
        out = np.array([_key(encode([name, sorted(values.items())]), 1) for name, values in self.configs], np.uint64)
        first = np.unique(out, return_index=True)[1]
        seen: dict[int, int] = {}
        for place in np.setdiff1d(np.arange(len(out)), first).tolist():
            same = int(out[place])
            seen[same] = seen.get(same, 1) + 1
            out[place] = key(place, seen[same])
        return out

    @cached_property
    def _sorted(self) -> tuple[np.ndarray, np.ndarray]:
        """The keys in order, and the configs that they are of."""
        order = np.argsort(self.keys)
        return self.keys[order], order

    def place(self, keys: np.ndarray, seed: int, begin: int, end: int) -> Block | None:
        """The block of these configs and this seed in this sweep; None where it isn't part of it."""
        known, order = self._sorted
        at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
        if seed not in self.seeds or end > self.steps or (known[at] != keys).any():
            return None
        configs = tuple(order[at].tolist())
        if len({self.groups[config] for config in configs}) > 1:
            return None
        return Block(self.groups[configs[0]], self.seeds.index(seed), configs, begin, end)


def _key(text: str, number: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{text}{number}".encode()).digest()[:8], "big")
