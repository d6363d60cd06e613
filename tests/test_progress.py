"""Progress of runs and sweeps: nothing where nobody looks, a line in a notebook, both the callback and what is asked for."""

import sys
import types

import pytest

import jgd
from jgd.optimizers import sgd

SWEEP = {"space": {"learning_rate": [0.1]}, "seeds": 1, "steps": 2}


@pytest.fixture
def notebook(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipykernel", types.ModuleType("ipykernel"))


def test_a_run_and_a_sweep_in_a_notebook_are_a_line_each_without_a_hint(notebook, capsys):
    jgd.train("iris", sgd(0.1), steps=2)
    run = capsys.readouterr().err
    assert run.startswith("\r")
    assert run.endswith("\n")
    assert "2/2  loss" in run
    assert "validation accuracy" in run
    jgd.sweep("iris", "sgd", **SWEEP)
    swept = capsys.readouterr().err
    assert "\rcompile 100% · 1 of 1 programs" in swept
    assert "run 100%" in swept
    assert swept.count("\n") == 1


def test_nothing_is_written_to_a_file_or_beside_a_callback(capsys, monkeypatch):
    told = []
    jgd.sweep("iris", "sgd", **SWEEP)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    jgd.sweep("iris", "sgd", **SWEEP, callback=told.append)
    assert capsys.readouterr().err == ""
    jgd.sweep("iris", "sgd", **SWEEP, callback=lambda seen: told.append(seen.stage), progress=True)
    assert capsys.readouterr().err != ""
    assert told[-1] == "run"
    with pytest.raises(jgd.JgdError, match="progress must be True or False"):
        jgd.sweep("iris", "sgd", **SWEEP, progress="yes")
