"""The engine: compiles one program a recipe and device, and hands whole blocks to the devices.

A device has one thread and takes the next block when it is done with one; nothing is sharded, so a lane's bits
don't depend on the device or on how many there are. On a CPU, one host device a core is where the speed is.
"""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import seeds
from jgd.core.optimizer import Optimizer
from jgd.core.types import Params
from jgd.data.batches import Batches
from jgd.descent import GOING, Lane
from jgd.sweep.blocks import Block, advanced, evaluated, hyperparameters, opened
from jgd.sweep.recipes import Recipe
from jgd.tasks import Task
from jgd.train import BASELINE_ROWS, initial_loss, loss_limit, traceable

SEGMENT = 500  # steps at most between two looks of the host


@dataclass(frozen=True)
class Tick:
    """How far a sweep is: what a progress bar shows."""

    stage: str  # "compile" or "run"
    done: int  # lane-steps, or programs compiled
    total: int
    diverged: int = 0  # lanes so far


@dataclass(frozen=True)
class Plan:
    """Everything that fixes the compiled programs and what they are fed."""

    task: Task
    recipes: list[Recipe]
    seeds: tuple[int, ...]
    blocks: list[Block]
    width: int
    batches: Batches
    steps: int
    evaluate_at: tuple[int, ...]  # numbers of updates, ascending, the last one is `steps`
    diverged_above: float
    devices: Sequence[Any]


@dataclass
class Outcome:
    """What the lanes left, on the host: a leading axis of blocks' results, and the cost."""

    losses: dict[Block, np.ndarray] = field(default_factory=dict)  # (steps, real)
    metrics: dict[Block, dict[str, np.ndarray]] = field(default_factory=dict)  # name -> (evaluations, real)
    diverged_at: dict[Block, np.ndarray] = field(default_factory=dict)  # (real,)
    params: dict[Block, Params] = field(default_factory=dict)  # (real, …) leaves
    compile_seconds: float = 0.0
    run_seconds: float = 0.0


def execute(plan: Plan, tell: Callable[[Tick], None]) -> Outcome:
    """Compile, then run every block of the plan."""
    outcome = Outcome()
    begin = time.perf_counter()
    feeds = _feeds(plan)
    _compile(plan, feeds, tell)
    outcome.compile_seconds = time.perf_counter() - begin

    begin = time.perf_counter()
    waiting: queue.SimpleQueue[Block] = queue.SimpleQueue()
    for block in plan.blocks:
        waiting.put(block)
    told = threading.Lock()
    total = sum(block.real for block in plan.blocks) * plan.steps
    state = {"done": 0, "diverged": 0}

    def serve(device: Any) -> None:
        while True:
            try:
                block = waiting.get_nowait()
            except queue.Empty:
                return

            def advanced_by(steps: int, diverged: int, real: int = block.real) -> None:
                with told:
                    state["done"] += steps * real
                    state["diverged"] += diverged
                    tell(Tick("run", state["done"], total, state["diverged"]))

            _run(plan, block, feeds[device], outcome, advanced_by)

    with ThreadPoolExecutor(len(plan.devices)) as pool:
        for finished in [pool.submit(serve, device) for device in plan.devices]:
            finished.result()
    outcome.run_seconds = time.perf_counter() - begin
    return outcome


@dataclass(frozen=True)
class _Feed:
    """One device's copies of what all blocks share."""

    device: Any
    loss: Any
    metrics: dict[str, Any]
    train: Any
    validation: Any
    params: list[Params]  # by seed
    keys: list[jax.Array]
    limits: list[jax.Array]


def _feeds(plan: Plan) -> dict[Any, _Feed]:
    task = plan.task
    loss, metrics = traceable(task.loss), {name: traceable(metric) for name, metric in task.metrics.items()}
    init = jax.jit(task.init)
    params = [init(seeds.key(seed, seeds.Stream.INIT)) for seed in plan.seeds]
    keys = [seeds.key(seed, seeds.Stream.ORDER) for seed in plan.seeds]
    first = jax.tree.map(lambda a: jnp.asarray(a[:BASELINE_ROWS]), task.train)
    limits = [loss_limit(initial_loss(loss, p, first), plan.diverged_above) for p in params]
    data = jax.tree.map(jnp.asarray, (task.train, task.validation))
    shared = (loss, metrics, *data, params, keys, limits)
    return {device: _Feed(device, *jax.device_put(shared, device)) for device in plan.devices}


def _compile(plan: Plan, feeds: dict[Any, _Feed], tell: Callable[[Tick], None]) -> None:
    """Trace each structure once, here; then compile it for each device, in parallel, by a call that makes no step.

    jax keeps what was compiled, so that the next sweep of the same structure and shapes compiles nothing.
    """
    work = [(device, block) for block in _first_blocks(plan) for device in plan.devices]
    done, lock = [], threading.Lock()

    def warm(device: Any, block: Block) -> None:
        optimizer, lanes = _open(plan, block, feeds[device])
        lanes, _ = advanced(*_arguments(feeds[device], block, optimizer, lanes, 0), **_structure(plan))
        evaluated(feeds[device].metrics, feeds[device].loss, lanes.progress.params, feeds[device].validation)
        with lock:
            done.append(block)
            tell(Tick("compile", len(done), len(work)))

    with ThreadPoolExecutor(len(plan.devices)) as pool:
        waiting = []
        for device, block in work:
            if device is plan.devices[0]:
                optimizer, lanes = _open(plan, block, feeds[device])
                advanced.lower(*_arguments(feeds[device], block, optimizer, lanes, 0), **_structure(plan))
            waiting.append(pool.submit(warm, device, block))
        for finished in waiting:
            finished.result()


def _first_blocks(plan: Plan) -> list[Block]:
    return list({block.recipe: block for block in reversed(plan.blocks)}.values())[::-1]


def _open(plan: Plan, block: Block, feed: _Feed) -> tuple[Optimizer, Lane]:
    recipe = plan.recipes[block.recipe]
    configs = recipe.configs[block.first : block.first + block.real]
    hypers = jax.device_put(hyperparameters(configs, plan.width), feed.device)
    return opened(recipe.build, hypers, feed.params[block.seed], width=plan.width)


def _arguments(feed: _Feed, block: Block, optimizer: Optimizer, lanes: Lane, end: int) -> tuple[Any, ...]:
    key, limit = feed.keys[block.seed], feed.limits[block.seed]
    return feed.loss, optimizer, lanes, feed.train, key, limit, jax.device_put(np.int32(end), feed.device)


def _structure(plan: Plan) -> dict[str, Any]:
    return {"batches": plan.batches, "capacity": _capacity(plan), "lanes": plan.width}


def _capacity(plan: Plan) -> int:
    cuts = (0, *plan.evaluate_at)
    return min(SEGMENT, max(b - a for a, b in pairwise(cuts)) or 1)


def _run(plan: Plan, block: Block, feed: _Feed, outcome: Outcome, advanced_by: Callable[[int, int], None]) -> None:
    optimizer, lanes = _open(plan, block, feed)
    losses, metrics, done, diverged, real = [], [], 0, 0, slice(0, block.real)
    for until in plan.evaluate_at:
        while done < until:
            end = min(until, done + _capacity(plan))
            lanes, loss = advanced(*_arguments(feed, block, optimizer, lanes, end), **_structure(plan))
            losses.append(np.asarray(loss)[: end - done, real])
            broken = int((np.asarray(lanes.diverged_at)[real] != GOING).sum())
            advanced_by(end - done, broken - diverged)
            done, diverged = end, broken
        measured = evaluated(feed.metrics, feed.loss, lanes.progress.params, feed.validation)
        metrics.append({name: np.asarray(value)[real] for name, value in measured.items()})
    outcome.losses[block] = np.concatenate(losses) if losses else np.zeros((0, block.real), np.float32)
    outcome.metrics[block] = {name: np.stack([row[name] for row in metrics]) for name in metrics[0]}
    outcome.diverged_at[block] = np.asarray(lanes.diverged_at)[real]
    outcome.params[block] = jax.tree.map(lambda leaf: np.asarray(leaf)[real], lanes.progress.params)
