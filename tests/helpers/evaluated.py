"""A run and a sweep evaluate with the same bits, also where the rows fill more than one piece; run as a script."""

import sys
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np

import jgd

sys.path.insert(0, str(Path(__file__).parents[1]))
from helpers import sweeping


def task() -> jgd.Task:
    small = sweeping.task()
    return replace(small, validation=jax.tree.map(lambda leaf: np.concatenate([leaf] * 240), small.validation))


def main() -> None:
    large = task()
    options = {"steps": 3, "batch_size": 15, "evaluate_every": 3}
    found = jgd.sweep(large, "sgd", {"learning_rate": 0.1}, seeds=[0], block=1, **options)
    run = jgd.train(
        large.loss,
        jgd.optimizers.sgd(0.1),
        large.init(jgd.init_key(0)),
        large.train,
        validation=large.validation,
        metrics=large.metrics,
        **options,
    )
    for name, values in found.validation.items():
        print(name, bool(values[0, 0, -1] == run.evaluations[name][-1]))


if __name__ == "__main__":
    main()
