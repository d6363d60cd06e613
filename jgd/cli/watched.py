"""Where a run starts, in which precision, and which parameters are watched: --start, --float64, --watch-param."""

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

import jax
import numpy as np

import jgd
from jgd.cli import console
from jgd.core import checks
from jgd.core.paths import matches, paths
from jgd.core.types import Params

MOST = 8  # numbers that are watched
ROWS = 11  # of the table, of the first steps; and one less of the last
_ENTRY = re.compile(r"(?P<leaf>[^\[\]]+)(\[(?P<place>\d+(,\d+)*)\])?")


def precision(float64: bool) -> AbstractContextManager[Any]:
    """64 bits while it lasts, or what there is."""
    return jax.enable_x64(True) if float64 else nullcontext()


def started(task: jgd.Task, words: Sequence[str], float64: bool) -> jgd.Task:
    """The task in float64 if so wanted, and with its parameters where the words of --start want them."""
    task = _in_float64(task) if float64 else task
    return _started_at(task, words) if words else task


def _in_float64(task: jgd.Task) -> jgd.Task:
    """The task with rows and parameters in float64; its rows have the digits that they had."""
    wide = lambda leaf: leaf.astype(np.float64) if leaf.dtype == np.float32 else leaf
    parts = {name: jax.tree.map(wide, getattr(task, name)) for name in ("train", "validation", "test")}
    begin = task.init
    return replace(task, init=lambda key: jax.tree.map(wide, begin(key)), **parts)


def _started_at(task: jgd.Task, words: Sequence[str]) -> jgd.Task:
    """The task whose parameters start at what --start says: a number for all, or PARAM=NUMBER for some of them."""
    begin = task.init
    shape = jax.eval_shape(begin, jgd.init_key(0))
    given = [_pair(word) for word in words]
    for pattern, _ in given:
        _leaves("--start", shape, pattern)

    def init(key: Any) -> Params:
        params = begin(key)
        leaves, treedef = jax.tree.flatten(params)
        for pattern, number in given:
            for index, place in _leaves("--start", params, pattern):
                leaves[index] = leaves[index].at[place].set(number)
        return jax.tree.unflatten(treedef, leaves)

    return replace(task, init=init)


def _pair(word: str) -> tuple[str, float]:
    pattern, equals, number = word.rpartition("=")
    try:
        return (pattern if equals else "*", float(number))
    except ValueError:
        raise checks.JgdValueError(
            f"--start takes NUMBER or PARAM=NUMBER, such as weights=1, got {checks.shown(word)}"
        ) from None


def observer(task: jgd.Task, words: Sequence[str]) -> Callable[[Params], dict[str, Any]] | None:
    """params -> {name: number} of the parameters that --watch-param names; None where it names none."""
    if not words:
        return None
    shape = jax.eval_shape(task.init, jgd.init_key(0))
    names, leaves = paths(shape), jax.tree.leaves(shape)
    watched: dict[str, tuple[int, tuple[int, ...]]] = {}
    for word in words:
        for index, place in _leaves("--watch-param", shape, word):
            whole = [place] if isinstance(place, tuple) else list(np.ndindex(leaves[index].shape))
            for entry in whole[: MOST + 1]:
                watched[names[index] + (f"[{','.join(map(str, entry))}]" if entry else "")] = (index, entry)
    if len(watched) > MOST:
        raise checks.JgdValueError(
            f"--watch-param shows at most {MOST} numbers: name entries, such as {next(iter(watched))}"
        )

    def observe(params: Params) -> dict[str, Any]:
        leaves = jax.tree.leaves(params)
        return {name: leaves[index][entry] for name, (index, entry) in watched.items()}

    return observe


def _leaves(option: str, params: Params, word: str) -> list[tuple[int, Any]]:
    """[(number of a leaf, the entry or ... for all)] of the leaves that the word names."""
    found, names = _ENTRY.fullmatch(word), paths(params)
    pattern = word if found is None else found["leaf"]
    index = [i for i, name in enumerate(names) if matches(pattern, name)]
    if not index:
        raise checks.JgdValueError(f"{option}: there is no parameter {word!r}; there are {', '.join(names)}")
    if found is None or found["place"] is None:
        return [(i, ...) for i in index]
    place = tuple(map(int, found["place"].split(",")))
    for i in index:
        shape = jax.tree.leaves(params)[i].shape
        if len(place) != len(shape) or any(at >= size for at, size in zip(place, shape, strict=True)):
            raise checks.JgdValueError(f"{option}: {names[i]} has shape {shape}, and no entry {list(place)}")
    return [(i, place) for i in index]


def print_watched(runs: Iterable[jgd.Run]) -> None:
    """Print each run's first and last steps: the loss and the gradient before an update, what is watched after it."""
    for run in runs:
        if run.observations is not None:
            _print_steps(run)


def _print_steps(run: jgd.Run) -> None:
    steps = run.history["step"]
    chosen = [i for i in range(len(steps)) if i < ROWS or i >= len(steps) - (ROWS - 1)]
    rows = [
        [
            str(steps[i]),
            *(_after(values, steps[i]) for values in run.observations.values()),
            *(f"{run.history[name][i]:.10g}" for name in ("loss", "gradient_norm")),
        ]
        for i in chosen
    ]
    heads = ["step", *(f"{name} after" for name in run.observations), "loss before", "gradient norm before"]
    console.print_table(heads, rows)


def _after(values: np.ndarray, step: int) -> str:
    """What was observed after a step's update, one value for each update; a step at which a run broke made none."""
    return f"{values[step]:.10g}" if step < len(values) else "–"
