"""Several methods tuned on several tasks and compared: enter recipes and tasks, or sweeps, leaves a `MethodComparison`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jgd.analysis.check_sweep import check_sweep
from jgd.analysis.method_comparison import MethodComparison
from jgd.core import checks
from jgd.sweeps import Sweep, sweep
from jgd.sweeps.confirm import fresh_runs
from jgd.tasks import Task


def compare(
    recipes: Any,
    tasks: Sequence[str | Task] | Mapping[str, str | Task],
    space: Any = None,
    *,
    fresh: int = 10,
    **options: Any,
) -> MethodComparison:
    """Tune every recipe on every task by a sweep, train each one's pick again on fresh seeds, and compare those.

    The configs are chosen by validation; the scores that are compared are of the same validation rows at seeds that chose
    nothing. The test rows stay unread: `comparison.sweeps[task].confirm()` reads them.

    Args:
        recipes: As in `jgd.sweep`.
        tasks: Names or tasks, or name -> either.
        space: One for all tasks, as in `jgd.sweep`.
        fresh: Seeds of each pick, a whole number ≥ 2.
        **options: Of `jgd.sweep`, the same for all tasks: `steps` and `seeds`, `samples`, `policy`, …; `store` has a folder
            for each task.

    Returns:
        The comparison, with the sweeps.

    Raises:
        JgdValueError: For fewer than two recipes, tasks of one name, and as `jgd.sweep` does.

    Example:
        >>> import jgd
        >>> rates = {"learning_rate": jgd.spaces.log_grid(1e-3, 1, 4)}
        >>> found = jgd.compare(["sgd", "adam"], ["iris", "hours_points"], rates, fresh=3, seeds=2, steps=20)
        >>> found.scores.shape, found.ranks().methods[0], found.metrics
        ((2, 2, 3), 'sgd', ('accuracy', 'loss'))
    """
    named = tasks if isinstance(tasks, Mapping) else _named(tasks)
    checks.count("fresh", fresh, 2)
    store = options.pop("store", None)
    for name in named:
        _check_name(name, store)
    kept = lambda name: {} if store is None else {"store": Path(checks.path("store", store)) / name}
    found = {name: sweep(task, recipes, space, **options, **kept(name)) for name, task in named.items()}
    return compare_sweeps(found, fresh=fresh)


def _check_name(name: Any, store: Any) -> None:
    """Refuse a task's name that is no text, or leads out of the folder of its sweep in the store."""
    if not isinstance(name, str):
        raise checks.JgdTypeError(f"tasks must be named by text, got {checks.shown(name)}", argument="tasks")
    if store is not None and (name in ("", ".", "..") or set(name) & set("/\\\0")):
        raise checks.JgdValueError(
            f"tasks must have names that a folder in store may have, got {checks.shown(name)}: give them as {{name: task}}",
            argument="tasks",
        )


def _named(tasks: Any) -> dict[str, str | Task]:
    if isinstance(tasks, str) or not isinstance(tasks, Sequence) or not tasks:
        raise checks.JgdTypeError(
            f'tasks must be several, such as ["iris", "digits"], got {checks.shown(tasks)}', argument="tasks"
        )
    names = [task.name if isinstance(task, Task) else task for task in tasks]
    if len(set(names)) < len(names):
        raise checks.JgdValueError(
            f"tasks must have names of their own, got {', '.join(map(str, names))}: give them as {{name: task}}",
            argument="tasks",
        )
    return dict(zip(names, tasks, strict=True))


def compare_sweeps(sweeps: Mapping[str, Sweep] | Sequence[Sweep], *, fresh: int | None = None) -> MethodComparison:
    """Sweeps of the same recipes on different tasks as one comparison, of each recipe's pick.

    Args:
        sweeps: Task -> the sweep, or several of different tasks.
        fresh: Train the picks again on so many seeds. Default: their scores in the sweep, by which they were chosen, and
            which are flattered the more the more configs there were.

    Returns:
        The comparison; a recipe whose runs all diverged has NaN.

    Raises:
        JgdTypeError: For what are no sweeps.
        JgdValueError: For fewer than two recipes, other recipes, or another number of seeds on some task; without `fresh` for
            a sweep of which runs are left.

    Example:
        >>> import jgd
        >>> rates = {"learning_rate": [0.01, 0.1]}
        >>> both = [jgd.sweep(task, ["sgd", "adam"], rates, seeds=2, steps=20) for task in ("iris", "hours_points")]
        >>> found = compare_sweeps(both)
        >>> found.fresh, found.tasks, found.normalized.mean(axis=2).max(axis=0).tolist()
        (False, ('iris', 'hours_points'), [1.0, 1.0])
    """
    by_task = dict(sweeps) if isinstance(sweeps, Mapping) else _by_task(sweeps)
    for task, each in by_task.items():
        check_sweep(each)
        if fresh is None and each.runs_left:
            raise checks.JgdValueError(
                f"sweeps must be finished, but {each.runs_left} runs on {task} are left, which are not diverged: extend it "
                "first, or train the picks on fresh=10 seeds",
                argument="sweeps",
            )
    names = {task: tuple(each.recipes) for task, each in by_task.items()}
    methods = next(iter(names.values()), ())
    other = next((task for task, own in names.items() if set(own) != set(methods)), None)
    if other is not None or len(methods) < 2:
        said = "; ".join(f"on {task} {', '.join(names[task])}" for task in (next(iter(names), None), other) if task)
        raise checks.JgdValueError(f"sweeps must have the same recipes, two or more, got {said}", argument="sweeps")
    curves = [_curves(each, methods, fresh) for each in by_task.values()]
    counts = {task: part.shape[1] for task, (part, _) in zip(by_task, curves, strict=True)}
    if len(set(counts.values())) > 1:
        raise checks.JgdValueError(
            f"sweeps must have as many seeds on each task, got {counts}: fresh=10 trains the picks on as many",
            argument="sweeps",
        )
    found = list(by_task.values())
    return MethodComparison(
        methods=methods,
        tasks=tuple(by_task),
        metrics=tuple(each.metric for each in found),
        larger_is_better=tuple(each.larger_is_better for each in found),
        scores=np.stack([part[..., -1] for part, _ in curves], axis=1),
        curves=tuple(part for part, _ in curves),
        evaluation_steps=tuple(steps for _, steps in curves),
        overlap=tuple(each.facts.splits.overlap for each in found),
        fresh=fresh is not None,
        sweeps=by_task,
    )


def _by_task(sweeps: Any) -> dict[str, Sweep]:
    if not isinstance(sweeps, Sequence) or isinstance(sweeps, str):
        raise checks.JgdTypeError(
            f"sweeps must be what jgd.sweep(…) returns, several of them, got {checks.shown(sweeps)}", argument="sweeps"
        )
    for each in sweeps:
        check_sweep(each)
    names = [each.task for each in sweeps]
    if len(set(names)) < len(names):
        raise checks.JgdValueError(
            f"sweeps must be of different tasks, got {', '.join(names)}: name them, as {{name: sweep}}",
            argument="sweeps",
        )
    return dict(zip(names, sweeps, strict=True))


def _curves(found: Sweep, methods: Sequence[str], fresh: int | None) -> tuple[np.ndarray, tuple[int, ...]]:
    """(methods, seeds, evaluations) the metric of each method's pick, NaN for a method that has none; and after which steps."""
    picks = {pick.recipe: pick for pick in found.picks if pick.config is not None}
    chosen = [picks[method] for method in methods if method in picks]
    again = None if fresh is None or not chosen else fresh_runs(found, chosen, checks.count("fresh", fresh, 2))
    if again is None:
        values = found.validation[found.metric][np.array([pick.config for pick in chosen], int)]
    else:
        values = again.validation[found.metric]
    out = np.full((len(methods), *values.shape[1:]), np.nan)
    out[[method in picks for method in methods]] = values
    return out, (again or found).evaluation_steps
