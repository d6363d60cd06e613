"""Confirmation: what was chosen, run again on fresh seeds, and only then measured on the test rows.

The number that chose a config is the largest of many, and so flattered. A fresh run of it is not; the difference is the
optimism of the selection.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import checks, seeds
from jgd.core.nan_traps import no_nan_traps
from jgd.core.seeds import init_key
from jgd.core.statistics import SHARES, estimate
from jgd.label_checks import check_supervised_rows
from jgd.lane import NOT_DIVERGED
from jgd.spaces.space import Config
from jgd.sweeps.arguments import executor_of
from jgd.sweeps.configs import ConfigAxis
from jgd.sweeps.confirmation import Confirmation, Confirmed
from jgd.sweeps.engine.programs import SharedData, evaluate
from jgd.sweeps.picks import Pick, best_member, why_none
from jgd.sweeps.plan import Plan
from jgd.sweeps.policies.early_stopping import EarlyStopping
from jgd.sweeps.policies.policy import Full, Policy
from jgd.sweeps.policies.replay import PopulationReplay
from jgd.sweeps.run_spec import of_arrays
from jgd.sweeps.runner import run_plan
from jgd.sweeps.store.memory import MemoryStore
from jgd.sweeps.sweep_data import SweepData

COMPILATION = 3.0  # seconds of a program, as they were on a common machine
LANE_STEP = 3e-5  # seconds of a step of one lane there


@no_nan_traps()
def confirm(data: SweepData, picks: Sequence[Pick], seeds: int | Sequence[int], executor: Any = None) -> Confirmation:
    """See `Sweep.confirm`."""
    chosen = [pick for pick in _checked(data, picks) if pick.config is not None]
    if not chosen:
        raise checks.JgdValueError(f"there is nothing to confirm: {why_none(data)}")
    fresh = _fresh_seeds(data, seeds)
    task = data.plan.task
    check_supervised_rows(task.measure, jax.eval_shape(task.init, init_key(0)), "task.test", task.test)
    runs = _trained(data, chosen, fresh, executor)
    test = _on_test_rows(runs)
    now = datetime.now(UTC).isoformat()
    data.store.add_read({"at": now, "seeds": list(fresh), "configs": [int(pick.config or 0) for pick in chosen]})
    confirmed = tuple(_confirmed(pick, runs, index, test[index]) for index, pick in enumerate(chosen))
    return Confirmation(data.metric, fresh, confirmed, len(data.store.reads), runs)


@no_nan_traps()
def fresh_runs(data: SweepData, picks: Sequence[Pick], seeds: int | Sequence[int], executor: Any = None) -> SweepData:
    """Picks that have a config trained again on fresh seeds, in their order; no test row is read."""
    return _trained(data, picks, _fresh_seeds(data, seeds), executor)


def _trained(data: SweepData, chosen: Sequence[Pick], seeds: tuple[int, ...], executor: Any) -> SweepData:
    plan = _plan_of(data, chosen, data.facts.splits.labels(seeds))
    return run_plan(plan, MemoryStore(plan.facts), executor=executor_of(executor))


def _checked(data: SweepData, picks: Any) -> Sequence[Pick]:
    """The picks, refused unless they are this sweep's, one of a recipe."""
    if not isinstance(picks, Sequence) or not all(isinstance(pick, Pick) for pick in picks):
        raise checks.JgdTypeError(
            f"picks must be those of the sweep, such as found.best, got {checks.shown(picks)}", argument="picks"
        )
    of = [pick.recipe for pick in picks]
    if len(set(of)) < len(of):
        raise checks.JgdValueError(f"picks must name each recipe once, got {', '.join(of)}", argument="picks")
    for pick in picks:
        if pick.config is not None and (
            pick.config >= len(data.configs) or data.configs[pick.config][0] != pick.recipe
        ):
            raise checks.JgdValueError(
                f"picks must be those of the sweep, got config {pick.config} of {pick.recipe!r}", argument="picks"
            )
    return picks


def _plan_of(data: SweepData, chosen: Sequence[Pick], seeds: tuple[int, ...]) -> Plan:
    """How the chosen are trained again."""
    plan = data.plan
    policy, rows = _policy_and_rows(data, chosen)
    return replace(
        plan,
        recipes={pick.recipe: plan.recipes[pick.recipe] for pick in chosen},
        axis=ConfigAxis({name: plan.axis.spaces[name] for name in rows}, None, 0, rows),
        seeds=seeds,
        policy=policy,
        block=_block(data, len(chosen) * len(seeds)),
        store=None,
    )


def _block(data: SweepData, runs: int) -> int | None:
    """The sweep's own width, whose program there is; 1 where filling blocks up takes longer than to compile that one.

    By numbers that don't depend on the machine or its load, and neither do the confirmation's bits.
    """
    filling = runs * data.plan.steps * (max(data.plan.widths) - 1) * LANE_STEP
    return data.plan.block if filling < COMPILATION else 1


def _confirmed(pick: Pick, runs: SweepData, index: int, test: np.ndarray) -> Confirmed:
    overlap = runs.facts.splits.overlap
    share, sign = runs.metric in SHARES, 1 if runs.larger_is_better else -1
    validation = estimate(runs.scores[index], overlap=overlap, share=share)
    return Confirmed(
        recipe=pick.recipe,
        config=int(pick.config or 0),
        hyperparameters=pick.hyperparameters,
        chosen_at=pick.validation,
        validation=validation,
        test=estimate(test, overlap=overlap, share=share),
        optimism=sign * (pick.validation.mean - validation.mean),
        diverged=int((runs.diverged_at[index] != NOT_DIVERGED).sum()),
    )


def _policy_and_rows(data: SweepData, chosen: Sequence[Pick]) -> tuple[Policy, dict[str, tuple[Config, ...]]]:
    """By the hyperparameters of the chosen, or by the schedule of them that a population found."""
    if not data.is_population:
        goes_on = isinstance(data.plan.policy, PopulationReplay | EarlyStopping)  # it is part of how a run is trained
        policy = data.plan.policy if goes_on else Full()
        return policy, {pick.recipe: (pick.hyperparameters,) for pick in chosen}
    if len(chosen) > 1:
        raise checks.JgdValueError(
            "the populations of several recipes have a schedule each: confirm one pick at a time, as found.confirm(picks=found.best)"
        )
    member = best_member(data, chosen[0].recipe)
    assert member is not None  # a pick without a config is not chosen
    schedule = data.schedule(*member)
    return PopulationReplay(schedule), {chosen[0].recipe: (schedule[0].hyperparameters,)}


def _fresh_seeds(data: SweepData, count: int | Sequence[int]) -> tuple[int, ...]:
    """Seeds that neither the sweep nor an earlier confirmation has used."""
    used = {
        *data.facts.splits.seeds_of(data.seeds),
        *(seed for read in data.store.current_reads() for seed in read["seeds"]),
    }
    if isinstance(count, Sequence | np.ndarray):
        given = tuple(seeds.check(seed, f"seeds[{place}]") for place, seed in enumerate(count))
        stale = sorted(used & set(given))
        if stale or not given or len(set(given)) < len(given):
            raise checks.JgdValueError(
                f"seeds must be fresh and differ from each other, got {given}; used: {stale}", argument="seeds"
            )
        return given
    number = checks.count("seeds", count, 1)
    last = max(used)
    if last + number > seeds.LARGEST:
        raise checks.JgdValueError(
            f"seeds must be named where the sweep used {last}: too few come after it", argument="seeds"
        )
    return tuple(range(last + 1, last + 1 + number))


def _on_test_rows(runs: SweepData) -> np.ndarray:
    """(config, seed): the metric that chooses on the test rows, NaN where a run diverged."""
    plan = runs.plan
    fed = {id(task): (SharedData.of(task), jax.tree.map(jnp.asarray, task.test)) for task in plan.tasks}
    out = np.full((len(plan.configs), len(plan.seeds)), np.nan)
    for config, (_, values) in enumerate(plan.configs):
        group = plan.groups[plan.group_of[config]]
        spec = of_arrays(group.build(**{name: values[name] for name in group.numbers}))
        lanes = jax.tree.map(
            lambda leaf: leaf[None], replace(spec, init=None, measure=spec.measured_by, init_state=None)
        )
        for index, seed in enumerate(plan.seeds):
            if runs.diverged_at[config, index] == NOT_DIVERGED:
                shared, rows = fed[id(plan.tasks[index])]
                ended = runs.params(config, seed), runs.model_state(config, seed)
                params, own = jax.tree.map(lambda leaf: np.asarray(leaf)[None], ended)
                out[config, index] = float(evaluate(lanes, shared, params, rows, own)[plan.task.metric][0])
    return out
