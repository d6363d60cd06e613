"""What the command imports is what it needs: jax for no help, scikit-learn for no look at a sweep. One process for all."""

import json
import os
import subprocess
import sys

import pytest

import jgd

pytest.importorskip("typer")
CHILD = """
import contextlib, io, json, sys
from jgd.cli import main

for words in (["--version"], ["--help"], ["show", "sweep"]):
    sys.argv = ["jgd", *words]
    said = io.StringIO()
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(said):
        main()
    heavy = "jax", "pandas", "xarray", "sklearn", "scipy.optimize", "matplotlib", "multiprocessing.connection"
    heavy += "jgd.training", "jgd.gradients"
    print(json.dumps([said.getvalue(), [name for name in heavy if name in sys.modules]]))
"""


@pytest.mark.slow
def test_help_takes_no_jax_and_a_look_no_scikit_learn(tmp_path):
    space = {"learning_rate": jgd.spaces.log_uniform(0.01, 1), "b1": jgd.spaces.uniform(0.5, 0.95)}
    found = jgd.sweep("iris", "adam", space, samples=16, seeds=2, steps=4, store=tmp_path / "sweep")
    text = jgd.reports.report(found)
    environment = {**os.environ, "COLUMNS": "160"}
    (tmp_path / "sweep/report.txt").write_text(text + "\n")
    call = [sys.executable, "-c", CHILD]
    ran = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=300, env=environment)
    (version, first), (usage, second), (shown, third) = map(json.loads, ran.stdout.splitlines())
    assert (version.startswith(f"jgd {jgd.__version__}, jax "), first) == (True, [])
    assert ("predict" in usage, "Predict the target of new rows" in usage, second) == (True, True, [])
    assert third == ["jax"]
    assert next(line for line in text.splitlines() if "forest of 16 configs" in line) in shown
    ungrown = jgd.reports.report(jgd.load_sweep(tmp_path / "sweep"), directory=tmp_path)
    assert "a forest, not grown here" in ungrown
