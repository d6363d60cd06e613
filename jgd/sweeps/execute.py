"""A plan carried out: checked as a whole before any step, then run or gone on with, on its disk where it has one."""

import math
from collections.abc import Callable

from jgd.core import checks
from jgd.core.forked import refuse_fork
from jgd.core.nan_traps import no_nan_traps
from jgd.core.program_files import use_program_cache
from jgd.core.program_maps import spare_maps
from jgd.sweeps.engine.executor import Executor
from jgd.sweeps.engine.progress import SweepProgress
from jgd.sweeps.plan import Plan
from jgd.sweeps.progress_bar import Show, progress_bar
from jgd.sweeps.runner import run_plan
from jgd.sweeps.share import Share
from jgd.sweeps.store.base import Store
from jgd.sweeps.store.manifest import open_store
from jgd.sweeps.store.memory import MemoryStore
from jgd.sweeps.sweep_data import SweepData


@no_nan_traps()
def execute(
    plan: Plan,
    callback: Callable[[SweepProgress], None] | None = None,
    resume: bool = False,
    store: Store | None = None,
    progress: bool | None = None,
    executor: Executor | None = None,
    share: Share | None = None,
    seconds: float = math.inf,
) -> SweepData:
    """Run what is left of a plan. store: what is done of it already, where the plan names no directory."""
    refuse_fork("a sweep")
    use_program_cache()
    spare_maps()
    plan.validate()
    if share is not None and plan.policy.asynchronous:
        raise checks.JgdValueError(
            f"a sweep by {plan.policy} can't be shared out in shards, which would each decide for themselves: give one process an "
            "executor with all workers",
            argument="shard",
        )
    if callback is not None:
        checks.function("callback", callback, "progress")
    shown = False if progress is None and callback is not None else progress
    with progress_bar(shown, plan.task.metric) as show:
        told = _both(callback, show)
        if plan.store is None:
            return run_plan(plan, store or MemoryStore(plan.facts), told, executor, seconds=seconds)
        with open_store(plan, plan.store, resume, share) as on_disk:
            return run_plan(plan, on_disk, told, executor, share, seconds)


def _both(one: Show | None, other: Show | None) -> Show | None:
    """A callback of two."""
    if one is None or other is None:
        return one or other

    def told(progress: SweepProgress) -> None:
        one(progress)
        other(progress)

    return told
