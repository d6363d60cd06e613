"""Layer 7: sweeps. Enters: a task, recipes, a space, seeds. Leaves: a `Sweep` with every lane and the picks.

space.py      names to values            recipes.py    builders with their configs, checked
blocks.py     one program of many lanes  engine.py     blocks on devices
selection.py  choosing by validation     result.py     what was found
aggregate.py  many tasks as one number   comparison.py is A better than B
finals.py     what lanes ended with      ranking.py    the best and its ties
sensitivity.py, stability.py             rates: how much they matter, and where they break
budget.py, target.py, profiles.py        what k trials buy, how soon, and how often
places.py, importance.py                 configs as points of a cube; which names mattered
findings.py   what speaks against the picks
"""

import platform
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd import tasks
from jgd.core import checks
from jgd.core import seeds as seeding
from jgd.data.batches import Batches
from jgd.descent import GOING
from jgd.sweep.aggregate import interquartile_mean
from jgd.sweep.blocks import evaluated, plan, width_for
from jgd.sweep.budget import BestOf, best_of
from jgd.sweep.comparison import Paired, paired, probability_of_improvement
from jgd.sweep.engine import Outcome, Plan, Tick, execute
from jgd.sweep.finals import Finals, finals
from jgd.sweep.findings import Finding, findings
from jgd.sweep.importance import Importance, importance, importance_of
from jgd.sweep.places import Places, neighbours, places
from jgd.sweep.profiles import Profile, performance_profile
from jgd.sweep.ranking import Ranking, rank
from jgd.sweep.recipes import Recipe, Recipes, recipes_of
from jgd.sweep.result import Pick, Sweep
from jgd.sweep.selection import Estimate, estimate, pick
from jgd.sweep.sensitivity import Curve, curve_of, learning_rate_sensitivity, response, sensitivity_of
from jgd.sweep.space import Space, configs, grid, log_grid
from jgd.sweep.stability import Bracket, StabilityEdge, stability_bracket, stability_edge
from jgd.sweep.target import TimeToTarget, time_to_target, time_to_target_of
from jgd.tasks import Task
from jgd.watch import DIVERGED, check_metrics, traceable

EVALUATIONS = 10  # looks at the validation rows during a sweep, unless said otherwise


def sweep(
    task: Task | str,
    recipes: Recipes,
    space: Space | Mapping[str, Space],
    *,
    seeds: int | Sequence[int] = 4,
    steps: int,
    batch_size: int | None = None,
    order: str = "shuffled",
    evaluate_every: int | None = None,
    diverged_above: float = DIVERGED,
    block: int | None = None,
    devices: Sequence[Any] | None = None,
    check_finite: bool = True,
    tell: Callable[[Tick], None] | None = None,
) -> Sweep:
    """Train every config of every recipe at every seed, and choose each recipe's best by validation.

    task: a `Task` or the name of a bundled one. recipes: names of `jgd.optimizers.registry`, functions of
    hyperparameters that return an optimizer, or a mapping of names to such functions. space: parameter name ->
    values, all combinations; or recipe name -> its own space. seeds: how many (0, 1, …) or which. All configs of a
    seed start at the same parameters and see the same batches, so that they differ in nothing else.
    steps, batch_size, order, diverged_above, check_finite: as in `jgd.train`. evaluate_every: updates between
    looks at the validation rows (default: a tenth of the steps); the last one is after the last step.
    block: configs a compiled block holds (default: planned); it fixes a lane's bits, with the machine and versions.
    devices: default all local ones; `jgd.use_cores()` makes one of each CPU core. tell: called with a `Tick`.

    A lane whose loss exceeds its limit or is not finite is frozen and flagged; it disturbs no other. A config is
    picked by its mean validation metric over seeds after the last step (see `selection.pick` for diverged ones), and
    only then the test rows are read, once, for the picked.

    >>> import jgd
    >>> result = jgd.sweep("iris", ["sgd", "adam"], {"learning_rate": jgd.log_grid(1e-3, 1, 4)}, seeds=2, steps=50)
    >>> result.loss.shape, [p.recipe for p in result.picks], int((result.diverged_at >= 0).sum())
    ((8, 2, 50), ['sgd', 'adam'], 0)
    """
    task = tasks.get(task) if isinstance(task, str) else task
    if not isinstance(task, Task):
        raise checks.JgdTypeError(f"task must be a jgd.Task or a name, got {task!r}")
    steps = checks.count("steps", steps, 0, 2**31 - 2)
    chosen = _seeds(seeds)
    named = recipes_of(recipes, space)
    if check_finite:
        checks.finite_data("task.train", task.train)
        checks.finite_data("task.validation", task.validation)
    check_metrics(task.metrics)
    rows = checks.rows("task.train", task.train)
    batches = Batches(rows, rows if batch_size is None else batch_size, order)
    shapes = jax.eval_shape(task.init, seeding.init_key(chosen[0]))
    checks.parameters(shapes)
    size = sum(int(np.prod(leaf.shape)) for leaf in jax.tree.leaves(shapes))
    width = width_for(named, size) if block is None else checks.count("block", block, 1)
    every = (
        max(1, -(-steps // EVALUATIONS))
        if evaluate_every is None
        else checks.count("evaluate_every", evaluate_every, 1)
    )
    work = Plan(
        task=task,
        recipes=named,
        seeds=chosen,
        blocks=plan(named, len(chosen), width),
        width=width,
        batches=batches,
        steps=steps,
        evaluate_at=(*range(every, steps, every), steps),
        diverged_above=checks.number("diverged_above", diverged_above, "> 0"),
        devices=list(jax.local_devices() if devices is None else devices),
    )
    return _result(work, execute(work, tell or (lambda tick: None)))


def _seeds(seeds: int | Sequence[int]) -> tuple[int, ...]:
    if isinstance(seeds, Sequence | np.ndarray) and not isinstance(seeds, str):
        chosen = tuple(seeding.check(seed, f"seeds[{i}]") for i, seed in enumerate(seeds))
        if not chosen:
            raise checks.JgdValueError("seeds must name at least one, got none")
        if len(set(chosen)) < len(chosen):
            raise checks.JgdValueError(f"seeds must differ from each other, got {chosen}")
        return chosen
    return tuple(range(checks.count("seeds", seeds, 1)))


def _result(work: Plan, outcome: Outcome) -> Sweep:
    task, seeds = work.task, len(work.seeds)
    offsets = np.cumsum([0, *(len(recipe.configs) for recipe in work.recipes)])

    def gather(parts: dict, axis: int, empty: Any) -> np.ndarray:
        """Blocks' arrays, whose lanes are on `axis`, as one array (config, seed, …)."""
        first = next(iter(parts.values()))
        rest = first.shape[:axis] + first.shape[axis + 1 :]
        out = np.full((offsets[-1], seeds, *rest), empty, first.dtype)
        for block, part in parts.items():
            begin = offsets[block.recipe] + block.first
            out[begin : begin + block.real, block.seed] = np.moveaxis(part, axis, 0)
        return out

    diverged_at = gather(outcome.diverged_at, 0, GOING)
    broke = np.where(diverged_at == GOING, work.steps, diverged_at)[..., None]
    loss = gather(outcome.losses, 1, np.nan)
    loss = np.where(np.arange(work.steps) <= broke, loss, np.nan)  # the refused step still saw its loss
    validation = {}
    for name in ("loss", *task.metrics):
        values = gather({b: m[name] for b, m in outcome.metrics.items()}, 1, np.nan)
        validation[name] = np.where(np.array(work.evaluate_at) <= broke, values, np.nan)
    leaves = {b: jax.tree.leaves(p) for b, p in outcome.params.items()}
    structure = jax.tree.structure(next(iter(outcome.params.values())))
    final = structure.unflatten(gather({b: v[i] for b, v in leaves.items()}, 0, 0) for i in range(structure.num_leaves))

    picks = [
        _pick(work, recipe, int(begin), validation[task.select_by][..., -1], diverged_at, final)
        for recipe, begin in zip(work.recipes, offsets, strict=False)
    ]
    real = sum(block.real for block in work.blocks)
    return Sweep(
        task=task.name,
        recipes=work.recipes,
        seeds=work.seeds,
        evaluate_at=work.evaluate_at,
        loss=loss,
        validation=validation,
        diverged_at=diverged_at,
        final=final,
        picks=picks,
        metric=task.select_by,
        larger_is_better=task.larger_is_better,
        cost={
            "compile_seconds": outcome.compile_seconds,
            "run_seconds": outcome.run_seconds,
            "lane_steps": real * work.steps,
            "lane_steps_per_second": real * work.steps / outcome.run_seconds,
            "padded_share": 1 - real / (len(work.blocks) * work.width),
            "block_width": work.width,
            "devices": len(work.devices),
            "device_kind": work.devices[0].device_kind,
            "batch_size": work.batches.size,
            "jax": jax.__version__,
            "python": platform.python_version(),
        },
    )


def _pick(work: Plan, recipe: Recipe, begin: int, scores: np.ndarray, diverged_at: np.ndarray, final: Any) -> Pick:
    task = work.task
    mine = slice(begin, begin + len(recipe.configs))
    best = pick(scores[mine], task.larger_is_better)
    index = None if best is None else begin + best
    test = np.full(len(work.seeds), np.nan)
    if index is not None:
        params = jax.tree.map(lambda leaf: jnp.asarray(leaf[index]), final)
        rows = jax.tree.map(jnp.asarray, task.test)
        metrics = {name: traceable(metric) for name, metric in task.metrics.items()}
        measured = np.asarray(evaluated(metrics, traceable(task.loss), params, rows)[task.select_by])
        test = np.where(diverged_at[index] == GOING, measured, np.nan)
    return Pick(
        recipe=recipe.name,
        config=index,
        hyperparameters={} if best is None else recipe.configs[best],
        metric=task.select_by,
        validation=estimate(scores[index] if index is not None else test),
        test=estimate(test),
        diverged=int((diverged_at[mine] != GOING).sum()),
        lanes=diverged_at[mine].size,
    )


def use_cores(count: int | None = None) -> int:
    """Make `count` CPU cores (default: all that this process may use) devices of their own: -> how many.

    Sweeps then run a block on each. It must be called before JAX is first used; raises `JgdValueError` after.
    """
    import os

    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    count = available if count is None else checks.count("count", count, 1)
    try:
        jax.config.update("jax_num_cpu_devices", count)
    except RuntimeError as late:
        raise checks.JgdValueError(
            "use_cores must be called before JAX is first used: put it right after the imports"
        ) from late
    return count


__all__ = [
    "BestOf",
    "Bracket",
    "Curve",
    "Estimate",
    "Finals",
    "Finding",
    "Importance",
    "Paired",
    "Pick",
    "Places",
    "Profile",
    "Ranking",
    "StabilityEdge",
    "Sweep",
    "Tick",
    "TimeToTarget",
    "best_of",
    "configs",
    "curve_of",
    "estimate",
    "finals",
    "findings",
    "grid",
    "importance",
    "importance_of",
    "interquartile_mean",
    "learning_rate_sensitivity",
    "log_grid",
    "neighbours",
    "paired",
    "performance_profile",
    "pick",
    "places",
    "probability_of_improvement",
    "rank",
    "response",
    "sensitivity_of",
    "stability_bracket",
    "stability_edge",
    "sweep",
    "time_to_target",
    "time_to_target_of",
    "use_cores",
]
