"""Every optimizer of the registry on five problems, each at its best learning rate of a grid.

    python benchmarks/convergence.py [--only adam,muon | --missing] [--out part.json] [--write part.json …]

All rates of the grid (half decades from 1e-4 to 10; methods without one run as they are) and three seeds of a problem are
lanes of one program; what counts is the mean of the last loss on validation rows at the best rate. --out saves the
numbers, --write puts the table of saved ones into docs/optimizers.md and benchmarks/results/convergence.json. For methods that
came later: --missing --out part.json, then --write benchmarks/results/convergence.json part.json. It is a record that
each method works, not a ranking: only the learning rate is tuned, for a few hundred steps.
"""

import argparse
import inspect
import json
import sys
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from measure import machine

import jgd
from jgd.core import seeds
from jgd.core.strict_json import without_nan
from jgd.data import Batches

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "convergence.json"
PAGE = ROOT / "docs" / "optimizers.md"
BEGIN, END = "<!-- begin: benchmarks/convergence.py -->", "<!-- end -->"
RATES = np.array([float(f"{10 ** (k / 2):.3g}") for k in range(-8, 3)], np.float32)
SEEDS = (0, 1, 2)
NOTHING = np.zeros(1, np.float32)
SETTINGS = {"dp_sgd": {"l2_norm_clip": 1.0, "noise_multiplier": 0.5}}  # what has no default


def on_landscape(name: str) -> jgd.Task:
    each = jgd.landscapes.get(name)
    return jgd.Task(name, lambda key: each.start, each, NOTHING, NOTHING, NOTHING)


def noisy_quadratic() -> jgd.Task:
    """Σ cᵢ (wᵢ − ξᵢ)²/2 in ten dimensions, curvatures 1 … 100, ξ standard normal for each example."""
    rows = np.random.default_rng(0).standard_normal((1200, 10)).astype(np.float32)
    train, rest = rows[:1000], rows[1000:]
    return jgd.Task("noisy_quadratic", lambda key: jnp.full(10, 3.0), noisy, train, train, rest)


def noisy(w, rows):
    curvature = jnp.logspace(0, 2, 10, dtype=w.dtype)
    return jnp.mean(jnp.sum(curvature[None] * (w[None] - rows) ** 2, axis=1)) / 2


# name -> (task, steps, batch size, what is subtracted: the loss that no method can go below)
PROBLEMS = {
    "parabola": (lambda: on_landscape("ill_conditioned"), 500, None),
    "rosenbrock": (lambda: on_landscape("rosenbrock"), 2000, None),
    "noisy quadratic": (noisy_quadratic, 1000, 10),
    "logistic": (lambda: jgd.tasks.get("breast_cancer"), 300, 64),
    "digits MLP": (lambda: jgd.tasks.get("digits"), 300, 64),
}


def least(name: str, task: jgd.Task) -> float:
    """The lowest value of the loss, which the table subtracts where it is known."""
    if name == "noisy quadratic":
        return float(noisy(jnp.asarray(task.train).mean(axis=0), jnp.asarray(task.train)))
    return 0.0


def around(build, learning_rate):
    return build(jgd.optimizers.sgd(learning_rate))


def indices(rows: int, steps: int, size: int | None) -> np.ndarray:
    """(seeds, steps, size): whole batches of shuffled epochs, the same for every method."""
    if size is None:
        return np.zeros((len(SEEDS), steps, 1), np.int32)
    batches, out = Batches(rows, size), []
    for seed in SEEDS:
        key = seeds.key(seed, seeds.Stream.ORDER)
        epochs = (np.asarray(batches.permutation(key, epoch)) for epoch in range(-(-steps // (rows // size))))
        whole = [order[: rows // size * size].reshape(-1, size) for order in epochs]
        out.append(np.concatenate(whole)[:steps])
    return np.stack(out)


def cell(optimizer: str, name: str, task: jgd.Task, steps: int, size: int | None) -> dict:
    """One cell of the table: the best end, its rate, and how many lanes diverged."""
    build = jgd.optimizers.get(optimizer)
    build = partial(build, **SETTINGS.get(optimizer, {}))
    if "base_optimizer" in inspect.signature(build).parameters:  # around plain descent, at its rate
        build = partial(around, build)
    swept = "learning_rate" in inspect.signature(build).parameters
    rates = RATES if swept else RATES[:1]
    params = [task.init(jgd.init_key(seed)) for seed in SEEDS]
    params = jax.tree.map(lambda *leaves: jnp.stack(leaves), *params)
    train, validation = jax.tree.map(jnp.asarray, (task.train, task.validation))
    picked = jnp.asarray(indices(len(jax.tree.leaves(task.train)[0]), steps, size))

    def end(rate, start, picked):
        made = build(learning_rate=rate) if swept else build()

        def one(progress, rows):
            batch = jax.tree.map(lambda a: a[rows], train)
            return jgd.step(task.loss, made, progress, batch)[0], None

        last = jax.lax.scan(one, jgd.start(made, start), picked)[0]
        return task.loss(made.eval_params(last.opt_state, last.params), validation)

    over_seeds = jax.vmap(end, in_axes=(None, 0, 0))
    ends = np.asarray(jax.jit(jax.vmap(over_seeds, in_axes=(0, None, None)))(jnp.asarray(rates), params, picked))
    means = np.where(np.isfinite(ends).all(axis=1), ends.astype(np.float64).mean(axis=1), np.inf)
    best = int(means.argmin())
    return {
        "loss": float(means[best]) - least(name, task),
        "learning_rate": float(f"{rates[best]:.3g}") if swept else None,
        "diverged": int((~np.isfinite(ends)).sum()),
        "lanes": int(ends.size),
    }


def table(cells: dict[str, dict[str, dict]]) -> str:
    lines = ["| optimizer | " + " | ".join(PROBLEMS) + " |", "|---|" + "---|" * len(PROBLEMS)]
    for optimizer, row in cells.items():
        words = []
        for problem in PROBLEMS:
            cell = row.get(problem)
            if cell is None or "error" in cell:
                words.append("–")
            else:
                loss = np.inf if cell["loss"] is None else cell["loss"]  # strict JSON has no infinity
                at = "" if cell["learning_rate"] is None else f" ({cell['learning_rate']:g})"
                words.append(f"{loss:.2g}{at}")
        lines.append(f"| `{optimizer}` | " + " | ".join(words) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="names of optimizers, with commas between")
    parser.add_argument("--missing", action="store_true", help="those that the published numbers lack")
    parser.add_argument("--out", type=Path, help="save the numbers here")
    parser.add_argument("--write", type=Path, nargs="+", help="saved numbers to publish")
    chosen = parser.parse_args()
    if chosen.write:
        publish([json.loads(part.read_text()) for part in chosen.write])
        return
    names = chosen.only.split(",") if chosen.only else list(jgd.optimizers.registry)
    if chosen.missing:
        there = json.loads(RESULTS.read_text())["cells"]
        names = [name for name in names if name not in there]
    tasks = {name: (build(), steps, size) for name, (build, steps, size) in PROBLEMS.items()}
    cells: dict[str, dict[str, dict]] = {}
    for optimizer in names:
        cells[optimizer] = {}
        for name, (task, steps, size) in tasks.items():
            try:
                cells[optimizer][name] = cell(optimizer, name, task, steps, size)
            except jgd.JgdError as refused:  # a method that needs what this problem hasn't got
                cells[optimizer][name] = {"error": str(refused)}
        print(table({optimizer: cells[optimizer]}).splitlines()[-1], flush=True)
        if chosen.out:
            chosen.out.write_text(as_json(machine(), cells))
        jax.clear_caches()  # hundreds of programs would fill the memory


def as_json(made_on: dict, cells: dict) -> str:
    """A loss that is infinite, as every lane diverged, is null."""
    return json.dumps(without_nan({"machine": made_on, "cells": cells}), indent=1, allow_nan=False) + "\n"


def publish(parts: list[dict]) -> None:
    """The table into the page, the numbers into benchmarks/results/."""
    found = {name: row for part in parts for name, row in part["cells"].items()}
    cells = {name: found[name] for name in jgd.optimizers.registry if name in found}
    RESULTS.write_text(as_json(parts[0]["machine"], cells))
    page = PAGE.read_text(encoding="utf-8")
    head, rest = page.split(BEGIN)
    PAGE.write_text(f"{head}{BEGIN}\n{table(cells)}\n{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
