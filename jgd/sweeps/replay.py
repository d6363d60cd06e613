"""One lane of a sweep again, by the program that ran it: the same bits, and then whatever a person wants of it."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import checks
from jgd.epoch_loop import NOT_DIVERGED
from jgd.status import RunEnd, Status
from jgd.sweeps.assemble import assembled
from jgd.sweeps.engine.engine import Engine
from jgd.sweeps.policies.policy import Round
from jgd.sweeps.result import Sweep
from jgd.sweeps.store.memory import MemoryStore
from jgd.training.run import Run

SAME = "bit for bit the stored lane"  # how the note of one that came out as it is stored begins


def replayed(found: Sweep, config: int, seed: int, steps: int | None) -> Run:
    """See `Sweep.replay`."""
    found.lane(config, seed)  # refuses what isn't there
    reached = int(found.reached[config])
    until = reached if steps is None else checks.count("steps", steps, 0, 2**31 - 2)
    plan = replace(found.plan, seeds=(seed,), steps=until, store=None, devices=found.plan.devices[:1])
    archive = MemoryStore()
    engine = Engine(plan, archive, lambda tick: None)
    past = found.schedule(config, seed)
    for stretch in past:  # of a population more than one, of what its forebears went by
        end = until if stretch is past[-1] else min(stretch.until, until)
        if stretch.begin < end or end == 0:
            leg = Round((config,), end, stretch.begin, None, {(config, 0): stretch.hyperparameters})
            engine.run(leg, plan.blocks(leg, archive))
    given = np.where(np.arange(len(plan.configs)) == config, until, 0)
    lane = assembled(plan, archive, given, {})
    stored = found.lane_loss(config, seed)
    losses, diverged_at = lane.loss[config, 0], int(lane.diverged_at[config, 0])
    made = until if diverged_at == NOT_DIVERGED else diverged_at
    train_state = jax.tree.map(jnp.asarray, archive.lanes([(config, 0)], until, 1).train_state)
    seen = {name: values[config, 0] for name, values in lane.validation.items()}
    known = ~np.isnan(seen["loss"])
    return Run(
        params=jax.tree.map(jnp.asarray, lane.params(config, seed)),
        best=None,
        train_state=_unbatched(train_state),
        end=RunEnd(Status.MAX_STEPS, until) if diverged_at == NOT_DIVERGED else RunEnd(Status.DIVERGED, diverged_at),
        history={"step": np.arange(until)[: made + 1], "loss": losses[: made + 1]},
        evaluations={"step": np.array(plan.looks)[known], **{name: values[known] for name, values in seen.items()}},
        observations=None,
        seconds=np.full(len(losses[: made + 1]), np.nan),
        notes=(_said(stored[: min(until, reached)], losses[:reached]),),
    )


def _said(stored: np.ndarray, again: np.ndarray) -> str:
    """Whether a lane came out as it is stored."""
    if stored.tobytes() == again[: len(stored)].tobytes():
        return f"{SAME} over its {len(stored)} steps"
    differs = (stored != again[: len(stored)]) & ~(np.isnan(stored) & np.isnan(again[: len(stored)]))
    return f"not the stored lane: another loss at step {int(np.argmax(differs))} (another machine, or jax version?)"


def _unbatched(train_state):
    """The one lane of a block of one: the counter has no lane axis."""
    opt_state = train_state.opt_state
    params, inner = jax.tree.map(lambda leaf: leaf[0], (train_state.params, opt_state.inner))
    return replace(train_state, params=params, opt_state=replace(opt_state, inner=inner))
