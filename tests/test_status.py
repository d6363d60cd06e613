"""Statuses: members that are their text, and the record of a run's end."""

import json
import pickle

import pytest

import jgd
from jgd import RunEnd, Status


@pytest.mark.parametrize("status", Status)
def test_a_status_is_its_text(status):
    assert status == status.value == f"{status}"
    assert repr(status) == repr(status.value)
    assert json.loads(json.dumps(status)) == status
    assert Status(status.value) is status is pickle.loads(pickle.dumps(status))


def test_a_run_is_broken_where_an_update_was_refused():
    assert {status for status in Status if status.broken} == {"diverged", "nonfinite", "nonfinite_loss"}


def test_an_end_reads_as_a_sentence():
    assert str(RunEnd(Status.MAX_STEPS, 3)) == "max_steps at step 3"
    assert str(RunEnd(Status.TARGET, 3, "loss <= 1")) == "target at step 3: loss <= 1"


def test_a_run_has_its_status_and_its_end():
    run = jgd.train(lambda w, _: w**2, jgd.optimizers.sgd(0.1), 1.0, steps=3)
    assert run.status is Status.MAX_STEPS is run.end.status
    assert run.end == RunEnd(Status.MAX_STEPS, 3)
    assert repr(run).startswith("Run(max_steps at step 3")
