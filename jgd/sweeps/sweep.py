"""Many runs as few compiled programs: recipes × configs × seeds on one task, and each recipe's best by validation."""

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from jgd.core import checks
from jgd.core.forked import refuse_fork
from jgd.core.spellings import builder
from jgd.core.types import Params
from jgd.data.orders import Order
from jgd.divergence import DIVERGED_ABOVE, checked_factor
from jgd.spaces.lists import plain
from jgd.spaces.samplers import Sampler
from jgd.spaces.space import Space
from jgd.sweeps.arguments import (
    check_data,
    devices_of,
    executor_of,
    optional_count,
    policy_of,
    recorded_names,
    seeds_of,
    task_of,
)
from jgd.sweeps.configs import config_axis
from jgd.sweeps.engine.progress import SweepProgress
from jgd.sweeps.execute import execute
from jgd.sweeps.plan import Plan
from jgd.sweeps.policies.early_stopping import EarlyStopping
from jgd.sweeps.policies.policy import Full, Policy
from jgd.sweeps.propose import sweep_by_proposals
from jgd.sweeps.proposers.optuna_sampler import OptunaSampler
from jgd.sweeps.recipes import Recipes, recipes_by_name
from jgd.sweeps.run_lengths import most_steps
from jgd.sweeps.share import PATIENCE, Share
from jgd.sweeps.splits import Splits
from jgd.sweeps.store.manifest import stored_spacing
from jgd.sweeps.sweep_result import Sweep
from jgd.tasks import Task
from jgd.training.history import LIMIT, stride_within

EVALUATIONS = 10  # on the validation rows during a sweep, unless said otherwise


@builder
def sweep(
    task: Task | str,
    recipes: Recipes | None = None,
    space: Space | Mapping[str, Any] | None = None,
    *,
    samples: int | None = None,
    sampler: Sampler | OptunaSampler | str | None = None,
    seeds: int | Sequence[int] = 4,
    folds: int | None = None,
    resplit: bool = False,
    steps: int | None = None,
    batch_size: int | None = None,
    order: str | Order = "shuffled",
    evaluate_every: int | None = None,
    record_every: int | None = None,
    record: str | Sequence[str] = (),
    observe: Callable[[Params], Any] | None = None,
    policy: int | Policy | None = None,
    seconds: float | None = None,
    diverged_above: float = DIVERGED_ABOVE,
    block: int | None = None,
    memory: int | None = None,
    devices: Sequence[Any] | None = None,
    executor: Any = None,
    check_finite: bool = True,
    store: str | os.PathLike | None = None,
    resume: bool = False,
    shard: str | tuple[int, int] | None = None,
    patience: float = PATIENCE,
    callback: Callable[[SweepProgress], None] | None = None,
    progress: bool | None = None,
) -> Sweep:
    """Train every config of every recipe at every seed, and choose each recipe's best by validation.

    All configs of a seed start at the same parameters and see the same batches, so that they differ in nothing else. A
    run whose loss exceeds its limit or is not finite is frozen and flagged; it disturbs no other. A config is picked by
    its mean validation metric over seeds after the last step (see `jgd.sweeps.pick` for diverged ones). The test rows
    are not read: `Sweep.confirm` does, once, for what was picked.

    Args:
        task: a `Task`, or the name of a bundled one.
        recipes: names of `jgd.optimizers.registry`, functions of hyperparameters that return an optimizer (or a
            `jgd.RunSpec`, or a task and an optimizer), or a mapping of names to such functions; None where the space has
            a name "optimizer" whose values are names of the registry.
        space: a `jgd.space`, or parameter name -> values; or recipe name -> its own.
        samples: configs a recipe that the `sampler` draws.
        sampler: "halton", the default where the space has ranges; "grid", every combination, where it has lists only;
            "sobol", "random", "latin_hypercube", or a record of `jgd.spaces.samplers`. "tpe", "gp" and "cmaes" are Optuna's,
            which look at the scores so far, batch by batch: see `jgd.sweeps.OptunaSampler`.
        seeds: how many (0, 1, …), or which.
        folds: k ≥ 2 cuts the training and validation rows into k parts of one size; each validates once a seed while the
            others train (rows that k doesn't divide train always). The seed axis then has a run for each seed and fold,
            labeled seed · k + fold, which scores and picks are means over. All seeds share the cut. A table's preprocessing
            is fitted on each run's own training rows. Default: the task's own split.
        resplit: whether each seed has a split of its own, of the task's sizes; with `folds` a cut of its own (repeated
            k-fold). Either way the test rows stay what they are, and intervals cover seeds and splits: they are wider than
            those of as many independent runs, by √(1 + n · validation rows / training rows).
        steps: updates of each run. Where the space has a name steps (and the recipe has no such argument), of the configs that
            lack it; it is then the most that a config may have, by default the largest value of the space.
        batch_size: rows a step; default all.
        order: of the rows, as in `jgd.train`.
        evaluate_every: updates between two evaluations on the validation rows; default a tenth of the steps. The last
            evaluation is after the last step.
        record_every: steps between two losses that are kept (`Sweep.loss`, the curves); by default every step of runs of up
            to 10,000 steps, of longer ones every 2nd, 4th, … so that there are no more than that. No number of a run
            depends on it, and divergence is watched at every step.
        record: numbers of each step that are kept besides the loss, in `Sweep.recorded`, and `Sweep.dataset` as recorded_…:
            "gradient_norm", "update_norm", "weight_norm" (before the update), "learning_rate". What a loss returns as aux is
            kept anyway.
        observe: parameters -> a scalar, an array or a small tree of arrays, kept after the update of each recorded step in
            `Sweep.recorded` as "observed", or "observed." and the path of a leaf: (config, seed, step, …), in the loss's dtype.
            It takes 4 bytes an entry, run and recorded step in memory and in the store, and 1000 steps of each block that
            runs on the device, where it is computed at every step; `record_every` thins out what is kept.
        policy: which configs get how many steps. By default all get them all; `SuccessiveHalving` (a number is its
            eta), `Hyperband` and `MedianStopping` stop the worse ones early, `AsynchronousHalving` does by what an executor's
            workers have landed so far, `RacingSeeds` gives more seeds to those that may be the best only, `EarlyStopping` stops
            each run by its own validation, `PopulationBasedTraining` replaces the worst, `PopulationReplay` goes by a schedule
            of hyperparameters.
        seconds: a budget of time, with that for compiling: blocks that have not begun by then are left. The first configs of each
            recipe run first, at all seeds, and those that are whole compete; `Sweep.runs_left` counts the runs that are
            missing. With `store`, the same call goes on. Blocks end whole, so that it may take one longer. Default: no limit.
        diverged_above: a run has diverged whose loss is this many times that of its start; inf: none whose loss is finite.
        block: runs that a compiled block holds; default by the size of the model. It fixes a run's bits, with the
            machine and versions.
        memory: bytes that a block may take on its device; the block is narrowed to fit, by XLA's own account of the
            compiled program.
        devices: a list of jax devices, a thread each; default all local ones, on a CPU a thread a core.
        executor: who runs the blocks in place of this process's devices: a `concurrent.futures.Executor`, a
            `distributed.Client` of Dask, `jgd.interop.ray.executor()`, or a `jgd.sweeps.Pool` of one. The numbers are the
            same to the bit where the workers are such machines as this one; others are refused. A worker that is killed
            loses the block that it runs.
        check_finite: refuse data that are not finite.
        store: a directory in which each finished block lands, whole or not at all. Killed at any moment, the same call
            goes on and ends with the same bits; a finished sweep is returned without a step. Another sweep in it is
            refused, with what differs. A disk that fails later loses nothing in memory.
        resume: go on with the sweep in `store` also where it is a part of this one: fewer configs, seeds or steps (as
            `Sweep.extend` does). The same sweep goes on in any case.
        shard: (k, n) or "k/n": this process runs every n-th block from the k-th and lands them in `store`, beside other
            processes that make the same call with another k, on any machines that have the directory. They talk through it
            only: a policy's next round begins when all have landed the last one. The `Sweep` is what has landed so far; the
            same call without `shard` afterwards has all of it, and runs what a killed process has left.
        patience: seconds without news of the other shards, after which their part of a policy's round is run here too.
        callback: called with a `SweepProgress` now and then, and at each evaluation of a block: `progress.evaluation` has its
            configs, seed, step and values (`jgd.interop.wandb.callback()` and the like log them).
        progress: bars with blocks, speed, the best score and time left on stderr: None where that is a terminal with rich
            installed, or a notebook, and there is no callback; True everywhere, False never.

    Returns:
        The `Sweep`: all runs, the picks, and what can be done with them.

    Raises:
        JgdTypeError: for an argument of another kind, by its name.
        JgdValueError: for a bad value, by its name; for faults of a recipe, by recipe and config; for a store that
            holds another sweep.

    Example:
        >>> import jgd
        >>> space = {"learning_rate": jgd.spaces.log_grid(1e-3, 1, 4)}
        >>> result = jgd.sweep("iris", ["sgd", "adam"], space, seeds=2, steps=50)
        >>> result.loss.shape, [pick.recipe for pick in result.picks], int((result.diverged_at >= 0).sum())
        ((8, 2, 50), ['sgd', 'adam'], 0)
    """
    refuse_fork("a sweep")
    task, seeds = task_of(task), seeds_of(seeds)
    splits = Splits.of(task, folds, resplit)
    by_name = recipes_by_name(recipes)
    check_data(task, check_finite)
    proposes = OptunaSampler.of(sampler)
    drawn = None if proposes is not None or isinstance(sampler, OptunaSampler) else sampler
    axis = config_axis(by_name, {} if space is None else space, drawn, samples)
    steps = most_steps(steps, by_name, axis.spaces)
    axis = axis if proposes is None else replace(axis, count=0)  # its configs are added as they are proposed
    directory = None if store is None else checks.path("store", store)
    spacing = _spacing(evaluate_every, record_every, directory, steps)
    policy = policy_of(policy)
    if isinstance(policy, EarlyStopping) and policy.every is None:
        policy = replace(policy, every=spacing["evaluate_every"])
    if proposes is None:
        policy = policy.resolve(steps, len(axis.configs))
    elif not isinstance(policy, Full) or shard is not None:
        raise checks.JgdValueError(
            f"sampler {proposes.method!r} proposes by the scores of whole runs: it goes with no policy and no shard",
            argument="sampler",
        )
    budget = math.inf if seconds is None else checks.number("seconds", seconds, "> 0")
    if seconds is not None and (executor is not None or shard is not None or proposes is not None):
        raise checks.JgdValueError(
            "seconds is a budget of this process's devices: it goes with no executor, shard or proposing sampler",
            argument="seconds",
        )
    if directory is None and checks.flag("resume", resume):
        raise checks.JgdValueError("resume needs store=, the directory of the sweep to go on with", argument="store")
    share = None if shard is None else Share.of(shard, patience)
    if directory is None and share is not None:
        raise checks.JgdValueError("shard needs store=, the directory that all shards land in", argument="store")
    plan = Plan(
        task=task,
        recipes=by_name,
        axis=axis,
        seeds=splits.labels(seeds),
        splits=splits,
        steps=steps,
        **spacing,
        record=recorded_names(record),
        observe=None if observe is None else checks.function("observe", observe, "params"),
        policy=policy,
        batch_size=plain(batch_size),
        order=order,
        diverged_above=checked_factor(diverged_above),
        block=optional_count("block", block),
        memory=optional_count("memory", memory),
        devices=devices_of(devices),
        store=directory,
    )
    shown = None if progress is None else checks.flag("progress", progress)
    by: dict[str, Any] = {"executor": executor_of(executor)}
    resume = checks.flag("resume", resume)
    if proposes is not None:
        return Sweep.of(sweep_by_proposals(plan, proposes, samples, resume, callback, shown, **by))
    by |= {"share": share, "seconds": budget}
    return Sweep.of(execute(plan, callback, resume, progress=shown, **by))


def _spacing(evaluate_every: int | None, record_every: int | None, store: Path | None, steps: int) -> dict[str, int]:
    """A longer sweep keeps the evaluations and the recorded steps of the shorter one in its store, unless said otherwise."""
    given = {"evaluate_every": evaluate_every, "record_every": record_every}
    said = {name: checks.count(name, value, 1) for name, value in given.items() if value is not None}
    stored = {} if store is None or len(said) == len(given) else stored_spacing(store)
    usual = {"evaluate_every": max(1, -(-steps // EVALUATIONS)), "record_every": stride_within(LIMIT, steps)}
    return {**usual, **stored, **said}
