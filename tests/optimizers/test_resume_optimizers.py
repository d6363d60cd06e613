"""Killed and run again: the bits of an uninterrupted run, for every optimizer, schedule and order of rows."""

from itertools import cycle

import pytest
from helpers.resuming import ORDERS, SCHEDULES, survives
from rules import NAMED, QUICK

import jgd


def rotated():
    """Each optimizer once, (row, order, schedule), with the orders and the schedules in turn.

    A schedule is skipped where the method has no rate that may be one, or its state takes a number only.
    """
    rest, out = cycle(SCHEDULES), []
    for row, order in zip(NAMED.values(), cycle(ORDERS), strict=False):
        takes = "learning_rate" in row.hypers and "learning_rate" not in row.fixed
        out.append((row, order, next(rest) if takes else None))
    return out


CASES = rotated()
EACH = [
    pytest.param(
        *case, id=f"{case[0].name}-{case[1]}-{case[2]}", marks=() if case[0].name in QUICK else pytest.mark.slow
    )
    for case in CASES
]


@pytest.mark.slow
@pytest.mark.sampled
@pytest.mark.parametrize(("row", "order", "schedule"), EACH)
def test_a_run_survives(row, order, schedule, tmp_path, monkeypatch):
    optimizer = row.build() if schedule is None else row.build(learning_rate=SCHEDULES[schedule])
    whole = survives(optimizer, order, tmp_path, monkeypatch)
    assert whole.status == "max_steps"


def test_nothing_is_left_out():
    rows, used, falling = (set(column) for column in zip(*((r.name, o, s) for r, o, s in CASES), strict=True))
    assert rows == set(jgd.optimizers.registry)
    assert used == set(ORDERS)
    assert falling - {None} == set(SCHEDULES) == set(jgd.schedules.registry)
