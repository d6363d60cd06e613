"""Progress of runs and sweeps: nothing where nobody looks, a line in a notebook, both the callback and what is asked for."""

import sys
import types

import pytest

import jgd
from jgd.core import text_line
from jgd.optimizers import sgd

SWEEP = {"space": {"learning_rate": [0.1]}, "seeds": 1, "steps": 2}


@pytest.fixture
def notebook(monkeypatch):
    """What the cell shows: a list for each line, of its states."""
    lines = []

    def display(data, raw, display_id):
        lines.append([data["text/plain"]])
        return types.SimpleNamespace(update=lambda data, raw: lines[-1].append(data["text/plain"]))

    ipython, shown = types.ModuleType("IPython"), types.ModuleType("IPython.display")
    ipython.get_ipython, shown.display = lambda: types.SimpleNamespace(kernel=None), display
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", shown)
    return lines


def test_a_run_and_a_sweep_in_a_notebook_are_a_line_each_without_a_hint(notebook, capsys, monkeypatch):
    jgd.train("iris", sgd(0.1), steps=2, progress=True)
    jgd.sweep("iris", "sgd", **SWEEP, progress=True)
    run, swept = notebook
    assert run[-1].startswith("2/2  loss")
    assert "validation accuracy" in run[-1]
    assert swept[0] == "compile 100% · 1 of 1 programs"
    assert swept[-1].startswith("run 100%")
    monkeypatch.setattr(text_line, "EVERY", 60.0)
    jgd.train("iris", sgd(0.1), steps=2)  # done before one looks: no line, unless it is asked for
    assert len(notebook) == 2
    assert capsys.readouterr() == ("", "")


def test_nothing_is_written_to_a_file_or_beside_a_callback(capsys, monkeypatch):
    told = []
    jgd.sweep("iris", "sgd", **SWEEP)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    jgd.sweep("iris", "sgd", **SWEEP, callback=told.append)
    assert capsys.readouterr().err == ""
    jgd.sweep("iris", "sgd", **SWEEP, callback=lambda seen: told.append(seen.stage), progress=True)
    assert capsys.readouterr().err != ""
    assert told[-1] == "run"
    monkeypatch.setitem(sys.modules, "rich.console", None)
    for call in (jgd.train, jgd.sweep):
        options = SWEEP if call is jgd.sweep else {"steps": 2}
        with pytest.raises(ImportError, match=r"progress=True needs rich: pip install 'jgd\[cli\]'"):
            call("iris", sgd(0.1) if call is jgd.train else "sgd", **options, progress=True)
    with pytest.raises(jgd.JgdError, match="progress must be True or False"):
        jgd.sweep("iris", "sgd", **SWEEP, progress="yes")
