"""A small task for the tests of sweeps: iris, softmax regression, 90 training rows in batches of 15."""

import functools
from dataclasses import replace

import jax
import numpy as np
from scipy import stats

import jgd

WILD = {"learning_rate": [0.1, 1e9, 0.3]}
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


@functools.cache
def by_loss():
    """Chosen by its loss, which doesn't tie: the best of seven rates is the largest, by far."""
    return replace(task(), metric="loss", larger_is_better=False)


@functools.cache
def fragile():
    """Iris with a penalty that makes plain descent unstable at high rates; it is chosen by its loss."""
    penalized = lambda params, rows: (
        task().loss(params, rows)
        + sum((jax.numpy.sum(leaf**2) for leaf in jax.tree.leaves(params)), start=jax.numpy.zeros(()))
    )
    return replace(task(), loss=penalized, metric="loss", larger_is_better=False)


@functools.cache
def wild():
    """Squared weights blow up at a rate of 1e9, in one step."""
    return sweep(space=WILD, on=fragile())


class Crash(Exception):
    """What `crashing` raises."""


def crashing(after):
    """A callback that raises after some reports of running."""
    seen = []

    def callback(progress):
        seen.append(progress)
        if progress.stage == "run" and len(seen) > after:
            raise Crash

    return callback


def same(found, other):
    """Assert that two sweeps have measured the same bits and decided the same."""
    np.testing.assert_array_equal(found.reached, other.reached)
    np.testing.assert_array_equal(found.loss, other.loss)
    np.testing.assert_array_equal(found.diverged_at, other.diverged_at)
    for name, values in found.validation.items():
        np.testing.assert_array_equal(values, other.validation[name])
    assert found.rounds == other.rounds


def by_hand(found, values, confidence=0.95):
    """Assert that an estimate is Student's interval of the values."""
    error = stats.sem(values)
    low, high = (
        stats.t.interval(confidence, len(values) - 1, loc=np.mean(values), scale=error)
        if error
        else (np.mean(values),) * 2
    )
    want = [np.mean(values), error, low, high]
    got = [found.mean, found.standard_error, found.low, found.high]
    ends = 2 if found.method == "score" else 4  # of a share whose interval would leave 0 … 1
    np.testing.assert_allclose(got[:ends], want[:ends], rtol=1e-6)
    np.testing.assert_allclose(found.half_width, (got[3] - got[2]) / 2, rtol=1e-6, atol=1e-12)
