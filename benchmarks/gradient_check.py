"""What does a gradient check cost? A screen of one leaf of 100,000 entries against one jitted gradient of the loss.

Beside it: torch.autograd.gradcheck in fast mode (float64, as it asks for; where torch is installed) against one torch
gradient, and jax.test_util.check_grads (one direction, float32) against the same jitted gradient. All run in turn in
one process; medians; compile time is reported apart. `python benchmarks/gradient_check.py [--rounds 15]`.
"""

import argparse
import time
from pathlib import Path
from statistics import median

import jax
import jax.numpy as jnp
import jax.test_util
import numpy as np
from measure import write

from jgd.gradients import check_gradients

LIMIT = 20.0  # the screen's budget, in jitted gradients
BATCHES = (32, 256)  # rows: few, where overhead shows, and many, where arithmetic does
INPUTS, HIDDEN = 1000, 100  # the leaf of 100,000 entries


def loss(params, batch):
    inputs, targets = batch
    hidden = jnp.tanh(inputs @ params["first"])
    return jnp.mean((hidden @ params["last"] - targets) ** 2)


def problem(rows):
    rng = np.random.default_rng(0)
    params = {
        "first": jnp.asarray(rng.normal(size=(INPUTS, HIDDEN)) / INPUTS**0.5, jnp.float32),
        "last": jnp.asarray(rng.normal(size=HIDDEN) / HIDDEN**0.5, jnp.float32),
    }
    batch = (
        jnp.asarray(rng.normal(size=(rows, INPUTS)), jnp.float32),
        jnp.asarray(rng.normal(size=rows), jnp.float32),
    )
    return params, batch


def in_torch(params, batch):
    """-> (one gradient, gradcheck in fast mode), the same loss in float64, or None without torch."""
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(1)  # a second pool of threads that spins would be charged to whoever runs next
    double = lambda x: torch.tensor(np.asarray(x, np.float64))
    first = double(params["first"]).requires_grad_()
    last, inputs, targets = double(params["last"]), double(batch[0]), double(batch[1])
    value = lambda w: ((torch.tanh(inputs @ w) @ last - targets) ** 2).mean()
    gradient = lambda: torch.autograd.grad(value(first), first)
    return gradient, lambda: torch.autograd.gradcheck(value, (first,), fast_mode=True)


def timed(function):
    start = time.perf_counter()
    jax.block_until_ready(function())
    return time.perf_counter() - start


def attempt(function):
    """Its time, and whether it accepted this correct gradient."""
    try:
        function()
    except Exception as error:
        return type(error).__name__
    return "accepted"


def compare(rows, rounds):
    params, batch = problem(rows)
    only_first = {"first": params["first"]}
    on_first = lambda leaf, batch, last=params["last"]: loss({**leaf, "last": last}, batch)
    gradient = jax.jit(jax.grad(on_first))
    of_batch = lambda leaf: on_first(leaf, batch)
    runs = {
        "jitted gradient": lambda: gradient(only_first, batch),
        "jgd.check_gradients": lambda: check_gradients(on_first, only_first, batch),
        "jax check_grads": lambda: attempt(lambda: jax.test_util.check_grads(of_batch, (only_first,), 1, ["rev"])),
    }
    torch_runs = in_torch(params, batch)
    if torch_runs:
        runs |= {
            "torch gradient, float64": torch_runs[0],
            "torch gradcheck, fast": lambda: attempt(torch_runs[1]),
        }
    first = {name: timed(run) for name, run in runs.items()}
    times = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            times[name].append(timed(run))
    seconds = {name: median(values) for name, values in times.items()}
    unit = lambda name: "torch gradient, float64" if "torch" in name else "jitted gradient"
    ratios = {name: median(a / b for a, b in zip(times[name], times[unit(name)], strict=True)) for name in runs}
    checked = check_gradients(on_first, only_first, batch)
    accepted = {
        "jgd.check_gradients": "accepted" if checked.ok and checked.conclusive else str(checked),
        "jax check_grads": runs["jax check_grads"](),
    }
    if torch_runs:
        accepted["torch gradcheck, fast"] = runs["torch gradcheck, fast"]()
    return {
        "rows": rows,
        "entries": INPUTS * HIDDEN,
        "first_call_seconds": first,
        "seconds": seconds,
        "ratio_to_own_gradient": ratios,
        "this_correct_gradient": accepted,
        "evaluations": checked.evaluations,
    }


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=15)
    arguments.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "gradient_check.json")
    options = arguments.parse_args()
    results = [compare(rows, options.rounds) for rows in BATCHES]
    for result in results:
        print(f"\n{result['entries']:,} entries, {result['rows']} rows, {result['evaluations']} evaluations a check")
        print(f"{'':26}{'ms':>9}{'x gradient':>12}{'first call, s':>15}  this correct gradient")
        for name, seconds in result["seconds"].items():
            ratio, first = result["ratio_to_own_gradient"][name], result["first_call_seconds"][name]
            print(
                f"{name:26}{1e3 * seconds:9.2f}{ratio:12.1f}{first:15.2f}  "
                f"{result['this_correct_gradient'].get(name, '')}"
            )
    worst = max(result["ratio_to_own_gradient"]["jgd.check_gradients"] for result in results)
    print(f"\nthe screen costs at most {worst:.1f} jitted gradients (limit {LIMIT:.0f})")
    write(options.output, {"limit": LIMIT, "results": results})


if __name__ == "__main__":
    main()
