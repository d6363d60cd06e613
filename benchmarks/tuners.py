"""Which tuner: random, TPE, GP, CMA-ES, Hyperband and a race at equal steps, and random search for as long as TPE took.

Three tasks, each tuned several times: three numbers of AdamW (rate, 1 − b1, weight decay). Every tuner has about the steps of
32 configs at 3 seeds: Hyperband begins with more configs, a race with fewer and goes up to 9 seeds. Its pick is trained again
on fresh seeds, and only that counts: the table has the gap to the best that any tuner has found on the task, in log₁₀ of the
validation loss. Each task's programs are compiled before the clock starts. GP needs torch and CMA-ES cmaes: without them
they are left out, and said to be.

    python benchmarks/tuners.py [--studies 3] [--steps 81] [--out benchmarks/results]
"""

import argparse
import time
import warnings
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import measure
import numpy as np

import jgd
from jgd.spaces.samplers import Random
from jgd.sweeps import OptunaSampler

TASKS = ("iris", "breast_cancer", "diabetes")
SPACE = {
    "learning_rate": jgd.spaces.log_uniform(1e-5, 10),
    "b1": jgd.spaces.one_minus_log_uniform(0.01, 1),
    "weight_decay": jgd.spaces.log_uniform(1e-5, 1),
}
CONFIGS, SEEDS, FRESH, BATCH = 32, 3, 10, 8
NEEDS = {"gp": "torch", "cmaes": "cmaes"}


def tuners(study: int) -> dict[str, dict[str, Any]]:
    """Name -> the arguments of its sweep."""
    draw = {"sampler": Random(study), "samples": CONFIGS, "seeds": SEEDS}
    learns = lambda name: {"sampler": OptunaSampler(name, BATCH, study), "samples": CONFIGS, "seeds": SEEDS}
    return {
        "random": draw,
        **{name: learns(name) for name in OptunaSampler.METHODS if find_spec(NEEDS.get(name, "optuna"))},
        "Hyperband": {**draw, "samples": 118, "policy": jgd.Hyperband(3)},
        "race": {**draw, "seeds": 9, "samples": 24, "policy": jgd.RacingSeeds(2)},
    }


def tuned(task: jgd.Task, steps: int, asked: dict[str, Any]) -> dict[str, Any]:
    """What a tuner's pick is worth on fresh seeds, its steps and its seconds."""
    begin = time.perf_counter()
    found = jgd.sweep(task, "adamw", SPACE, steps=steps, batch_size=32, block=16, progress=False, **asked)
    seconds = time.perf_counter() - begin
    sure = found.confirm(seeds=range(1000, 1000 + FRESH), picks=found.best)
    return {
        "loss": sure.confirmed[0].validation.mean,
        "steps": found.cost["steps"],
        "seconds": seconds,
        "configs": len(found.configs),
    }


def studied(name: str, steps: int, studies: int) -> dict[str, list[dict[str, Any]]]:
    task = replace(jgd.tasks.get(name), metric="loss", larger_is_better=False)
    tuned(task, steps, {"sampler": Random(10**6), "samples": CONFIGS, "seeds": 1})  # compiles
    out: dict[str, list[dict[str, Any]]] = {}
    for study in range(studies):
        for tuner, asked in tuners(study).items():
            out.setdefault(tuner, []).append(tuned(task, steps, asked))
        longer = out["tpe"][-1]["seconds"] / out["random"][-1]["seconds"]
        asked = {**tuners(study)["random"], "samples": max(1, round(CONFIGS * longer))}
        out.setdefault("random, TPE's time", []).append(tuned(task, steps, asked))
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=3)
    parser.add_argument("--steps", type=int, default=81)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    asked = parser.parse_args()
    warnings.filterwarnings("ignore", category=FutureWarning)
    results = {name: studied(name, asked.steps, asked.studies) for name in TASKS}
    print(
        f"{asked.studies} studies; the gap in log10 loss on fresh seeds, mean (worst) · steps over random's · seconds"
    )
    print(f"{'':20}" + "".join(f"{name:>32}" for name in TASKS))
    for tuner in next(iter(results.values())):
        line = f"{tuner:20}"
        for by_tuner in results.values():
            best = min(each["loss"] for every in by_tuner.values() for each in every)
            gaps = [np.log10(each["loss"] / best) for each in by_tuner[tuner]]
            mean = lambda key, of: float(np.mean([each[key] for each in of]))
            steps = mean("steps", by_tuner[tuner]) / mean("steps", by_tuner["random"])
            line += f"{np.mean(gaps):12.3f} ({max(gaps):.3f}){steps:6.2f}{mean('seconds', by_tuner[tuner]):7.2f}"
        print(line)
    for method, package in NEEDS.items():
        if not find_spec(package):
            print(f"{method} was left out: it needs {package}")
    path = measure.file_for(asked.out, "tuners")
    measure.write(path, {"studies": asked.studies, "steps": asked.steps, "tuners": results})
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
