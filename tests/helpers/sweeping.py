"""A small task for the tests of sweeps: iris, softmax regression, 90 training rows in batches of 15."""

import functools
from dataclasses import replace

import jgd

RATES = jgd.spaces.log_grid(1e-2, 1.0, 7)


@functools.cache
def task() -> jgd.Task:
    return jgd.tasks.get("iris")


def sweep(recipes="sgd", space=None, *, on=None, **options) -> jgd.Sweep:
    """By default seven rates in blocks of four, two seeds, 12 steps, two looks at the validation rows."""
    options = {"seeds": 2, "steps": 12, "batch_size": 15, "block": 4, "evaluate_every": 6, **options}
    return jgd.sweep(on or task(), recipes, {"learning_rate": RATES} if space is None else space, **options)


@functools.cache
def usual() -> jgd.Sweep:
    """One sweep that many tests look at: plain descent and Adam."""
    return sweep(["sgd", "adam"])


def counting():
    """The task with a loss that notes the number of rows at each of its traces, and those notes."""
    traces = []

    def loss(params, batch):
        traces.append(len(batch[0]))
        return task().loss(params, batch)

    return replace(task(), loss=loss), traces
