"""What does being watched cost? `jgd.train` against the bare scan of `jgd.step` on the same problem, in the same run.

Digits, batch 64 (16 steps an epoch), Adam, softmax regression and an MLP 64-64-10; compile time is apart. The bare scan
shuffles epochs of the same rows, gathers the same batches and keeps each step's report (loss, norms, rate), nothing
else; validated, it also takes the loss on the validation rows every 16 or 4 steps, and is then what the runs with
validation are measured against. Beside it, adding one thing after the other:

* segments and history: divergence refused at each step, cut about four times a second
* + validation each epoch, or every 4 steps: the loss on the validation rows, the best parameters kept
* + callback: called after every segment
* + progress: a bar, redrawn between segments
* + store: a snapshot in a temporary directory when the run ends (and every 30 s)

Ratios are of wall time and of the process's CPU time, medians over rounds; on a busy machine trust the latter. Then the
peak memory of a run, in a process of its own each, at 10⁴ and 10⁵ steps: it must not grow with them.

    python benchmarks/train_overhead.py [--rounds 5] [--steps 20000] [--out benchmarks/results]
"""

import argparse
import contextlib
import io
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import measure
import numpy as np

import jgd

BATCH, LIMIT = 64, 1.05  # the overhead's limit, as a ratio of times
OFTEN = 4  # steps between evaluations, where they are frequent
MEMORY = (10_000, 100_000)  # steps
MODELS = {"softmax": "digits softmax regression", "mlp": "digits MLP 64-64-10"}
Times = tuple[float, float]  # µs a step: wall, and CPU of the whole process


def timed(steps: int, run: Callable[[], Any]) -> Times:
    wall, cpu = time.perf_counter(), time.process_time()
    jax.block_until_ready(run())
    return (time.perf_counter() - wall) / steps * 1e6, (time.process_time() - cpu) / steps * 1e6


def bare(task: jgd.Task, optimizer: jgd.Optimizer, params: Any, steps: int, every: int | None = None) -> Any:
    """The scan that one would write by hand: whole epochs of batches, the short one left out.

    every: steps between losses on the validation rows, inside the scan; a divisor of an epoch.
    """
    data, held_out = (jax.tree.map(jnp.asarray, rows) for rows in (task.train, task.validation))
    rows = len(task.train[0])
    per_epoch = rows // BATCH
    shape = (per_epoch, BATCH) if every is None else (per_epoch // every, every, BATCH)

    @jax.jit
    def scan(optimizer: jgd.Optimizer, params: Any, data: Any, held_out: Any, key: jax.Array) -> Any:
        def one(progress, chosen):
            return jgd.step(task.loss, optimizer, progress, jax.tree.map(lambda a: a[chosen], data))

        def stretch(progress, batches):
            progress, reports = jax.lax.scan(one, progress, batches)
            return progress, (reports, task.loss(progress.params, held_out))

        def epoch(progress, number):
            order = jax.random.permutation(jax.random.fold_in(key, number), rows)[: per_epoch * BATCH]
            return jax.lax.scan(one if every is None else stretch, progress, order.reshape(shape))

        return jax.lax.scan(epoch, jgd.start(optimizer, params), jnp.arange(steps // per_epoch))

    run = partial(scan, optimizer, params, data, held_out, jax.random.key(0))
    return lambda: timed(steps // per_epoch * per_epoch, run)


def watched(task: jgd.Task, optimizer: jgd.Optimizer, params: Any, steps: int, **options: Any) -> Times:
    """`jgd.train`, from the call to the `Run`."""
    rows = len(task.train[0]) // BATCH * BATCH  # whole batches only, as in the bare scan
    data = jax.tree.map(lambda a: a[:rows], task.train)
    options = {"progress": False, **options}
    with contextlib.redirect_stderr(io.StringIO()):
        train = partial(jgd.train, task.loss, optimizer, params, data, steps=steps, batch_size=BATCH, **options)
        return timed(steps, lambda: train().params)


def stored(*arguments: Any, **options: Any) -> Times:
    """`watched` with snapshots; the directory is made before the clock starts and removed after it has stopped."""
    directory = tempfile.mkdtemp()
    try:
        return watched(*arguments, store=directory, **options)
    finally:
        shutil.rmtree(directory)


def contenders(task: jgd.Task, steps: int) -> dict[str, tuple[str, Callable[[], Times]]]:
    """name -> (the bare scan that does the same work, what to run)."""
    optimizer, params = jgd.optimizers.adam(1e-3), task.init(jgd.init_key(0))
    problem = (task, optimizer, params, steps)
    alone, epoch, often = "bare scan", "bare scan, validated each epoch", f"bare scan, validated every {OFTEN}"
    each = {"validation": task.validation}
    called = {**each, "callback": lambda look: None}
    return {
        alone: (alone, bare(*problem)),
        epoch: (epoch, bare(*problem, every=len(task.train[0]) // BATCH)),
        often: (often, bare(*problem, every=OFTEN)),
        "jgd.train: segments, history": (alone, partial(watched, *problem)),
        f"+ validation every {OFTEN} steps": (often, partial(watched, *problem, **each, evaluate_every=OFTEN)),
        "+ validation each epoch": (epoch, partial(watched, *problem, **each)),
        "+ callback": (epoch, partial(watched, *problem, **called)),
        "+ progress": (epoch, partial(watched, *problem, **called, progress=True)),
        "+ store": (epoch, partial(stored, *problem, **called, progress=True)),
    }


def peak(model: str, steps: int) -> float:
    """MiB at most in memory during a run with everything on: to be called in a process of its own."""
    import resource

    task = jgd.tasks.get("digits", model)
    optimizer, params = jgd.optimizers.adam(1e-3), task.init(jgd.init_key(0))
    stored(task, optimizer, params, steps, validation=task.validation, callback=lambda look: None, progress=True)
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def peaks(model: str, steps: tuple[int, ...]) -> dict[int, float]:
    """steps -> MiB."""
    call = [sys.executable, __file__, "--peak", model]
    out = (subprocess.run([*call, str(n)], capture_output=True, text=True, check=True).stdout for n in steps)
    return {n: float(text) for n, text in zip(steps, out, strict=True)}


def compare(model: str, steps: int, rounds: int, memory: tuple[int, ...]) -> dict[str, Any]:
    asked = contenders(jgd.tasks.get("digits", model), steps)
    times = measure.alternate({name: run for name, (_, run) in asked.items()}, rounds)
    table = {name: np.array(values) for name, values in times.items()}  # (rounds, wall and CPU)
    # of the same round, so that a slow minute counts for both
    ratios = {name: np.median(table[name] / table[peer], axis=0) for name, (peer, _) in asked.items()}
    print(f"\n{MODELS[model]}, batch {BATCH}, Adam, {steps:,} steps, {rounds} rounds")
    width = max(len(name) for name in table)
    print(f"{'':{width}}  {'µs a step':>9}  {'lowest … highest':>16}  {'time':>7}  {'CPU':>7}")
    for name, values in table.items():
        wall, (ratio, cpu) = values[:, 0], ratios[name]
        spread = f"{wall.min():.1f} … {wall.max():.1f}"
        print(f"{name:{width}}  {statistics.median(wall):>9.1f}  {spread:>16}  {ratio:>6.3f} × {cpu:>6.3f} ×")
    most = peaks(model, memory)
    print("peak memory: " + ", ".join(f"{mib:,.0f} MiB at {n:,} steps" for n, mib in most.items()))
    return {
        "microseconds_a_step": {name: values.tolist() for name, values in table.items()},
        "time_to_bare": {name: {"wall": ratio[0], "cpu": ratio[1]} for name, ratio in ratios.items()},
        "peak_mib": most,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--memory", type=int, nargs="+", default=MEMORY, help="steps at which memory is measured")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    parser.add_argument("--peak", nargs=2, metavar=("MODEL", "STEPS"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if os.environ.get("JAX_PLATFORMS", "cpu") == "cpu":
        jgd.use_cores()
    if asked.peak:
        print(peak(asked.peak[0], int(asked.peak[1])))
        return
    results = {model: compare(model, asked.steps, asked.rounds, tuple(asked.memory)) for model in MODELS}
    worst = max(ratio["cpu"] for result in results.values() for ratio in result["time_to_bare"].values())
    print(f"\nit takes at most {worst:.3f} times the CPU of the bare scan that does the same work (limit {LIMIT})")
    path = measure.file_for(asked.out, "train_overhead")
    load = os.getloadavg()[0]
    measure.write(path, {"steps": asked.steps, "batch": BATCH, "limit": LIMIT, "load": load, "results": results})
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
