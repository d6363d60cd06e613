"""Round by leg through a sweep: the policy says who goes on, the engine runs what is left of it, the archive keeps it."""

import platform
from collections.abc import Callable, Sequence, Set
from dataclasses import astuple, dataclass
from typing import Any

import jax
import numpy as np

from jgd.sweeps.assemble import assembled
from jgd.sweeps.engine.engine import Engine, SweepProgress
from jgd.sweeps.engine.footprint import peak
from jgd.sweeps.plan import Plan
from jgd.sweeps.policies.policy import Round, SweepState
from jgd.sweeps.result import Sweep
from jgd.sweeps.store.memory import MemoryStore


def drive(plan: Plan, archive: MemoryStore, tell: Callable[[SweepProgress], None]) -> Sweep:
    """Run what is left of a plan: -> what was found."""
    engine = Engine(plan, archive, tell)
    given = np.zeros(len(plan.configs), int)
    legs: list[Round] = []
    spent: list[_Spent] = []
    while (leg := plan.policy.next(_standing(plan, archive, given, legs))) is not None:
        before = _Spent.by(engine)
        legs.append(leg)
        _run(plan, archive, engine, legs)
        archive.settle(leg.until)
        given[list(leg.configs)] = leg.until
        spent.append(_Spent.by(engine).since(before))
    return assembled(plan, archive, given, _cost(plan, engine, given, legs, spent), tuple(legs))


def _run(
    plan: Plan, archive: MemoryStore, engine: Engine, legs: Sequence[Round], lanes: Set[tuple[int, int]] | None = None
) -> None:
    """What is left of the last leg, or these lanes of it; and before that whatever it goes on from and has been lost."""
    leg = legs[-1]
    blocks = plan.blocks(leg, archive, lanes)
    starts = {(leg.origin(c, b.seed, b.begin), b.seed, b.begin) for b in blocks if b.begin for c in b.configs}
    lost = {(config, seed) for config, seed, step in starts if not archive.at(config, seed, step)}
    if lost:
        _run(plan, archive, engine, legs[:-1], lost)
    engine.run(leg, blocks)


def standing_still(plan: Plan, archive: MemoryStore) -> Sweep:
    """What an archive tells of a plan, without a step: its whole legs, and what there is of the one after them."""
    given = np.zeros(len(plan.configs), int)
    legs: list[Round] = []
    while (leg := plan.policy.next(_standing(plan, archive, given, legs))) is not None:
        legs.append(leg)
        lanes = [(config, seed) for config in leg.configs for seed in range(len(plan.seeds))]
        missing = any(not archive.done(config, seed, leg.until) for config, seed in lanes)
        for config in leg.configs:
            ends = [max(archive.ends.get((config, seed), {0: None})) for seed in range(len(plan.seeds))]
            given[config] = min(leg.until, *ends)
        if missing:
            break
    cost = _cost(plan, Engine(plan, archive, lambda tick: None), given, (), ())
    return assembled(plan, archive, given, cost, tuple(legs))


@dataclass(frozen=True)
class _Spent:
    """What a leg took."""

    seconds: float
    lane_steps: int
    padded_lane_steps: int

    @classmethod
    def by(cls, engine: Engine) -> "_Spent":
        return cls(engine.run_seconds, engine.lane_steps, engine.padded_lane_steps)

    def since(self, before: "_Spent") -> "_Spent":
        return _Spent(*(now - then for now, then in zip(astuple(self), astuple(before), strict=True)))


def _standing(plan: Plan, archive: MemoryStore, given: np.ndarray, legs: Sequence[Round]) -> SweepState:
    so_far = assembled(plan, archive, given, {})
    scores = so_far.validation[plan.task.metric]
    unseen = np.array(plan.looks) > given[:, None]  # what an interrupted leg has measured already is of no account yet
    return SweepState(
        configs=tuple(config for _, config in plan.configs),
        seeds=plan.seeds,
        steps=plan.steps,
        larger_is_better=plan.task.larger_is_better,
        looks=plan.looks,
        given=given.copy(),
        scores=np.where(unseen[:, None, :], np.nan, scores),
        legs=tuple(legs),
        groups=plan.group_of,
        spaces=tuple(plan.axis.spaces[recipe] for recipe, _ in plan.configs),
    )


def _cost(
    plan: Plan, engine: Engine, given: np.ndarray, legs: Sequence[Round], spent: Sequence[_Spent]
) -> dict[str, Any]:
    """What it took, this time, in all and leg by leg; and what the policy has saved."""
    seconds, made = engine.run_seconds, engine.lane_steps
    whole = len(plan.configs) * len(plan.seeds) * plan.steps
    return {
        "compile_seconds": engine.compile_seconds,
        "run_seconds": seconds,
        "lane_steps": made,
        "lane_steps_per_second": made / seconds if seconds else 0.0,
        "padded_share": 1 - made / engine.padded_lane_steps if engine.padded_lane_steps else 0.0,
        "saved_share": 1 - int(given.sum()) * len(plan.seeds) / whole if whole else 0.0,
        "leg_until": [leg.until for leg in legs],
        "leg_seconds": [leg.seconds for leg in spent],
        "leg_lane_steps": [leg.lane_steps for leg in spent],
        "leg_padded_lane_steps": [leg.padded_lane_steps for leg in spent],
        "block_width": max(plan.widths),
        **_memory(plan),
        "devices": len(plan.devices),
        "device_kind": plan.devices[0].device_kind,
        "batch_size": max(batches.size for batches in plan.batches),
        "jax": jax.__version__,
        "python": platform.python_version(),
    }


def _memory(plan: Plan) -> dict[str, int]:
    """Bytes: what the widest block was planned to take, where a limit was given; the peak, where devices count it."""
    planned = (
        takes.of(width) for takes, width in zip(plan.footprints if plan.memory else (), plan.widths, strict=False)
    )
    counted = {"planned_bytes": max(planned, default=None), "peak_bytes": peak(plan.devices)}
    return {name: number for name, number in counted.items() if number is not None}
