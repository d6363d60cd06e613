"""A sweep gone on with: more configs, seeds or steps, without repeating what is done."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from jgd.core import checks
from jgd.spaces.space import Config
from jgd.sweeps.arguments import executor_of, seeds_of
from jgd.sweeps.cost import together
from jgd.sweeps.engine.executor import Executor
from jgd.sweeps.engine.progress import SweepProgress
from jgd.sweeps.execute import execute
from jgd.sweeps.plan import Plan
from jgd.sweeps.store.base import Store
from jgd.sweeps.store.memory import MemoryStore
from jgd.sweeps.sweep_data import SweepData


def extend(
    data: SweepData,
    *,
    samples: int | None = None,
    configs: Sequence[Config] | Mapping[str, Sequence[Config]] = (),
    seeds: int | Sequence[int] | None = None,
    steps: int | None = None,
    callback: Callable[[SweepProgress], None] | None = None,
    executor: Any = None,
) -> SweepData:
    """See `Sweep.extend`."""
    plan = data.plan
    added = {"configs": configs or samples is not None, "seeds": seeds is not None, "steps": steps is not None}
    plan.check_extendable(what for what, given in added.items() if given)
    longer = replace(
        plan,
        axis=plan.axis.longer(samples, configs),
        seeds=plan.seeds if seeds is None else plan.splits.labels(seeds_of(seeds)),
        steps=plan.steps if steps is None else checks.count("steps", steps, plan.steps, 2**31 - 2),
    )
    if longer.steps > plan.steps and all(
        plan.run_steps[config] == longer.run_steps[config] for config in range(len(plan.configs))
    ):
        raise checks.JgdValueError(
            "steps can't be extended: the space says them for each config, which add to configs", argument="steps"
        )
    if longer.steps > plan.steps and plan.by_share:
        raise checks.JgdValueError(
            f"steps can't be extended: schedules are shares of a run of {plan.steps} steps, and would be others in a longer "
            "one. Run that anew, or give their lengths in steps or epochs",
            argument="steps",
        )
    if set(plan.seeds) - set(longer.seeds):
        raise checks.JgdValueError(
            f"seeds must hold those of the sweep, {plan.splits.seeds_of(plan.seeds)}, got "
            f"{plan.splits.seeds_of(longer.seeds)}",
            argument="seeds",
        )
    return grown(data, longer, callback, executor_of(executor))


def grown(
    data: SweepData,
    longer: Plan,
    callback: Callable[[SweepProgress], None] | None = None,
    executor: Executor | None = None,
    progress: bool | None = None,
) -> SweepData:
    """A longer plan carried out, of which what `data` has is done; the cost is that of both."""
    store = None if data.plan.store else _carried(data.store, data.plan, longer)
    made = execute(longer, callback, resume=True, store=store, progress=progress, executor=executor)
    return replace(made, cost=together(data.cost, made.cost))


def _carried(store: Store, old: Plan, new: Plan) -> MemoryStore:
    """The block results of one plan where they are in another."""
    out = MemoryStore(new.facts, store.reads)  # the list itself: whoever confirms either of them has read the same rows
    for number, block in enumerate(store.blocks):
        keys = old.facts.keys[list(block.configs)]
        there = new.facts.place(keys, old.seeds[block.seed], block.begin, block.end)
        if there is not None:
            lanes = store.lanes_of(number) if store.holds(number) else None
            out.add(replace(store.result(number), block=there), lanes)
    return out
