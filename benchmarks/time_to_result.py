"""Time to a result: from the start of a process to the best of a search, imports and compilation counted.

configs × seeds of Adam (rate, b1, b2), 300 steps at batch 64, on four tasks and at four sizes; every contender in a
process of its own, in turn, wall and CPU seconds of each. jgd runs three times: with an empty cache of compiled
programs on the disk, with a warm one, and a second time in the same process. Its peers are written by hand (by_hand.py):

* Optuna's TPE and its random sampler around a train function that is jitted once; seeds in a loop, or vmapped;
* the whole sweep as one vmap, on one device and split over all;
* a warm scan, one run after the other, in one process a core;
* hyperoptax' random search, which vmaps runs (one seed a config), where it is installed.

    python benchmarks/time_to_result.py [--tasks softmax mlp] [--sizes 8x3 64x4] [--rounds 3] [--out benchmarks/results]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

TASKS = {
    "softmax": ("digits", "softmax"),
    "mlp": ("digits", "mlp"),
    "logistic": ("breast_cancer", "logistic"),
    "cnn": ("digits", "cnn"),
}
SIZES = {"1x10": (1, 10), "8x3": (8, 3), "64x4": (64, 4), "1000x4": (1000, 4)}
STEPS = 300
RANGES = {"rate": (1e-5, 1.0), "b1": (0.01, 0.9), "b2": (1e-4, 0.5)}  # log-uniform; of b1 and b2 the distance from 1
SLOW = 100  # configs from which a contender that runs them one by one in Python is left out


def jgd_sweep(task: str, configs: int, seeds: int, data: Path) -> float:
    """`jgd.sweep` with its defaults, on all cores."""
    import jgd
    from jgd import spaces

    name, model = TASKS[task]

    def adam(learning_rate, b1, b2):
        return jgd.optimizers.adam(learning_rate, b1, b2)

    on = _own_task(data) if task == "cnn" else jgd.tasks.get(name, model)
    space = jgd.space(
        learning_rate=spaces.log_uniform(*RANGES["rate"]),
        b1=spaces.one_minus_log_uniform(*RANGES["b1"]),
        b2=spaces.one_minus_log_uniform(*RANGES["b2"]),
    )
    found = jgd.sweep(on, adam, space, samples=configs, seeds=seeds, steps=STEPS, batch_size=64)
    return float(found.best.validation.mean)


def _own_task(data: Path) -> Any:
    """The convolutional network as a user brings it: plain functions."""
    import jax.numpy as jnp
    import numpy as np
    import optax
    from by_hand import cnn

    import jgd

    rows = np.load(data)
    init, logits = cnn(rows["x"].shape[1])

    def loss(params, batch):
        return optax.softmax_cross_entropy_with_integer_labels(logits(params, batch[0]), batch[1]).mean()

    def accuracy(params, batch):
        return jnp.mean(logits(params, batch[0]).argmax(-1) == batch[1], dtype=jnp.float32)

    return jgd.Task(
        name="digits cnn",
        init=init,
        loss=loss,
        train=(rows["x"], rows["y"]),
        validation=(rows["vx"], rows["vy"]),
        test=(rows["vx"], rows["vy"]),
        metrics={"accuracy": accuracy},
        metric="accuracy",
        larger_is_better=True,
    )


def jgd_twice(task: str, configs: int, seeds: int, data: Path) -> float:
    """The second of two sweeps in a process; only it is timed."""
    value = jgd_sweep(task, configs, seeds, data)
    Clock.restart()
    return max(value, jgd_sweep(task, configs, seeds, data))


def _train(task: str, data: Path) -> Callable:
    import numpy as np
    from by_hand import train_function

    return train_function(task, dict(np.load(data)), STEPS)


def _sampled(configs: int) -> Any:
    """(configs, 3): the rates, b1 and b2 of a random search."""
    import numpy as np

    low, high = np.log(np.array(list(RANGES.values()))).T
    drawn = np.exp(np.random.default_rng(0).uniform(low, high, (configs, 3)))
    drawn[:, 1:] = 1 - drawn[:, 1:]
    return drawn.astype(np.float32)


def _optuna(sampler: str, vmapped: bool) -> Callable[[str, int, int, Path], float]:
    def contender(task: str, configs: int, seeds: int, data: Path) -> float:
        import jax
        import jax.numpy as jnp
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        train = _train(task, data)
        many = jax.jit(jax.vmap(train, (None, None, None, 0)) if vmapped else train)

        def objective(trial: Any) -> float:
            suggest = lambda name: trial.suggest_float(name, *RANGES[name], log=True)
            rate, b1, b2 = suggest("rate"), 1 - suggest("b1"), 1 - suggest("b2")
            if vmapped:
                return float(many(rate, b1, b2, jnp.arange(seeds)).mean())
            return sum(float(many(rate, b1, b2, seed)) for seed in range(seeds)) / seeds

        samplers = {"tpe": optuna.samplers.TPESampler, "random": optuna.samplers.RandomSampler}
        study = optuna.create_study(direction="maximize", sampler=samplers[sampler](seed=0))
        study.optimize(objective, n_trials=configs)
        return study.best_value

    return contender


def _vmapped(all_devices: bool) -> Callable[[str, int, int, Path], float]:
    def contender(task: str, configs: int, seeds: int, data: Path) -> float:
        from concurrent.futures import ThreadPoolExecutor

        import numpy as np

        if all_devices:
            os.environ["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={len(os.sched_getaffinity(0))}"
        import jax

        devices = jax.devices()
        drawn = np.repeat(_sampled(configs), seeds, axis=0)
        columns = [*drawn.T, np.tile(np.arange(seeds), configs)]
        many = jax.jit(jax.vmap(_train(task, data)))
        share = lambda i: jax.device_get(many(*jax.device_put([c[i :: len(devices)] for c in columns], devices[i])))
        out = np.empty(len(drawn))
        with ThreadPoolExecutor(len(devices)) as pool:
            for i, accuracies in enumerate(pool.map(share, range(len(devices)))):
                out[i :: len(devices)] = accuracies
        return float(out.reshape(configs, seeds).mean(1).max())

    return contender


def serial_processes(task: str, configs: int, seeds: int, data: Path) -> float:
    """A warm scan, one run after the other, in a process for each core."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    cores = len(os.sched_getaffinity(0))
    arguments = [(task, configs, seeds, data, first, cores) for first in range(cores)]
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        shares = list(pool.map(_serial, *zip(*arguments, strict=True)))
    return max(value for share in shares for value in share)


def _serial(task: str, configs: int, seeds: int, data: Path, first: int, stride: int) -> list[float]:
    import jax

    train = jax.jit(_train(task, data))
    mine = _sampled(configs)[first::stride]
    return [sum(float(train(*config, seed)) for seed in range(seeds)) / seeds for config in mine]


def hyperoptax_random(task: str, configs: int, seeds: int, data: Path) -> float:
    """Its random search (of 0.2) over one seed a config: it has no seeds, so that it does a `seeds`-th of the work."""
    import jax
    from hyperoptax import LogSpace, RandomSearch

    train = _train(task, data)
    spaces = {name: LogSpace(*bounds) for name, bounds in RANGES.items()}
    state, search = RandomSearch.init(spaces, n_parallel=min(configs, 64))
    score = lambda key, p: train(p["rate"], 1 - p["b1"], 1 - p["b2"], jax.random.bits(key))
    _, (_, scores) = search.optimize_scan(state, jax.random.key(1), score, n_iterations=-(-configs // min(configs, 64)))
    return float(scores.max())


CONTENDERS: dict[str, Callable[[str, int, int, Path], float]] = {
    "jgd, cold cache": jgd_sweep,
    "jgd, warm cache": jgd_sweep,
    "jgd, second sweep": jgd_twice,
    "optuna tpe, seeds vmapped": _optuna("tpe", True),
    "optuna tpe, seeds in a loop": _optuna("tpe", False),
    "optuna random, seeds vmapped": _optuna("random", True),
    "vmap by hand, one device": _vmapped(False),
    "vmap by hand, all devices": _vmapped(True),
    "serial scan, a process a core": serial_processes,
    "hyperoptax random, one seed": hyperoptax_random,
}


class Clock:
    """Wall and CPU seconds since the process began, or since `restart`."""

    wall, cpu = 0.0, 0.0

    @classmethod
    def restart(cls) -> None:
        cls.wall, cls.cpu = time.time(), time.process_time()


def child(contender: str, task: str, size: str, data: Path, begun: float) -> None:
    """Run one contender and print what it found and took."""
    Clock.wall = begun
    value = CONTENDERS[contender](task, *SIZES[size], data)
    used = os.times()
    print(
        json.dumps(
            {
                "value": value,
                "wall": time.time() - Clock.wall,
                "cpu": time.process_time() - Clock.cpu + used.children_user + used.children_system,
            }
        )
    )


def export(task: str, path: Path) -> None:
    """The rows that all contenders see, as jgd's task splits and scales them."""
    import numpy as np

    import jgd

    made = jgd.tasks.get(*(("digits", "mlp") if task == "cnn" else TASKS[task]))
    np.savez(path, x=made.train[0], y=made.train[1], vx=made.validation[0], vy=made.validation[1])


def measured(contender: str, task: str, size: str, data: Path, cache: Path) -> dict[str, float]:
    """One run in a process of its own; raises for one that fails."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("JAX_", "JGD_"))}
    env |= {
        "JAX_PLATFORMS": os.environ.get("JAX_PLATFORMS", "cpu"),
        "JGD_CACHE": str(cache),
        "XDG_CACHE_HOME": str(cache),
    }
    command = [sys.executable, __file__, "--child", contender, task, size, str(data), str(time.time())]
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    if done.returncode:
        raise RuntimeError(f"{contender} on {task} {size}: {done.stderr.strip()[-400:]}")
    return json.loads(done.stdout.splitlines()[-1])


def available(contender: str, size: str) -> bool:
    """Whether a contender is installed, and not too slow for this size."""
    from importlib.util import find_spec

    if contender.startswith("optuna") and SIZES[size][0] >= SLOW:
        return False
    needs = {"optuna": "optuna", "hyperoptax": "hyperoptax"}.get(contender.split()[0])
    return needs is None or find_spec(needs) is not None


def main() -> None:
    """Measure what is asked for; each cell is written when it is done."""
    import measure

    if sys.argv[1:2] == ["--child"]:
        contender, task, size, data, begun = sys.argv[2:7]
        return child(contender, task, size, Path(data), float(begun))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    asked = parser.parse_args()
    cells: dict[str, Any] = {}
    loads: dict[str, float] = {}  # of the machine when a cell was done
    for task in asked.tasks:
        for size in asked.sizes:
            with tempfile.TemporaryDirectory() as folder:
                data = Path(folder) / "rows.npz"
                export(task, data)
                names = [name for name in asked.contenders if available(name, size)]
                runs: dict[str, list[dict[str, float]]] = {name: [] for name in names}
                for round_ in range(asked.rounds):
                    for name in names:
                        cache = Path(folder) / ("warm" if name == "jgd, warm cache" else f"{name}-{round_}")
                        if name == "jgd, warm cache" and round_ == 0:
                            measured(name, task, size, data, cache)  # fills the cache
                        runs[name].append(measured(name, task, size, data, cache))
            cells[f"{task} {size}"], loads[f"{task} {size}"] = runs, os.getloadavg()[0]
            print(f"\n{task}, {size} (configs x seeds), {STEPS} steps; load {os.getloadavg()[0]:.1f}", flush=True)
            for name, rows in runs.items():
                wall, cpu = (statistics.median(row[what] for row in rows) for what in ("wall", "cpu"))
                print(f"  {name:32} wall {wall:7.2f} s   CPU {cpu:7.2f} s   best {rows[-1]['value']:.4f}", flush=True)
            measure.write(measure.file_for(asked.out, "time_to_result"), {"loads": loads, "runs": cells})
    return None


if __name__ == "__main__":
    main()
