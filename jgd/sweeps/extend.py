"""A sweep gone on with: more configs, seeds or steps, without repeating what is done."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from jgd.core import checks
from jgd.spaces.proposers import Proposer
from jgd.spaces.space import Config
from jgd.sweeps.engine.engine import SweepProgress
from jgd.sweeps.plan import Plan
from jgd.sweeps.result import Sweep
from jgd.sweeps.store.memory import MemoryStore
from jgd.sweeps.sweep import carried_out, seeds_of


def extended(
    found: Sweep,
    *,
    samples: int | None = None,
    configs: Sequence[Config] | Mapping[str, Sequence[Config]] = (),
    seeds: int | Sequence[int] | None = None,
    steps: int | None = None,
    tell: Callable[[SweepProgress], None] | None = None,
) -> Sweep:
    """See `Sweep.extend`."""
    plan = found.plan
    if configs or any(more is not None for more in (samples, seeds, steps)):
        _check_extends(plan)
    longer = replace(
        plan,
        axis=plan.axis.longer(samples, configs),
        seeds=plan.seeds if seeds is None else seeds_of(seeds),
        steps=plan.steps if steps is None else checks.count("steps", steps, plan.steps, 2**31 - 2),
    )
    if set(plan.seeds) - set(longer.seeds):
        raise checks.JgdValueError(f"seeds must hold those of the sweep, {plan.seeds}, got {longer.seeds}")
    archive = None if plan.store else carried(found.archive, plan, longer)
    return carried_out(longer, tell, extend=True, archive=archive)


def _check_extends(plan: Plan) -> None:
    if not plan.policy.extends:
        raise checks.JgdValueError(
            f"a sweep by {plan.policy} can't be extended: its decisions were made on all configs"
        )


def carried(archive: MemoryStore, old: Plan, new: Plan) -> MemoryStore:
    """The pieces of one plan in the places of another."""
    out = MemoryStore(reads=archive.reads)  # the list itself: whoever confirms either of them has read the same rows
    for block, piece in sorted(archive.pieces.items(), key=lambda item: item[0].begin):
        keys = [old.keys[config] for config in block.configs]
        place = new.place(keys, old.seeds[block.seed], block.begin, block.end)
        if place is not None:
            out.take(replace(piece, block=place), archive.lanes_of(block) if archive.holds(block) else None)
    return out


def proposed(
    found: Sweep, proposer: Proposer, batches: int, batch: int, tell: Callable[[SweepProgress], None] | None
) -> Sweep:
    """See `Sweep.propose`."""
    if not isinstance(proposer, Proposer):
        raise checks.JgdTypeError(f"proposer must have ask(count) and tell(configs, scores), got {proposer!r}")
    if getattr(proposer, "larger_is_better", found.larger_is_better) != found.larger_is_better:
        wanted = "larger" if found.larger_is_better else "smaller"
        raise checks.JgdValueError(f"proposer must look for a {wanted} {found.metric}, and looks for the other way")
    _check_extends(found.plan)  # before trials of the proposer's are open
    for _ in range(checks.count("batches", batches, 1)):
        configs = proposer.ask(checks.count("batch", batch, 1))
        known = len(found.configs)
        found = extended(found, configs=configs, tell=tell)
        means = found.scores[known:].mean(axis=1)
        proposer.tell(configs, means.tolist())
    return found
