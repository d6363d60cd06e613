"""What runs ended with: parameters and the model's state, from the last blocks that are part of the sweep."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from jgd.core import checks
from jgd.core.types import Params
from jgd.sweeps.store.base import NONE, Store


@dataclass(frozen=True)
class RunEnds:
    """The ends of all runs (config, index of its seed). given: the steps of each; most: beyond which nothing counts."""

    store: Store
    given: np.ndarray
    most: np.ndarray

    def params(self, config: int, place: int) -> Params:
        """The parameters of one run."""
        return self._row(config, place, "params")

    def model_state(self, config: int, place: int) -> Any:
        """What its model kept beside them."""
        return self._row(config, place, "model_state")

    def _row(self, config: int, place: int, name: str) -> Any:
        number = self._number(config, place)
        row = self.store.blocks[number].configs.index(config)
        return jax.tree.map(lambda leaf: leaf[row], getattr(self.store.result(number), name))

    def _number(self, config: int, place: int) -> int:
        """The number of the block in which a run got where it is."""
        at = {step: int(numbers[config, place]) for step, numbers in self.store.ends.items()}
        ends: Mapping[int, int] = {
            step: number for step, number in at.items() if number != NONE and step <= self.most[config, place]
        }
        if not ends:
            seed = self.store.facts.seeds[place]
            raise checks.JgdValueError(f"config {config} with seed {seed} has not run so far: it has no parameters")
        reached = int(self.given[config, place])
        return ends[reached if reached in ends else max(ends)]  # of a sweep that still runs: where the run is

    def all_params(self) -> Params:
        """Those of all runs, leaves (config, seed, …); refused where configs differ in structure or shapes."""
        runs: dict[int, list[int]] = {}  # the last block of runs -> their configs
        for place, config in np.ndindex(self.given.shape[::-1]):
            runs.setdefault(self._number(config, place), []).append(config)
        out: Any = None
        for number, configs in runs.items():
            block, params = self.store.blocks[number], self.store.result(number).params
            if out is None:
                out = jax.tree.map(lambda leaf: np.empty((*self.given.shape, *leaf.shape[1:]), leaf.dtype), params)
            if _kind(out, 2) != _kind(params, 1):
                raise checks.JgdValueError("configs have parameters of different shapes: use params(config, seed)")
            rows = [block.configs.index(config) for config in configs]
            for into, leaf in zip(jax.tree.leaves(out), jax.tree.leaves(params), strict=True):
                into[configs, block.seed] = leaf[rows]
        return out


def _kind(tree: Params, axes: int) -> tuple[Any, ...]:
    """The structure of a tree, and the shapes of its leaves behind so many axes."""
    return jax.tree.structure(tree), *(leaf.shape[axes:] for leaf in jax.tree.leaves(tree))
