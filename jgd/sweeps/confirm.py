"""Confirmation: what was chosen, run again on fresh seeds, and only then measured on the test rows.

The number that chose a config is the largest of many, and so flattered. A fresh run of it is not; the difference is the
optimism of the selection.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import checks, seeds
from jgd.core.statistics import Estimate, estimate
from jgd.epoch_loop import NOT_DIVERGED
from jgd.spaces.space import Config
from jgd.sweeps.configs import Axis
from jgd.sweeps.engine.blocks import Feed, evaluated
from jgd.sweeps.picks import Pick
from jgd.sweeps.policies.policy import Full, Policy
from jgd.sweeps.policies.replay import PopulationReplay
from jgd.sweeps.result import Sweep
from jgd.sweeps.run_spec import of_arrays
from jgd.sweeps.runner import drive
from jgd.sweeps.store.memory import MemoryStore


@dataclass(frozen=True)
class Confirmed:
    """One config on fresh seeds. validation, test: estimates of the metric that chose it, over the seeds that didn't
    diverge, of which `diverged` did. optimism: by how much the validation mean that chose it was better than the fresh
    one; positive where the choice flattered."""

    recipe: str
    config: int
    hyperparameters: Config
    chosen_at: Estimate
    validation: Estimate
    test: Estimate
    optimism: float
    diverged: int


@dataclass(frozen=True)
class Confirmation:
    """The chosen configs on fresh seeds. reads: how often this sweep's test rows were read, this time included."""

    metric: str
    seeds: tuple[int, ...]
    confirmed: tuple[Confirmed, ...]
    reads: int
    lanes: Sweep  # of the fresh runs


def confirmed(found: Sweep, picks: Sequence[Pick], count: int | Sequence[int]) -> Confirmation:
    """See `Sweep.confirm`."""
    chosen = [pick for pick in picks if pick.config is not None]
    if not chosen:
        raise checks.JgdValueError("there is nothing to confirm: every lane diverged")
    fresh = _fresh(found, count)
    plan = found.plan
    policy, rows = _anew(found, chosen)
    again = replace(
        plan,
        recipes={pick.recipe: plan.recipes[pick.recipe] for pick in chosen},
        axis=Axis({name: plan.axis.spaces[name] for name in rows}, None, 0, rows),
        seeds=fresh,
        policy=policy,
        block=1,  # a config each: wider blocks would be filled with copies
        store=None,
    )
    lanes = drive(again, MemoryStore(), lambda tick: None)
    test = _on_test_rows(lanes)
    now = datetime.now(UTC).isoformat()
    found.archive.note_read({"at": now, "seeds": list(fresh), "configs": [int(pick.config or 0) for pick in chosen]})
    sign = 1 if found.larger_is_better else -1
    out = []
    for place, pick in enumerate(chosen):
        validation = estimate(lanes.scores[place])
        out.append(
            Confirmed(
                recipe=pick.recipe,
                config=int(pick.config or 0),
                hyperparameters=pick.hyperparameters,
                chosen_at=pick.validation,
                validation=validation,
                test=estimate(test[place]),
                optimism=sign * (pick.validation.mean - validation.mean),
                diverged=int((lanes.diverged_at[place] != NOT_DIVERGED).sum()),
            )
        )
    return Confirmation(found.metric, fresh, tuple(out), len(found.archive.reads), lanes)


def _anew(found: Sweep, chosen: Sequence[Pick]) -> tuple[Policy, dict[str, tuple[Config, ...]]]:
    """How the chosen are trained again: by their hyperparameters, or by the schedule of them that a population found."""
    if not found.is_population:
        by_schedule = isinstance(found.plan.policy, PopulationReplay)
        policy = found.plan.policy if by_schedule else Full()
        return policy, {pick.recipe: (pick.hyperparameters,) for pick in chosen}
    if len(chosen) > 1:
        raise checks.JgdValueError(
            "the populations of several recipes have a schedule each: confirm one pick at a time, as found.best.confirm()"
        )
    member = found.best_member(chosen[0].recipe)
    assert member is not None  # a pick without a config is not chosen
    schedule = found.schedule(*member)
    return PopulationReplay(schedule), {chosen[0].recipe: (schedule[0].hyperparameters,)}


def _fresh(found: Sweep, count: int | Sequence[int]) -> tuple[int, ...]:
    """Seeds that neither the sweep nor an earlier confirmation has used."""
    used = {*found.seeds, *(seed for read in found.archive.reads_so_far() for seed in read["seeds"])}
    if isinstance(count, Sequence | np.ndarray):
        given = tuple(seeds.check(seed, f"seeds[{place}]") for place, seed in enumerate(count))
        stale = sorted(used & set(given))
        if stale or not given or len(set(given)) < len(given):
            raise checks.JgdValueError(f"seeds must be fresh and differ from each other, got {given}; used: {stale}")
        return given
    number = checks.count("seeds", count, 1)
    last = max(used)
    if last + number > seeds.LARGEST:
        raise checks.JgdValueError(f"seeds must be named where the sweep used {last}: too few come after it")
    return tuple(range(last + 1, last + 1 + number))


def _on_test_rows(lanes: Sweep) -> np.ndarray:
    """(config, seed): the metric that chooses on the test rows, NaN where a lane diverged."""
    plan = lanes.plan
    feed, rows = Feed.of(plan.task), jax.tree.map(jnp.asarray, plan.task.test)
    out = np.full((len(plan.configs), len(plan.seeds)), np.nan)
    for config, (_, values) in enumerate(plan.configs):
        group = plan.groups[plan.group_of[config]]
        trial = of_arrays(group.build(**{name: values[name] for name in group.numbers}))
        trial = replace(trial, init=None, measure=trial.measured_by)
        for place, seed in enumerate(plan.seeds):
            if lanes.diverged_at[config, place] == NOT_DIVERGED:
                one = jax.tree.map(lambda leaf: jnp.asarray(leaf)[None], (trial, lanes.params(config, seed)))
                out[config, place] = float(evaluated(one[0], feed, one[1], rows)[plan.task.metric][0])
    return out
