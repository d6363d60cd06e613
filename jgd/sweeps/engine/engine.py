"""The engine: compiles one program a group of configs and device, and hands whole blocks to the devices.

A device has one thread and takes the next block when it is done with one; nothing is sharded, so a lane's bits
don't depend on the device or on how many there are. On a CPU, one host device a core is where the speed is.
"""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import seeds
from jgd.core.types import Params
from jgd.epoch_loop import NOT_DIVERGED
from jgd.sweeps.engine.blocks import CAPACITY, Block, Feed, Opened, advanced, finished, numbers, opened
from jgd.sweeps.engine.threads import in_threads
from jgd.sweeps.plan import Plan
from jgd.sweeps.policies.policy import Round
from jgd.sweeps.store.memory import BlockResult, MemoryStore, cut, front

SAVE = 30.0  # seconds that a block runs at most between two pieces


@dataclass(frozen=True)
class SweepProgress:
    """How far a sweep is: what a progress bar shows."""

    stage: str  # "compile" or "run"
    done: int  # lane-steps, or programs compiled
    total: int
    diverged: int = 0  # lanes so far
    blocks: int = 0  # finished
    best: float = float("nan")  # of the metric that chooses, over all lanes and looks
    seconds: float = 0.0  # since the stage began


@dataclass
class Engine:
    """The devices of a sweep with their copies of what blocks are fed, what was compiled, and what it cost."""

    plan: Plan
    archive: MemoryStore
    tell: Callable[[SweepProgress], None]
    total: int = 0  # lane-steps of the legs so far
    compile_seconds: float = 0.0
    run_seconds: float = 0.0
    lane_steps: int = 0  # made by configs, and by all lanes with those that only fill a block
    padded_lane_steps: int = 0
    diverged: int = 0
    blocks: int = 0
    best: float = float("nan")
    _desks: "list[_Desk]" = field(default_factory=list)
    _ready: set[int] = field(default_factory=set)  # groups whose programs are compiled
    _lock: Any = field(default_factory=threading.Lock)

    def run(self, leg: Round, blocks: Sequence[Block]) -> None:
        """Compile what is missing, then run the blocks; each piece goes to the archive as it lands."""
        if not blocks:
            return
        self.total += sum(block.lane_steps for block in blocks)
        begin = time.perf_counter()
        self._desks = self._desks or _desks(self.plan)
        self._compile(leg, blocks)
        self.compile_seconds += time.perf_counter() - begin

        waiting: queue.SimpleQueue[Block] = queue.SimpleQueue()
        for block in blocks:
            waiting.put(block)

        def serve(desk: _Desk, stop: threading.Event) -> None:
            while not stop.is_set():
                try:
                    block = waiting.get_nowait()
                except queue.Empty:
                    return
                self._run(desk, leg, block, stop)

        begin, before = time.perf_counter(), self.run_seconds
        self._clock = lambda: before + time.perf_counter() - begin
        in_threads([partial(serve, desk) for desk in self._desks])
        self.run_seconds = self._clock()

    def _compile(self, leg: Round, blocks: Sequence[Block]) -> None:
        """Trace each structure once, in a thread of its own; then compile it for each device, in parallel, by a call
        that makes no step.

        jax keeps what was compiled, so that the next sweep of the same structure and shapes compiles nothing.
        """
        first = [block for block in {b.group: b for b in reversed(blocks)}.values() if block.group not in self._ready]
        done, total, begin = [], len(first) * len(self._desks), time.perf_counter()
        # jaxlib has crashed when two threads read programs from its cache on the disk at once
        alone = threading.Lock() if getattr(jax.config, "jax_compilation_cache_dir", None) else nullcontext()

        def warm(desk: _Desk, block: Block) -> None:
            with alone:
                opening = self._open(desk, leg, replace(block, begin=0))
                lane, *_ = self._advance(desk, block, opening, 0)
                finished(opening.trial, lane)
            with self._lock:
                done.append(block)
                self.tell(SweepProgress("compile", len(done), total, seconds=time.perf_counter() - begin))

        traced = [threading.Event() for _ in first]

        def serve(desk: _Desk, stop: threading.Event) -> None:
            for block, ready in zip(first, traced, strict=True):
                while not ready.wait(0.1):
                    if stop.is_set():
                        return
                warm(desk, block)

        def trace(stop: threading.Event) -> None:
            for block, ready in zip(first, traced, strict=True):
                with alone:
                    opening = self._open(self._desks[0], leg, replace(block, begin=0))
                    advanced.lower(*_arguments(self._desks[0], block, opening, 0), **self._structure(block))
                ready.set()

        if first:
            in_threads([trace, *(partial(serve, desk) for desk in self._desks)])
            self._ready.update(block.group for block in first)

    def _structure(self, block: Block) -> dict[str, Any]:
        """What of the call is structure, the same for every block of a group."""
        return {"batches": self.plan.batches[block.group], "capacity": CAPACITY}

    def _open(self, desk: "_Desk", leg: Round, block: Block) -> Opened:
        plan, seed = self.plan, block.seed
        group, width = plan.groups[block.group], plan.widths[block.group]
        values = jax.device_put(numbers(plan.values(block, leg), group.numbers, width), desk.device)
        start = (desk.params[seed], desk.inits[seed], desk.noises[seed], desk.factor)
        opening = opened(group.build, values, desk.feed, *start, width=width)
        if block.begin == 0:
            return opening
        origins = [(leg.origin(config, seed, block.begin), seed) for config in block.configs]
        lane = self.archive.lanes(origins, block.begin, width)
        return replace(opening, lane=jax.device_put(lane, desk.device))

    def _advance(self, desk: "_Desk", block: Block, opening: Opened, end: int) -> Any:
        return advanced(*_arguments(desk, block, opening, end), **self._structure(block))

    def _run(self, desk: "_Desk", leg: Round, block: Block, stop: threading.Event) -> None:
        """One block from its begin to its end, told of at every segment and saved now and then."""
        opening = self._open(desk, leg, block)
        real, capacity = len(block.configs), self._structure(block)["capacity"]
        broken = int((np.asarray(opening.lane.diverged_at)[:real] != NOT_DIVERGED).sum()) if block.begin else 0
        losses, metrics, looks, done, since = [], [], [], block.begin, time.perf_counter()
        before: Block | None = None  # the piece that this run of the block has saved last
        for until in sorted({*(look for look in self.plan.looks if block.begin < look < block.end), block.end}):
            while True:
                end = min(until, done + capacity)
                lane, loss, measured = self._advance(desk, block, opening, end)
                opening = replace(opening, lane=lane)
                losses.append(np.asarray(loss)[: end - done, :real].copy())  # a view would keep all its room
                now = int((np.asarray(lane.diverged_at)[:real] != NOT_DIVERGED).sum())
                self._told(end - done, now - broken, real, self.plan.widths[block.group])
                done, broken = end, now
                if done == until:
                    break
                if stop.is_set():
                    return
            looks.append(until)
            metrics.append({name: np.asarray(value)[:real] for name, value in measured.items()})
            if done < block.end and time.perf_counter() - since > SAVE:
                part = replace(block, end=done)
                self._land(part, opening, losses, metrics, looks, time.perf_counter() - since, goes_on=True)
                self._let_go(before)
                before, block = part, replace(block, begin=done)
                losses, metrics, looks, since = [], [], [], time.perf_counter()
        self._land(block, opening, losses, metrics, looks, time.perf_counter() - since, goes_on=False)
        self._let_go(before)
        with self._lock:
            self.blocks += 1

    def _let_go(self, before: Block | None) -> None:
        """The lanes at the end of a piece of a block that has gone on from it."""
        if before is not None:
            with self._lock:
                self.archive.release(before)

    def _land(
        self, block: Block, opening: Opened, losses: Any, metrics: Any, looks: Any, seconds: float, goes_on: bool
    ) -> None:
        """A piece into the archive, with the lanes at its end."""
        count, read = len(block.configs), finished(opening.trial, opening.lane)
        lane = cut(opening.lane, count, goes_on)
        own = read is opening.lane.train_state.params
        params: Params = lane.train_state.params if own else front(read, count)
        columns = {name: np.stack([row[name] for row in metrics]) for name in metrics[0]}
        piece = BlockResult(
            block, tuple(looks), np.concatenate(losses), columns, np.asarray(lane.diverged_at), params, seconds
        )
        with self._lock:
            self.archive.add(piece, lane)
            scores = columns[self.plan.task.metric][:, lane.diverged_at == NOT_DIVERGED]
            better = np.fmax if self.plan.task.larger_is_better else np.fmin  # of a NaN and a number, the number
            self.best = float(better.reduce(scores[np.isfinite(scores)], initial=self.best))

    def _told(self, steps: int, diverged: int, real: int, width: int) -> None:
        with self._lock:
            self.lane_steps += steps * real
            self.padded_lane_steps += steps * width
            self.diverged += diverged
            tick = SweepProgress(
                "run", self.lane_steps, self.total, self.diverged, self.blocks, self.best, self._clock()
            )
            self.tell(tick)


@dataclass(frozen=True)
class _Desk:
    """One device's copies of what its blocks are fed; a list has an entry a seed."""

    device: Any
    feed: Feed
    params: list[Params]
    inits: list[jax.Array]  # keys of the parameters, for trials with an init of their own
    keys: list[jax.Array]  # of the order of examples
    noises: list[jax.Array]  # of the transforms that draw
    factor: jax.Array


def _desks(plan: Plan) -> list[_Desk]:
    init = jax.jit(plan.task.init)
    inits = [seeds.init_key(seed) for seed in plan.seeds]
    keys = [seeds.key(seed, seeds.Stream.ORDER) for seed in plan.seeds]
    noises = [seeds.key(seed, seeds.Stream.NOISE) for seed in plan.seeds]
    shared = (Feed.of(plan.task), [init(key) for key in inits], inits, keys, noises, jnp.asarray(plan.diverged_above))
    return [_Desk(device, *jax.device_put(shared, device)) for device in plan.devices]


def _arguments(desk: _Desk, block: Block, opening: Opened, end: int) -> tuple[Any, ...]:
    return opening.trial, opening.lane, opening.limit, desk.feed, desk.keys[block.seed], np.int32(end)
