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
from functools import partial
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import seeds
from jgd.core.types import Params
from jgd.data.batches import Batches
from jgd.descent import GOING
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
    programs = _compile(plan, feeds, tell)
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

            _run(plan, block, feeds[device], programs[device], outcome, advanced_by)

    with ThreadPoolExecutor(len(plan.devices)) as pool:
        for finished in [pool.submit(serve, device) for device in plan.devices]:
            finished.result()
    outcome.run_seconds = time.perf_counter() - begin
    return outcome


@dataclass(frozen=True)
class _Feed:
    """One device's copies of what all blocks share."""

    loss: Any
    train: Any
    validation: Any
    params: list[Params]  # by seed
    keys: list[jax.Array]
    limits: list[jax.Array]


@dataclass(frozen=True)
class _Programs:
    """One device's compiled programs."""

    open: list[Any]  # by recipe
    advance: list[Any]  # by recipe
    evaluate: Any


def _feeds(plan: Plan) -> dict[Any, _Feed]:
    task = plan.task
    loss = traceable(task.loss)
    init = jax.jit(task.init)
    params = [init(seeds.key(seed, seeds.Stream.INIT)) for seed in plan.seeds]
    keys = [seeds.key(seed, seeds.Stream.ORDER) for seed in plan.seeds]
    first = jax.tree.map(lambda a: jnp.asarray(a[:BASELINE_ROWS]), task.train)
    limits = [loss_limit(initial_loss(loss, p, first), plan.diverged_above) for p in params]
    data = jax.tree.map(jnp.asarray, (task.train, task.validation))
    return {device: _Feed(*jax.device_put((loss, *data, params, keys, limits), device)) for device in plan.devices}


def _compile(plan: Plan, feeds: dict[Any, _Feed], tell: Callable[[Tick], None]) -> dict[Any, _Programs]:
    """Trace each structure once, here; then compile it for each device, in parallel."""
    metrics = tuple(plan.task.metrics.items())
    total = (2 * len(plan.recipes) + 1) * len(plan.devices)
    compiled, lock = [], threading.Lock()

    def compile_one(lowered: Any) -> Any:
        program = lowered.compile()
        with lock:
            compiled.append(program)
            tell(Tick("compile", len(compiled), total))
        return program

    with ThreadPoolExecutor(len(plan.devices)) as pool:
        pending = {}
        for device in plan.devices:
            feed = feeds[device]
            on = partial(_placed, device)
            opening, advancing = [], []
            lanes: Any = None
            for recipe in plan.recipes:
                hypers = hyperparameters(recipe.configs[:1], plan.width)
                opener = opened.lower(recipe.build, on(hypers), on(feed.params[0]), width=plan.width)
                optimizer, lanes = jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype), opener.out_info)
                lowered = advanced.lower(
                    feed.loss,
                    on(optimizer),
                    on(lanes),
                    feed.train,
                    feed.keys[0],
                    feed.limits[0],
                    on(jax.ShapeDtypeStruct((), jnp.int32)),
                    batches=plan.batches,
                    capacity=_capacity(plan),
                    lanes=plan.width,
                )
                opening.append(pool.submit(compile_one, opener))
                advancing.append(pool.submit(compile_one, lowered))
            measure = evaluated.lower(metrics, feed.loss, on(lanes.progress.params), feed.validation)
            pending[device] = (opening, advancing, pool.submit(compile_one, measure))
        return {
            device: _Programs([f.result() for f in opening], [f.result() for f in advancing], measure.result())
            for device, (opening, advancing, measure) in pending.items()
        }


def _placed(device: Any, tree: Any) -> Any:
    """The shapes and dtypes of a tree as they will be on one device."""
    where = jax.sharding.SingleDeviceSharding(device)
    return jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=where), tree)


def _capacity(plan: Plan) -> int:
    cuts = (0, *plan.evaluate_at)
    return min(SEGMENT, max(b - a for a, b in pairwise(cuts)) or 1)


def _run(
    plan: Plan,
    block: Block,
    feed: _Feed,
    programs: _Programs,
    outcome: Outcome,
    advanced_by: Callable[..., None],
) -> None:
    device = next(iter(feed.keys[0].devices()))
    configs = plan.recipes[block.recipe].configs[block.first : block.first + block.real]
    hypers = jax.device_put(hyperparameters(configs, plan.width), device)
    optimizer, lanes = programs.open[block.recipe](hypers, feed.params[block.seed])
    losses, metrics, done, diverged, real = [], [], 0, 0, slice(0, block.real)
    for until in plan.evaluate_at:
        while done < until:
            end = min(until, done + _capacity(plan))
            lanes, loss = programs.advance[block.recipe](
                feed.loss,
                optimizer,
                lanes,
                feed.train,
                feed.keys[block.seed],
                feed.limits[block.seed],
                jax.device_put(np.int32(end), device),
            )
            losses.append(np.asarray(loss)[: end - done, real])
            broken = int((np.asarray(lanes.diverged_at)[real] != GOING).sum())
            advanced_by(end - done, broken - diverged)
            done, diverged = end, broken
        measured = programs.evaluate(feed.loss, lanes.progress.params, feed.validation)
        metrics.append({name: np.asarray(value)[real] for name, value in measured.items()})
    outcome.losses[block] = np.concatenate(losses) if losses else np.zeros((0, block.real))
    outcome.metrics[block] = {name: np.stack([row[name] for row in metrics]) for name in metrics[0]}
    outcome.diverged_at[block] = np.asarray(lanes.diverged_at)[real]
    outcome.params[block] = jax.tree.map(lambda leaf: np.asarray(leaf)[real], lanes.progress.params)
