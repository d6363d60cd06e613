"""The result of what is in a store. Enters: what a sweep is, the block results so far. Leaves: `SweepData`."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from jgd.core import checks
from jgd.lane import NOT_DIVERGED
from jgd.sweeps.engine.observing import OBSERVED
from jgd.sweeps.facts import SweepFacts
from jgd.sweeps.plan import Plan
from jgd.sweeps.policies.policy import Round, furthest
from jgd.sweeps.run_ends import ends_of
from jgd.sweeps.store.base import BlockResult, Store
from jgd.sweeps.sweep_data import SweepData


def assemble(
    facts: SweepFacts,
    made_by: Plan | Callable[[], Plan],
    store: Store,
    given: np.ndarray,
    cost: dict[str, Any],
    rounds: tuple[Round, ...] = (),
) -> SweepData:
    """The result of what is in the store; runs or steps that are not there (yet) are NaN.

    rounds: beyond which nothing counts, such as what a smaller sweep ran of a config that this one stops; () for no end.
    """
    shape, results = (len(facts.configs), len(facts.seeds)), _in_order(store)
    found, own = evaluations(facts, store, ("loss", *facts.metrics))
    ends = furthest(rounds, shape) if rounds else np.full(shape, facts.steps)
    ends = np.where(ends >= own, facts.steps, ends)  # a run keeps what it ended with
    diverged_at = np.full(shape, NOT_DIVERGED, np.int32)
    loss = np.full((*shape, len(facts.recorded_steps)), np.nan, _dtype(results))
    recorded = _empty(loss, results)
    for result in results:
        block = result.block
        configs, steps = np.array(block.configs), np.array(block.recorded(facts.record_every), int)
        end = ends[configs, block.seed]
        asked = steps[:, None] < end
        seen = asked & (steps[:, None] <= _last_step(facts, result))  # the refused step still saw its loss
        begin = -(-block.begin // facts.record_every)
        at = configs, block.seed, slice(begin, begin + len(steps))
        loss[at] = np.where(seen, result.losses, np.nan).T
        moved = asked & (steps[:, None] < _last_step(facts, result))  # of its parameters after it there is nothing
        for name, values in result.recorded.items():
            known = moved if name.partition(".")[0] == OBSERVED else seen
            known = known.reshape(known.shape + (1,) * (values.ndim - 2))
            recorded[name][at] = np.where(known, values, np.nan).swapaxes(0, 1)
        if (np.diff(configs) == 1).all() and (
            block.end <= end
        ).all():  # the piece is a part of the whole from now on, not a copy of it
            part = (slice(configs[0], configs[-1] + 1), *at[1:])
            own = {name: recorded[name][part].swapaxes(0, 1) for name in result.recorded}
            store.results[block] = replace(result, losses=loss[part].swapaxes(0, 1), recorded=own)
        diverged_at[at[:2]] = np.where(result.diverged_at < end, result.diverged_at, NOT_DIVERGED)
    beyond = np.array(facts.evaluation_steps) > ends[..., None]
    validation = {name: np.where(beyond, np.nan, values) for name, values in found.items()}
    return SweepData(facts, made_by, store, given, loss, validation, diverged_at, cost, rounds, recorded)


def _empty(loss: np.ndarray, results: list[BlockResult]) -> dict[str, np.ndarray]:
    """Name -> (config, seed, step, …) of NaN, for whatever the results have recorded."""
    shapes: dict[str, tuple[int, ...]] = {}
    for result in results:
        for name, values in result.recorded.items():
            shape = values.shape[2:]
            if shapes.setdefault(name, shape) != shape:
                raise checks.JgdValueError(
                    f"observe must return arrays of one shape a name, got {checks.shown(name)} of {shapes[name]} and {shape}",
                    argument="observe",
                )
    return {name: np.full((*loss.shape, *shapes[name]), np.nan, loss.dtype) for name in sorted(shapes)}


def evaluations(facts: SweepFacts, store: Store, names: Iterable[str]) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Name -> (config, seed, evaluation): the validation loss or a metric; NaN where it isn't known, or a run diverged.

    A run that ends before the sweep keeps its last value. Where runs end comes second, (config, seed) in steps.
    """
    results, place_of = _in_order(store), {step: place for place, step in enumerate(facts.evaluation_steps)}
    shape = len(facts.configs), len(facts.seeds), len(place_of)
    out = {name: np.full(shape, np.nan, _dtype(results)) for name in names}
    there = np.zeros(shape, bool)
    for result in results:
        # the end of a shorter sweep need not be an evaluation of this one
        rows = [row for row, step in enumerate(result.evaluation_steps) if step in place_of]
        steps = np.array(result.evaluation_steps, int)[rows]
        at = np.array(result.block.configs)[:, None], result.block.seed, [place_of[step] for step in steps.tolist()]
        known = steps <= _last_step(facts, result)[:, None]
        there[at] = True
        for name, values in out.items():
            values[at] = np.where(known, result.metrics[name][rows].T, np.nan)
    ends, *_ = ends_of(facts, out[facts.metric], there)
    for config, seed in np.argwhere(ends < facts.steps):
        last = place_of[int(ends[config, seed])]
        for values in out.values():
            values[config, seed, last + 1 :] = values[config, seed, last]
    return out, ends


def _in_order(store: Store) -> list[BlockResult]:
    return sorted(store.results.values(), key=lambda result: result.block.end)


def _dtype(results: list[BlockResult]) -> Any:
    return results[0].losses.dtype if results else np.float32


def _last_step(facts: SweepFacts, result: BlockResult) -> np.ndarray:
    """(configs,): the step that each run of a block got to; a member that diverged can be replaced afterwards."""
    return np.where(result.diverged_at == NOT_DIVERGED, facts.steps, result.diverged_at)
