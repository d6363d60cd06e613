"""What a pool costs beside threads: one warm sweep on the devices of this process, and by spawned processes.

Digits, MLP 64-64-10, batch 64, Adam, 64 learning rates × 2 seeds. overhead is the share of the processes' time that is
not their blocks' own: 1 − Σ seconds of blocks / (wall × processes). Both sweeps have the same bits.

    python benchmarks/executors.py [--rounds 3] [--steps 3000] [--out benchmarks/results]
"""

import argparse
import concurrent.futures as cf
import multiprocessing
import statistics
import time
from pathlib import Path

import measure
import numpy as np

import jgd

PROCESSES = 2
RATES = jgd.spaces.log_grid(1e-4, 1.0, 64)


def swept(steps: int, executor: cf.Executor | None = None) -> tuple[jgd.Sweep, float]:
    begin = time.perf_counter()
    ask = {"seeds": 2, "steps": steps, "batch_size": 64, "progress": False}
    found = jgd.sweep(jgd.tasks.get("digits", "mlp"), "adam", {"learning_rate": RATES}, executor=executor, **ask)
    return found, time.perf_counter() - begin


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--steps", type=int, default=3000)
    options.add_argument("--out", type=Path)
    asked = options.parse_args()
    rows = []
    with cf.ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn")) as pool:
        for steps in (50, *[asked.steps] * asked.rounds):  # the first round compiles, and starts the processes
            (here, threads), (there, pooled) = swept(steps), swept(steps, pool)
            assert np.array_equal(here.loss, there.loss, equal_nan=True), "the bits differ"
            own, blocks = there.device_seconds, len(there.store.blocks)
            rows.append(
                {
                    "threads_seconds": threads,
                    "pool_seconds": pooled,
                    "block_seconds": own / blocks,
                    "overhead": 1 - own / (pooled * PROCESSES),
                }
            )
    median = {name: statistics.median(row[name] for row in rows[1:]) for name in rows[0]}
    print(", ".join(f"{name} {value:.3g}" for name, value in median.items()))
    if asked.out:
        measure.write(
            measure.file_for(asked.out, "executors"), {"steps": asked.steps, "rounds": rows[1:], "median": median}
        )


if __name__ == "__main__":
    main()
