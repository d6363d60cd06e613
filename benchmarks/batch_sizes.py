"""What do small batches cost? Rows and updates a second of `jgd.train` at batches of 1, 64 and all rows.

Digits, softmax regression, plain descent. The rows of a batch are independent, so that they are worked on side by
side; updates come one after the other. A mini-batch is the compromise: many more rows/s than single rows, and more
updates/s than full batches (the lectures' G13).

    python benchmarks/batch_sizes.py [--rounds 5] [--seconds 1] [--out benchmarks/results]
"""

import argparse
import statistics
from functools import partial
from pathlib import Path
from typing import Any

import measure

import jgd


def contender(task: jgd.Task, params: Any, size: int, steps: int) -> float:
    """Rows a second of a run of `steps` updates."""
    run = lambda: jgd.train(task.loss, jgd.optimizers.sgd(0.01), params, task.train, steps=steps, batch_size=size)
    return measure.rate(steps * size, lambda: run().params)


def main() -> None:
    parse = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parse.add_argument("--rounds", type=int, default=5)
    parse.add_argument("--seconds", type=float, default=1.0, help="about how long one run takes")
    parse.add_argument("--out", type=Path)
    options = parse.parse_args()
    task = jgd.tasks.get("digits", "softmax")
    params, rows = task.init(jgd.init_key(0)), len(task.train[0])
    runs = {}
    for size in (1, 64, rows):
        contender(task, params, size, 200)  # compiles
        pace = contender(task, params, size, 200) / size
        steps = max(200, int(pace * options.seconds))
        runs[size] = partial(contender, task, params, size, steps)
    results = measure.alternate({f"batch {size}": run for size, run in runs.items()}, options.rounds)
    print("\n".join(measure.table(results, f"batch {rows}", "rows/s")))
    for size in runs:
        print(f"batch {size}: {statistics.median(results[f'batch {size}']) / size:,.0f} updates/s")
    if options.out is not None:
        measure.write(options.out / "batch_sizes.json", {"rows_per_second": results})


if __name__ == "__main__":
    main()
