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
        run_steps: (configs,) the updates of each config's runs; () where all have `steps`.
    """

    task: str
    metric: str
    larger_is_better: bool
    metrics: tuple[str, ...]
    spaces: Mapping[str, Space]
    configs: tuple[tuple[str, Config], ...]
    groups: tuple[int, ...]
    seeds: tuple[int, ...]
    steps: int
    evaluation_steps: tuple[int, ...]
    record_every: int
    policy: Policy
    predictors: tuple[Mapping[str, Any], ...] | None = None
    splits: Splits = NO_SPLITS
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
    def keys(self) -> tuple[str, ...]:
        """A name for each config, made of its recipe and values; equal ones are told apart by their number."""
        seen: dict[str, int] = {}
        out, encode = [], json.JSONEncoder(default=repr).encode
        for recipe, config in self.configs:
            text = encode([recipe, sorted(config.items())])
            seen[text] = seen.get(text, 0) + 1
            out.append(hashlib.sha256(f"{text}{seen[text]}".encode()).hexdigest()[:16])
        return tuple(out)

    @cached_property
    def _index_of(self) -> dict[str, int]:
        return {key: index for index, key in enumerate(self.keys)}

    def place(self, keys: Sequence[str], seed: int, begin: int, end: int) -> Block | None:
        """The block of these configs and this seed in this sweep; None where it isn't part of it."""
        if seed not in self.seeds or end > self.steps or not all(key in self._index_of for key in keys):
            return None
        configs = tuple(self._index_of[key] for key in keys)
        if len({self.groups[config] for config in configs}) > 1:
            return None
        return Block(self.groups[configs[0]], self.seeds.index(seed), configs, begin, end)
