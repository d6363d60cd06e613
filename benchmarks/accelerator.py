"""What a GPU or TPU does with jgd, within minutes: what `scripts/gpu` runs there.

* bits: a lane's, among other lanes, in another order, a second time, in a run that is cut elsewhere
* update: AdamW on 20 million parameters, in one leaf and in 500, beside optax, torch and a copy
* train: the overhead of `jgd.train` on the bare scan of the same steps
* peers: 64 configs × 4 seeds, beside optax by hand and torch
* lanes: steps of runs a second at 1 … 65,536 lanes, jgd's sweep beside optax by hand (vmap and scan)

Each number is in the file as soon as it is measured. The first program tells what compiling takes here: a part that
wouldn't end in time is left out, and the file says so; a part that fails is told and doesn't stop the others.

    python benchmarks/accelerator.py [--seconds 330] [--dry] [--out benchmarks/results]

--dry: every part with tiny sizes, also on a CPU.
"""

import argparse
import hashlib
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import measure
import numpy as np
import sweep_throughput
import train_overhead
import update_rate

import jgd

COMPILES = 4  # programs' worth of time that a measurement must find left, to be begun
BATCH = 64


@dataclass(frozen=True)
class Sizes:
    """How much of everything."""

    lanes: tuple[int, ...] = (1, 16, 256, 1024, 4096, 16384, 65536)
    steps: int = 200
    train_steps: int = 4000
    parameters: int = 20_000_000
    leaves: tuple[int, ...] = (1, 500)
    rounds: int = 3
    models: tuple[str, ...] = ("mlp", "softmax")


DRY = Sizes((1, 4), 4, 32, 2000, (1, 5), 1, ("mlp",))


class OutOfTime(Exception):
    """No time is left for another measurement."""


@dataclass
class Record:
    """The file of results, and the clock."""

    path: Path
    seconds: float
    results: dict[str, Any] = field(default_factory=dict)
    first_program: float = 0.0
    began: float = field(default_factory=time.perf_counter)

    @property
    def spent(self) -> float:
        return time.perf_counter() - self.began

    def check(self) -> None:
        """Refuse to begin what wouldn't end."""
        if self.spent + COMPILES * self.first_program > self.seconds:
            raise OutOfTime

    def note(self, part: str, name: str, value: Any) -> None:
        """One more number, in the file at once."""
        self.results.setdefault(part, {})[name] = value
        print(f"{self.spent:6.1f} s  {part}: {name}: {value}", flush=True)
        content = {"first_program_seconds": self.first_program, "seconds": round(self.spent, 1)}
        measure.write(self.path, {**content, "results": self.results})


def sweep(model: str, rates: list[float], steps: int, **options: Any) -> jgd.Sweep:
    """Adam on the digits, every rate at one seed."""
    task, options = jgd.tasks.get("digits", model), {"seeds": 1, **options}
    space = {"learning_rate": rates}
    return jgd.sweep(task, "adam", space, steps=steps, batch_size=BATCH, evaluate_every=steps, **options)


def rates_of(lanes: int) -> list[float]:
    return [0.01] if lanes == 1 else np.geomspace(1e-4, 1e-1, lanes).tolist()


def digest(array: Any) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]


def bits(sizes: Sizes, record: Record) -> None:
    """Equal digests, or not, of a lane under what must not touch it."""
    rates, steps = rates_of(12), sizes.steps
    losses = lambda rates, **options: sweep(sizes.models[0], rates, steps, block=8, **options).loss
    whole = losses(rates)
    for name, others in {
        "a second time": lambda: losses(rates),
        "in another order": lambda: losses(rates[::-1])[::-1],
        "beside a diverging neighbor": lambda: losses([*rates[:11], 1e30])[:11],
        "fewer lanes": lambda: losses(rates[:3]),
    }.items():
        record.check()
        lanes = others()
        record.note("bits", name, all(digest(a) == digest(b) for a, b in zip(lanes, whole, strict=False)))
    task = jgd.tasks.get("digits", sizes.models[0])
    run = lambda **options: losses_of_run(task, steps, **options)
    record.note("bits", "train, cut elsewhere", digest(run()) == digest(run(callback=lambda look: time.sleep(0.05))))


def losses_of_run(task: jgd.Task, steps: int, **options: Any) -> np.ndarray:
    """The losses of one run."""
    start, optimizer = task.init(jgd.init_key(0)), jgd.optimizers.adam(1e-3)
    options = {"progress": False, **options}
    run = jgd.train(task.loss, optimizer, start, task.train, steps=steps, batch_size=BATCH, history=None, **options)
    return run.history["loss"]


def lanes(sizes: Sizes, record: Record) -> None:
    """jgd's sweep, and optax by hand, at each width."""
    for model in sizes.models:
        task = jgd.tasks.get("digits", model)
        for count in sizes.lanes:
            record.check()
            run = partial(sweep, model, rates_of(count), sizes.steps, block=count)
            run()  # compiles
            begin = time.perf_counter()
            found = run()
            ours = {
                "steps_per_second": found.cost["steps_per_second"],
                "whole_call": count * sizes.steps / (time.perf_counter() - begin),
            }
            record.note("lanes", f"jgd {model} {count}", ours)
            if find_spec("optax") is None:
                continue
            record.check()
            by_hand = vmapped(task, count, sizes.steps)
            by_hand()
            record.note("lanes", f"optax {model} {count}", {"steps_per_second": max(by_hand() for _ in range(3))})


def vmapped(task: jgd.Task, lanes: int, steps: int) -> Callable[[], float]:
    """Optax by hand: each lane draws its own rows."""
    data = jax.tree.map(jnp.asarray, task.train)
    keys = jax.random.split(jax.random.key(0), lanes)
    params = jax.vmap(task.init)(keys)
    loss = partial(sweep_throughput.optax_loss, task.loss.model)
    one = partial(sweep_throughput.optax_train, loss, sweep_throughput.drawn_batch, steps)
    train = jax.jit(jax.vmap(one, in_axes=(None, 0, 0, 0)))
    return partial(measure.rate, lanes * steps, partial(train, data, jnp.asarray(rates_of(lanes)), params, keys))


def train(sizes: Sizes, record: Record) -> None:
    """µs a step: `jgd.train` and the bare scan."""
    for model in sizes.models:
        task = jgd.tasks.get("digits", model)
        optimizer, params = jgd.optimizers.adam(1e-3), task.init(jgd.init_key(0))
        problem = (task, optimizer, params, sizes.train_steps)
        record.check()
        both = {"bare scan": train_overhead.bare(*problem), "jgd.train": partial(train_overhead.watched, *problem)}
        wall = {name: (lambda run=run: run()[0]) for name, run in both.items()}
        for name, values in measure.alternate(wall, sizes.rounds).items():
            record.note("train", f"{name} {model}, µs a step", values)


def update(sizes: Sizes, record: Record) -> None:
    """Megabytes a second of AdamW on one leaf."""
    _update(sizes, record, sizes.leaves[:1])


def update_many(sizes: Sizes, record: Record) -> None:
    """The same on many leaves, which compile for long."""
    _update(sizes, record, sizes.leaves[1:])


def _update(sizes: Sizes, record: Record, leaves: tuple[int, ...]) -> None:
    for count in leaves:
        for name, run in update_rate.contenders(sizes.parameters, count).items():
            record.check()
            run()  # compiles
            record.note("update", f"{name}, {count} leaves, MB/s", [run() for _ in range(sizes.rounds)])


def peers(sizes: Sizes, record: Record) -> None:
    """Steps a second at 64 configs × 4 seeds."""
    task = jgd.tasks.get("digits", sizes.models[0])
    contenders: dict[str, Callable[[], float]] = {"jgd": partial(sweep_throughput.ours, task, sizes.steps)}
    for others in (sweep_throughput.optax_contenders, sweep_throughput.torch_contenders):
        try:
            contenders |= others(task, sizes.steps)
        except ImportError as missing:
            record.note("peers", f"{missing.name}", "not installed")
    for name, run in contenders.items():
        record.check()
        run()
        record.note("peers", name, [run() for _ in range(sizes.rounds)])


PARTS = (bits, update, train, peers, lanes, update_many)  # what takes long at the end


def failures(sizes: Sizes, record: Record) -> Iterator[str]:
    """Run every part; the names of those that fail."""
    for part in PARTS:
        try:
            part(sizes, record)
        except OutOfTime:
            record.note(part.__name__, "left out", "no time")
        except Exception as fault:
            traceback.print_exc()
            record.note(part.__name__, "failed", f"{type(fault).__name__}: {str(fault)[:300]}")
            yield part.__name__
    if not all(record.results["bits"].values()):
        yield "bits differ"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=330.0)
    parser.add_argument("--dry", action="store_true")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    asked = parser.parse_args()
    sizes = DRY if asked.dry else Sizes()
    record = Record(measure.file_for(asked.out, "accelerator"), asked.seconds)
    sweep(sizes.models[0], rates_of(2), 2, block=2)
    record.first_program = record.spent
    memory = jax.devices()[0].memory_stats() or {}
    record.note("device", "bytes", memory.get("bytes_limit"))
    failed = list(failures(sizes, record))
    print(f"wrote {record.path}" + (f"; failed: {', '.join(failed)}" if failed else ""))
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
