"""The door of the engine: checks everything on the host, plans, runs or goes on, and answers with a `Sweep`."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from jgd import tasks
from jgd.core import checks
from jgd.core import seeds as seeding
from jgd.data.orders import Order
from jgd.divergence import DIVERGED_ABOVE
from jgd.metrics import check_metrics
from jgd.spaces.lists import plain
from jgd.spaces.samplers import Sampler
from jgd.spaces.space import Space
from jgd.sweeps.configs import axis_of
from jgd.sweeps.dry_run import rehearse_ends
from jgd.sweeps.engine.engine import SweepProgress
from jgd.sweeps.plan import Plan
from jgd.sweeps.policies.halving import SuccessiveHalving
from jgd.sweeps.policies.policy import Full, Policy
from jgd.sweeps.policies.population import PopulationBasedTraining
from jgd.sweeps.recipes import Recipes, named
from jgd.sweeps.result import Sweep
from jgd.sweeps.runner import drive
from jgd.sweeps.store.manifest import shelved, stored_every
from jgd.sweeps.store.memory import MemoryStore
from jgd.tasks import Task

EVALUATIONS = 10  # looks at the validation rows during a sweep, unless said otherwise


def sweep(
    task: Task | str,
    recipes: Recipes | None = None,
    space: Space | Mapping[str, Any] | None = None,
    *,
    samples: int | None = None,
    sampler: Sampler | str | None = None,
    seeds: int | Sequence[int] = 4,
    steps: int,
    batch_size: int | None = None,
    order: str | Order = "shuffled",
    evaluate_every: int | None = None,
    halving: int | Policy | None = None,
    policy: int | Policy | None = None,
    diverged_above: float = DIVERGED_ABOVE,
    block: int | None = None,
    memory: int | None = None,
    devices: Sequence[Any] | None = None,
    check_finite: bool = True,
    store: str | os.PathLike | None = None,
    extend: bool = False,
    tell: Callable[[SweepProgress], None] | None = None,
) -> Sweep:
    """Train every config of every recipe at every seed, and choose each recipe's best by validation.

    task: a `Task` or the name of a bundled one. recipes: names of `jgd.optimizers.registry`, functions of
    hyperparameters that return an optimizer (or a `jgd.RunSpec`, or a task and an optimizer), or a mapping of names to
    such functions; None where the space has a name "optimizer" whose values are names of the registry.
    space: a `jgd.space`, or parameter name -> values; or recipe name -> its own. samples: configs a recipe that the
    `sampler` draws ("halton", the default where the space has ranges; "grid", every combination, where it has lists
    only; "sobol", "random", "latin_hypercube", or a record of `jgd.spaces.samplers`). seeds: how many (0, 1, …) or
    which. All configs of a seed start at the same parameters and see the same batches, so that they differ in nothing
    else. steps, batch_size, order, diverged_above, check_finite: as in `jgd.train`. evaluate_every: updates between
    looks at the validation rows (default: a tenth of the steps); the last one is after the last step.
    block: lanes a compiled block holds (default: by the size of the model); it fixes a lane's bits, with the machine
    and versions. memory: bytes that a block may take on its device; the block is narrowed to fit, by XLA's own account
    of the compiled program. devices: default all local ones; `jgd.use_cores()` makes one of each CPU core.
    store: a directory in which each finished block lands, whole or not at all: killed at any moment, the same call goes
    on and ends with the same bits; a finished sweep is returned without a step. Another sweep in it is refused, with
    what differs; one with fewer configs, seeds or steps is gone on with where `extend` says so (as `Sweep.extend`
    does). A disk that fails later loses nothing in memory. tell: called with a `SweepProgress`.
    policy: which configs get how many steps: all get them all by default; `SuccessiveHalving` (a number is its eta), `Hyperband`
    and `MedianStopping` stop the worse ones early, `PopulationBasedTraining` replaces them, `PopulationReplay` goes by a schedule of
    hyperparameters. halving: the same argument by the name of its best-known use, `halving=3`; only one is given.

    A lane whose loss exceeds its limit or is not finite is frozen and flagged; it disturbs no other. A config is
    picked by its mean validation metric over seeds after the last step (see `selection.pick` for diverged ones). The
    test rows are not read: `Sweep.confirm` does, once, for what was picked.

    >>> import jgd
    >>> result = jgd.sweep("iris", ["sgd", "adam"], {"learning_rate": jgd.spaces.log_grid(1e-3, 1, 4)}, seeds=2, steps=50)
    >>> result.loss.shape, [p.recipe for p in result.picks], int((result.diverged_at >= 0).sum())
    ((8, 2, 50), ['sgd', 'adam'], 0)
    """
    task = tasks.get(task) if isinstance(task, str) else task
    if not isinstance(task, Task):
        raise checks.JgdTypeError(f"task must be a jgd.Task or a name, got {task!r}")
    steps = checks.count("steps", steps, 0, 2**31 - 2)
    chosen = seeds_of(seeds)
    by_name = named(recipes)
    for part in ("train", "validation", "test"):
        checks.numeric_data(f"task.{part}", getattr(task, part))
    if checks.flag("check_finite", check_finite):
        checks.finite_data("task.train", task.train)
        checks.finite_data("task.validation", task.validation)
    check_metrics(task.metrics)
    axis = axis_of(by_name, {} if space is None else space, sampler, samples)
    if store is not None:
        checks.path("store", store)
    checks.flag("extend", extend)
    default = None if store is None else stored_every(store)  # a longer sweep keeps the looks of the shorter one
    plan = Plan(
        task=task,
        recipes=by_name,
        axis=axis,
        seeds=chosen,
        steps=steps,
        every=default or max(1, -(-steps // EVALUATIONS))
        if evaluate_every is None
        else checks.count("evaluate_every", evaluate_every, 1),
        policy=_policy(policy, halving).sized(steps, len(axis.configs)),
        batch_size=plain(batch_size),
        order=order,
        diverged_above=checks.number("diverged_above", diverged_above, "> 0"),
        block=None if block is None else checks.count("block", block, 1),
        memory=None if memory is None else checks.count("memory", memory, 1),
        devices=devices_of(devices),
        store=None if store is None else Path(store),
    )
    return carried_out(plan, tell, extend)


def carried_out(
    plan: Plan, tell: Callable[[SweepProgress], None] | None, extend: bool = False, archive: MemoryStore | None = None
) -> Sweep:
    """Run what is left of a plan, on its disk where it has one; everything about it is checked before."""
    _ = plan.batches, plan.widths
    if isinstance(plan.policy, PopulationBasedTraining):
        for group in plan.groups:
            first = group.configs[0]
            rehearse_ends(group, first, plan.configs[first][1], plan.axis.spaces[group.recipe])
    told = (lambda tick: None) if tell is None else checks.function("tell", tell)
    if plan.store is None:
        return drive(plan, archive or MemoryStore(), told)
    with shelved(plan, extend) as shelf:
        return drive(plan, shelf, told)


def _policy(policy: int | Policy | None, halving: int | Policy | None) -> Policy:
    if policy is not None and halving is not None:
        raise checks.JgdValueError(f"policy and halving are one argument: give one, got {policy!r} and {halving!r}")
    name, chosen = ("halving", halving) if policy is None else ("policy", policy)
    if chosen is None:
        return Full()
    if isinstance(chosen, int) and not isinstance(chosen, bool):
        return SuccessiveHalving(checks.count(name, chosen, 2))
    if isinstance(chosen, type) or not isinstance(chosen, Policy):
        raise checks.JgdTypeError(
            f"{name} must be a whole number eta or a policy such as jgd.SuccessiveHalving(), got {chosen!r}"
        )
    return chosen


def devices_of(devices: Sequence[Any] | None) -> tuple[Any, ...]:
    """The devices to run on; None is all local ones."""
    if devices is None:
        return tuple(jax.local_devices())
    if not isinstance(devices, Sequence) or not all(isinstance(device, jax.Device) for device in devices):
        raise checks.JgdTypeError(f"devices must be a list of jax devices, such as jax.devices()[:1], got {devices!r}")
    if not devices or len(set(devices)) < len(devices):
        raise checks.JgdValueError(f"devices must name at least one, each once, got {devices!r}")
    return tuple(devices)


def seeds_of(seeds: int | Sequence[int]) -> tuple[int, ...]:
    """How many seeds (0, 1, …) or which, as their tuple."""
    if isinstance(seeds, Sequence | np.ndarray) and not isinstance(seeds, str):
        chosen = tuple(seeding.check(seed, f"seeds[{i}]") for i, seed in enumerate(seeds))
        if not chosen:
            raise checks.JgdValueError("seeds must name at least one, got none")
        if len(set(chosen)) < len(chosen):
            raise checks.JgdValueError(f"seeds must differ from each other, got {chosen}")
        return chosen
    return tuple(range(checks.count("seeds", seeds, 1)))
