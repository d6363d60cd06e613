"""What does a library user's own loop pay? `optimizer.update` against optax's, Adam, in the same run.

* jitted update: `jax.jit` of the update, called from a Python loop. jgd's optimizer is an argument, so another rate
  compiles nothing anew; optax's is a closure. Its numbers go to the device at each call; "numbers there" is with those of
  `jax.device_put(optimizer)`, which go once
* eager update: the same call outside jit
* first step: 500 leaves, from `init` to the end of the first jitted update, in a process of its own; imports apart
* import: `import jax, jgd` against `import jax`, in a process of its own; then also with the first optimizer made,
  as jgd imports its packages when they are asked for

CPU time of the whole process, medians over alternating rounds, and ratios of medians.

    python benchmarks/dispatch.py [--rounds 7] [--out benchmarks/results]
"""

import argparse
import itertools
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import measure
import optax

import jgd

LEAVES = 500
SIZES = {"jitted update": (64, 64, 10), "jitted update, tiny": (4, 3)}  # of the tiny one nearly all is dispatch
LIMITS = {
    "jitted update": 1.2,
    "jitted update, tiny": 1.2,
    "numbers there": 1.2,
    "numbers there, tiny": 1.2,
    "eager update": 1.0,
    "first step": 1.2,
    "import": 1.3,
}  # jgd's to the peer's
BEGIN = "import time; begin = time.process_time(); "
END = "; print(time.process_time() - begin)"
Step = Callable[[Any, Any, Any], tuple[Any, Any]]  # grads, state, params -> updates, state


def mlp(*sizes: int) -> Any:
    """Weights and biases of dense layers."""
    pairs = itertools.pairwise(sizes)
    return {f"layer{i}": {"weights": jnp.ones(pair), "bias": jnp.ones(pair[1])} for i, pair in enumerate(pairs)}


def many() -> Any:
    """500 leaves, as a deep network has them: a matrix and a bias in turn."""
    return {f"layer{i:03}": jnp.ones((16, 16) if i % 2 else 16) for i in range(LEAVES)}


def with_jgd(jitted: bool, there: bool = False) -> tuple[Any, Step]:
    optimizer = jgd.optimizers.adam(1e-3)
    optimizer = jax.device_put(optimizer) if there else optimizer
    update = lambda optimizer, grads, state, params: optimizer.update(grads, state, params)
    return optimizer, partial(jax.jit(update) if jitted else update, optimizer)


def with_optax(jitted: bool) -> tuple[Any, Step]:
    optimizer = optax.adam(1e-3)
    return optimizer, jax.jit(optimizer.update) if jitted else optimizer.update


LIBRARIES = {"jgd": with_jgd, "optax": with_optax}


def calls(
    make: Callable[[], tuple[Any, Step]], times: int, sizes: tuple[int, ...] = (64, 64, 10)
) -> Callable[[], float]:
    """A contender: µs of CPU a call."""
    params = mlp(*sizes)
    optimizer, update = make()
    state = optimizer.init(params)

    def run() -> float:
        now = update(params, state, params)
        jax.block_until_ready(now)
        begin = time.process_time()
        for _ in range(times):
            now = update(params, now[1], params)
        jax.block_until_ready(now)
        return (time.process_time() - begin) / times * 1e6

    return run


def first_step(library: str) -> float:
    """Seconds of CPU from `init` to the end of the first jitted update."""
    params = jax.block_until_ready(many())
    jgd.optimizers.adam(1e-3)  # imports are apart
    begin = time.process_time()
    optimizer, update = LIBRARIES[library](True)
    jax.block_until_ready(update(params, optimizer.init(params), params))
    return time.process_time() - begin


def printed(*call: str) -> float:
    """The number that a Python process prints; modules are byte-compiled once, as those of an installed package are."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run([sys.executable, *call], capture_output=True, text=True, check=True, env=env)
    return float(done.stdout)


def compare(rounds: int) -> dict[str, dict[str, list[float]]]:
    fresh = lambda call: {library: partial(printed, *call(library)) for library in LIBRARIES}
    imports = {
        "jgd": partial(printed, "-c", f"{BEGIN}import jax, jgd{END}"),
        "jax": partial(printed, "-c", f"{BEGIN}import jax{END}"),
    }
    used = {**imports, "jgd": partial(printed, "-c", f"{BEGIN}import jgd; jgd.optimizers.adam(0.1){END}")}
    jitted = {}
    for name, sizes in SIZES.items():
        makes = {library: partial(make, True) for library, make in LIBRARIES.items()}
        makes["there"] = partial(with_jgd, True, there=True)
        measured = measure.alternate({library: calls(make, 2000, sizes) for library, make in makes.items()}, rounds)
        there = measured.pop("there")
        jitted[name] = measured
        jitted[name.replace("jitted update", "numbers there")] = {**measured, "jgd": there}
    return {
        **jitted,
        "eager update": measure.alternate(
            {name: calls(partial(make, False), 50) for name, make in LIBRARIES.items()}, rounds
        ),
        "first step": measure.alternate(fresh(lambda name: (__file__, "--first-step", name)), min(rounds, 3)),
        "import": measure.alternate(imports, rounds),
        "import, first adam": measure.alternate(used, rounds),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    parser.add_argument("--first-step", choices=LIBRARIES, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.first_step:
        print(first_step(asked.first_step))
        return
    results = compare(asked.rounds)
    ratios = {}
    for name, cpu in results.items():
        ours, (peer, theirs) = statistics.median(cpu["jgd"]), next(item for item in cpu.items() if item[0] != "jgd")
        ratios[name] = ours / statistics.median(theirs)
        unit = "µs" if "update" in name or "there" in name else "s"
        print(
            f"{name:19} jgd {ours:8.2f} {unit}, {peer} {statistics.median(theirs):8.2f} {unit}: "
            f"{ratios[name]:.2f} × (limit {LIMITS.get(name, 'none')})"
        )
    path = measure.file_for(asked.out, "dispatch")
    measure.write(path, {"cpu": results, "ratios": ratios, "limits": LIMITS, "optax": optax.__version__})
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
