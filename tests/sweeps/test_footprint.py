"""memory=: the width of a block follows from what XLA says that its program takes, as a line in the width."""

import pytest
from helpers.sweeping import RATES, sweep

import jgd
from jgd.sweeps.engine.footprint import footprint

pytestmark = pytest.mark.slow


def plan(**options):
    return sweep("adam", on=jgd.tasks.get("iris", "mlp"), steps=0, **options).plan


def test_a_line_through_two_widths_tells_a_third():
    made = plan()
    group, batches = made.groups[0], made.batches[0]
    values = {"learning_rate": RATES[0]}
    narrow = footprint(group.build, values, made.task, batches)
    wide = footprint(group.build, values, made.task, batches, widths=(15, 16))
    assert wide.of(16) == pytest.approx(narrow.of(16), rel=0.02)
    assert narrow.lane > 4 * 3 * 500  # parameters and Adam's two moments of some 500 numbers, at the least


def test_the_block_is_narrowed_to_what_fits():
    takes = plan(memory=10**9).footprints[0]
    limit = takes.of(5) + 100
    found = sweep("adam", on=jgd.tasks.get("iris", "mlp"), block=None, memory=limit)
    assert found.cost["block_width"] == 5
    assert found.cost["planned_bytes"] == takes.of(5) <= limit
    with pytest.raises(jgd.JgdError, match=r"memory must be at least [\d,]+ bytes for a block of 8, got 1,000"):
        sweep("adam", on=jgd.tasks.get("iris", "mlp"), block=8, memory=1000)
