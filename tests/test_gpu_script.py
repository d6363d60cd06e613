"""scripts/gpu runs from end to end where there is no GPU."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_the_script_runs_dry(tmp_path):
    env = {**os.environ, "PYTHON": sys.executable, "OUT": str(tmp_path), "JAX_PLATFORMS": "cpu"}
    done = subprocess.run([ROOT / "scripts" / "gpu", "--dry"], env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "3 passed" in (tmp_path / "gpu_tests.txt").read_text()
    (path,) = tmp_path.glob("accelerator-*.json")
    written = json.loads(path.read_text())
    assert set(written["results"]) == {"device", "bits", "lanes", "train", "update", "peers"}
    assert all(written["results"]["bits"].values())
    assert not any(name in ("failed", "left out") for part in written["results"].values() for name in part)
    assert written["first_program_seconds"] > 0
