"""A sweep whose configs are proposed batch by batch, by the scores so far."""

from collections.abc import Callable
from typing import Any

from jgd.core import checks
from jgd.spaces.proposer import Proposer
from jgd.sweeps.engine.progress import SweepProgress
from jgd.sweeps.extend import extend
from jgd.sweeps.sweep_data import SweepData


def propose(
    data: SweepData,
    proposer: Proposer,
    batches: int,
    batch: int,
    callback: Callable[[SweepProgress], None] | None = None,
    executor: Any = None,
) -> SweepData:
    """See `Sweep.propose`."""
    if not isinstance(proposer, Proposer):
        raise checks.JgdTypeError(
            f"proposer must have ask(count) and tell(configs, scores), got {checks.shown(proposer)}",
            argument="proposer",
        )
    if getattr(proposer, "larger_is_better", data.larger_is_better) != data.larger_is_better:
        wanted = "larger" if data.larger_is_better else "smaller"
        raise checks.JgdValueError(
            f"proposer must seek a {wanted} {data.metric}, as the sweep does, and seeks the opposite",
            argument="proposer",
        )
    data.plan.check_extendable()  # before trials of the proposer's are open
    for _ in range(checks.count("batches", batches, 1)):
        configs = proposer.ask(checks.count("batch", batch, 1))
        known = len(data.configs)
        data = extend(data, configs=configs, callback=callback, executor=executor)
        proposer.tell(configs, data.scores[known:].mean(axis=1).tolist())
    return data
