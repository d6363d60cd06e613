"""Every number of every optimizer and schedule is swept: one program for all its values, and each value counts."""

from dataclasses import replace

import jax
import numpy as np
import pytest
from helpers.schedule_table import TABLE
from rules import PLAIN

import jgd

COMBINED = ("sum", "product", "join")  # made of schedules: they have no number of their own
SCHEDULES = {  # the plainest of each
    build: (name, numbers) for name, (build, numbers, *_) in reversed(TABLE.items()) if name not in COMBINED
}


def swept(task, name, build, numbers, factors):
    """Both configs in one block on one device; all numbers of the second one differ from the first one's."""
    rows = [{key: float(value * factor) for key, value in numbers.items()} for factor in factors]
    space = {key: list(dict.fromkeys(row[key] for row in rows)) for key in numbers}
    options = {"seeds": 1, "steps": 4, "batch_size": 15, "block": 2, "evaluate_every": 4, "devices": jax.devices()[:1]}
    return jgd.sweep(task, {name: build}, space, sampler=jgd.spaces.samplers.Table(rows), **options)


def check(name, build, numbers):
    plain, traces = jgd.tasks.get("iris"), []

    def loss(params, batch):
        traces.append(batch)
        return plain.loss(params, batch)

    task = replace(plain, loss=loss)
    found = swept(task, name, build, numbers, (1.0, 0.95))
    assert found.loss.shape == (2, 1, 4)
    assert (found.loss[0] != found.loss[1]).any()
    traced = len(traces)
    swept(task, name, build, numbers, (0.97, 0.9))
    assert len(traces) == traced  # other values are no other program


@pytest.mark.slow
@pytest.mark.sampled
@pytest.mark.parametrize("row", PLAIN)
def test_every_number_of_an_optimizer_is_swept(row):
    check(row.name, row.build, {name: value for name, value in row.hypers.items() if np.ndim(value) == 0})


def following(build, /, **structure):
    return lambda **numbers: jgd.optimizers.sgd(build(**numbers, **structure))


@pytest.mark.slow
@pytest.mark.sampled
@pytest.mark.parametrize("schedule", SCHEDULES, ids=[name for name, _ in SCHEDULES.values()])
def test_every_number_of_a_schedule_is_swept(schedule):
    name, given = SCHEDULES[schedule]
    numbers = {key: value for key, value in given.items() if isinstance(value, float)}
    check(name, following(schedule, **{k: v for k, v in given.items() if k not in numbers}), numbers)
