"""One run of a sweep again, by the program that ran it: the same bits, and then whatever a person wants of it."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import checks
from jgd.core.nan_traps import no_nan_traps
from jgd.lane import NOT_DIVERGED
from jgd.status import RunEnd, Status
from jgd.sweeps.assemble import assemble
from jgd.sweeps.engine.engine import Engine
from jgd.sweeps.engine.observing import OBSERVED
from jgd.sweeps.own_ends import run_statuses
from jgd.sweeps.policies.policy import Full, Round
from jgd.sweeps.predictors import predictor
from jgd.sweeps.round_blocks import round_blocks
from jgd.sweeps.store.lanes import only_lane
from jgd.sweeps.store.memory import MemoryStore
from jgd.sweeps.sweep_data import SweepData
from jgd.training.run import Run


@no_nan_traps()
def replay(data: SweepData, config: int, seed: int, steps: int | None = None) -> Run:
    """See `Sweep.replay`."""
    reached = int(data.given[data.indices(config, seed)])
    until = reached if steps is None else checks.count("steps", steps, 0, 2**31 - 2)
    share_of = data.plan.share_of or data.plan.run_steps[config]
    plan = replace(
        data.plan, seeds=(seed,), steps=until, share_of=share_of, store=None, devices=data.plan.devices.one()
    )
    store = MemoryStore(plan.facts)
    engine = Engine.of(plan, store)
    past = data.schedule(config, seed)
    for segment in past:  # of a population more than one, of what its ancestors went by
        end = until if segment is past[-1] else min(segment.until, until)
        if segment.begin < end or end == 0:
            current = Round((config,), end, segment.begin, None, {(config, 0): segment.hyperparameters})
            engine.run(current, round_blocks(plan, current, store))
    given = np.where(np.arange(len(plan.configs)) == config, until, 0)[:, None]
    found = assemble(replace(plan.facts, policy=Full()), plan, store, given, {})  # it runs as far as it is asked to
    at = np.array(plan.facts.recorded_steps, int)
    stored = data.run_loss(config, seed)[: np.count_nonzero(at < min(until, reached))]
    losses, diverged_at = found.loss[config, 0], int(found.diverged_at[config, 0])
    survived = diverged_at == NOT_DIVERGED
    made = (until if survived else diverged_at) + 1
    seen = {name: values[config, 0] for name, values in found.validation.items()}
    known = ~np.isnan(seen["loss"])
    params, own = found.params(config, seed), found.model_state(config, seed)
    recorded = {name: values[config, 0][at < made] for name, values in found.recorded.items()}
    observations = {name: recorded.pop(name) for name in list(recorded) if name.partition(".")[0] == OBSERVED}
    return Run(
        params=jax.tree.map(jnp.asarray, params),
        best=None,
        train_state=only_lane(jax.tree.map(jnp.asarray, store.gather([(config, 0)], until, 1))),
        end=RunEnd(_status(data, config, seed, until), until) if survived else RunEnd(Status.DIVERGED, diverged_at),
        history={"step": at[at < made], "loss": losses[at < made], **recorded},
        evaluations={"step": np.array(plan.evaluation_steps)[known], **{n: v[known] for n, v in seen.items()}},
        observations=observations or None,
        seconds=np.full(np.count_nonzero(at < made), np.nan),
        notes=(_note(stored, losses[: len(stored)], at, min(until, reached)),),
        predictor=predictor(data, None, config, seed).with_params(params, own),
        reproduced=stored.tobytes() == losses[: len(stored)].tobytes(),
    )


def _status(data: SweepData, config: int, seed: int, until: int) -> Status:
    """Why a run that survived ended after so many steps."""
    at = data.indices(config, seed)
    return Status(run_statuses(data)[at]) if until == data.given[at] == data.run_ends[at] else Status.MAX_STEPS


def _note(stored: np.ndarray, again: np.ndarray, at: np.ndarray, steps: int) -> str:
    """Whether a run came out as it is stored, by its losses at the steps `at`."""
    if stored.tobytes() == again.tobytes():
        some = "" if len(stored) == steps else f", by the {len(stored)} losses recorded"
        return f"bit for bit the stored run over its {steps} steps{some}"
    differs = (stored != again) & ~(np.isnan(stored) & np.isnan(again))
    return f"not the stored run: another loss at step {at[np.argmax(differs)]} (another machine, or jax version?)"
