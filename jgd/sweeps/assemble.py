"""The result of what is in a store. Enters: a plan and the block results so far. Leaves: `SweepData`."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from jgd.epoch_loop import NOT_DIVERGED
from jgd.sweeps.plan import Plan
from jgd.sweeps.policies.policy import Round
from jgd.sweeps.result import SweepData
from jgd.sweeps.store.base import BlockResult, Store


def assemble(
    plan: Plan, store: Store, reached: np.ndarray, cost: dict[str, Any], rounds: tuple[Round, ...] = ()
) -> SweepData:
    """The result of what is in the store; runs or steps that are not there (yet) are NaN."""
    shape, results = (len(plan.configs), len(plan.seeds)), _in_order(store)
    diverged_at = np.full(shape, NOT_DIVERGED, np.int32)
    loss = np.full((*shape, plan.steps), np.nan, _dtype(results))
    for result in results:
        block = result.block
        at, steps = (list(block.configs), block.seed), np.arange(block.begin, block.end)
        seen = steps[:, None] <= _last_step(plan, result)  # the refused step still saw its loss
        loss[(*at, slice(block.begin, block.end))] = np.where(seen, result.losses, np.nan).T
        diverged_at[at] = result.diverged_at
    validation = evaluations(plan, store, ("loss", *plan.task.metrics))
    return SweepData(plan, store, reached, loss, validation, diverged_at, cost, rounds)


def evaluations(plan: Plan, store: Store, names: Iterable[str]) -> dict[str, np.ndarray]:
    """Name -> (config, seed, evaluation): the validation loss or a metric; NaN where it isn't known, or a run diverged."""
    results, place_of = _in_order(store), {step: place for place, step in enumerate(plan.evaluation_steps)}
    shape = len(plan.configs), len(plan.seeds), len(place_of)
    out = {name: np.full(shape, np.nan, _dtype(results)) for name in names}
    for result in results:
        at, last = (list(result.block.configs), result.block.seed), _last_step(plan, result)
        for row, step in enumerate(result.evaluation_steps):
            if step in place_of:  # the end of a shorter sweep need not be an evaluation of this one
                for name, values in out.items():
                    values[(*at, place_of[step])] = np.where(step <= last, result.metrics[name][row], np.nan)
    return out


def _in_order(store: Store) -> list[BlockResult]:
    return sorted(store.results.values(), key=lambda result: result.block.end)


def _dtype(results: list[BlockResult]) -> Any:
    return results[0].losses.dtype if results else np.float32


def _last_step(plan: Plan, result: BlockResult) -> np.ndarray:
    """(configs,): the step that each run of a block got to; a member that diverged can be replaced afterwards."""
    return np.where(result.diverged_at == NOT_DIVERGED, plan.steps, result.diverged_at)
