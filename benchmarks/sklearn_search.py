"""A cross-validated search as one sweep, beside scikit-learn's `GridSearchCV` with two processes: seconds to the result.

The digits, scaled by a pipeline, a perceptron 64-32-10 in batches of 128 over 20 epochs; 24 learning rates × 5 folds, and the
best fitted on all rows. Each contender is a process of its own, from its start to its end: importing, compiling and (for
joblib) starting its workers count. Rounds alternate. CPU seconds are those of the process and of the workers that it has
waited for.

    python benchmarks/sklearn_search.py [--rounds 3] [--rates 24] [--epochs 20] [--out benchmarks/results]
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

CONTENDERS = ("VectorizedSearchCV", "GridSearchCV, n_jobs=2")


def search(name: str, rates: int, epochs: int) -> None:
    """One contender; prints what it found."""
    import numpy as np
    from sklearn.datasets import load_digits
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from jgd.sklearn import GradientDescentClassifier, VectorizedSearchCV

    model = GradientDescentClassifier("mlp", hidden=32, batch_size=128, epochs=epochs, random_state=0)
    pipeline = make_pipeline(StandardScaler(), model)
    grid = {"gradientdescentclassifier__learning_rate": np.geomspace(1e-4, 1e-1, rates).tolist()}
    one = name == CONTENDERS[0]
    found = VectorizedSearchCV(pipeline, grid, cv=5) if one else GridSearchCV(pipeline, grid, cv=5, n_jobs=2)
    found.fit(*load_digits(return_X_y=True))
    print(json.dumps({"rate": found.best_params_.popitem()[1], "score": found.best_score_}))


def timed(name: str, options: argparse.Namespace) -> dict[str, float]:
    """A contender in a fresh process: its seconds, those of its CPUs, and what it found."""
    words = [sys.executable, __file__, "--only", name, "--rates", str(options.rates), "--epochs", str(options.epochs)]
    spent = lambda: sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    before, begin = spent(), time.perf_counter()
    out = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    wall = time.perf_counter() - begin
    return {"seconds": wall, "cpu_seconds": spent() - before, "load": os.getloadavg()[0], **json.loads(out)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rates", type=int, default=24)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    parser.add_argument("--only", choices=CONTENDERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        search(options.only, options.rates, options.epochs)
        return
    rounds = [{name: timed(name, options) for name in CONTENDERS} for _ in range(options.rounds)]
    ours, theirs = CONTENDERS
    ratio = lambda key: statistics.median(each[theirs][key] / each[ours][key] for each in rounds)
    told = {"rounds": rounds, "seconds_ratio": ratio("seconds"), "cpu_seconds_ratio": ratio("cpu_seconds")}
    for name in CONTENDERS:
        seconds, cpu = (statistics.median(each[name][key] for each in rounds) for key in ("seconds", "cpu_seconds"))
        print(f"{name:24} {seconds:7.1f} s  {cpu:7.1f} CPU s  {rounds[-1][name]['score']:.4f}")
    print(
        f"{theirs} takes {told['seconds_ratio']:.2f} times the seconds, {told['cpu_seconds_ratio']:.2f} times the CPU"
    )
    import measure  # imports jax: only after the contenders have run

    options.out.mkdir(exist_ok=True)
    kept = {"machine": measure.machine(), "rates": options.rates, "epochs": options.epochs, **told}
    measure.file_for(options.out, "sklearn_search").write_text(json.dumps(kept, indent=2) + "\n")


if __name__ == "__main__":
    main()
