"""The command, as a user types it: what it prints, what it writes, how it fails."""

import os
import subprocess
import sys

import pytest

pytest.importorskip("typer")
pytestmark = pytest.mark.slow
SMALL = ["--steps", "20", "--seeds", "2", "--batch-size", "32"]


def jgd(*words, cwd):
    """-> the finished process of `jgd words …`, run in `cwd` and not on a terminal."""
    call = [sys.executable, "-c", "from jgd.cli import main; main()", *words]
    return subprocess.run(
        call, cwd=cwd, capture_output=True, text=True, timeout=300, check=False, env={**os.environ, "COLUMNS": "160"}
    )


def test_sweep_prints_a_table_and_writes_a_run_directory(tmp_path):
    words = ["sweep", "iris", "-o", "sgd", "-o", "adam", "--learning-rates", "1e-3", "1", "4", *SMALL]
    ran = jgd(*words, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "validation accuracy" in ran.stdout
    assert "steps/s" in ran.stdout
    names = {path.name for path in (tmp_path / "runs/iris").iterdir()}
    assert {
        "results.nc",
        "table.txt",
        "report.txt",
        "loss.png",
        "sensitivity.png",
        "sweep.json",
        "journal",
        "blocks",
    } <= names
    other = jgd(*words, "--set", "momentum=0.5", cwd=tmp_path)  # which Adam has not
    assert (other.returncode, "recipe adam has no parameter 'momentum'" in other.stderr) == (2, True)


def test_train_prints_the_validation_curve_and_writes_the_history(tmp_path):
    words = ["train", "iris", "--optimizer", "adam", "--learning-rate", "0.1", "--set", "b1=0.8", "--out", "run"]
    ran = jgd(*words, "--steps", "30", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "max_steps at step 30" in ran.stdout
    history = (tmp_path / "run/history.csv").read_text().splitlines()
    names = ("step", "loss", "gradient_norm", "update_norm", "learning_rate", "seconds")
    assert history[0] == ",".join((*names, "validation_accuracy", "validation_loss"))
    assert len(history) == 32  # a step a row, and the evaluation after the last


def test_a_diverged_run_says_so_and_fails(tmp_path):
    ran = jgd("train", "diabetes", "-o", "sgd", "--learning-rate", "1e6", "--steps", "50", cwd=tmp_path)
    assert ran.returncode == 1
    assert "diverged at step" in ran.stdout


def test_help_says_how_to_begin_and_breaks_lines_at_the_terminals_width(tmp_path):
    first, check = jgd("--help", cwd=tmp_path).stdout, jgd("check", "--help", cwd=tmp_path).stdout
    assert "To begin with: `jgd sweep digits`" in first
    assert "data ─►" not in first
    assert "a loss that is not finite or not the same twice; else 0" in check, "a line of the source is no line of help"
    assert jgd("--version", cwd=tmp_path).stdout.startswith("jgd 0.")


def test_list_names_everything(tmp_path):
    ran = jgd("list", cwd=tmp_path)
    assert ran.returncode == 0
    for name in ("digits", "nesterov_shifted", "step_decay", "b2=0.999", "latin_hypercube", "hyperband"):
        assert name in ran.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sweep", "digit"], "did you mean 'digits'"),
        (["sweep", "iris", "-o", "adm"], "did you mean 'adam'"),
        (["sweep", "iris", "--learning-rates", "-1", "1", "3"], "low must be a finite number > 0"),
        (["train", "iris", "--learning-rate", "-0.1"], "--learning-rate must be a finite number > 0, got -0.1"),
        (["train", "iris", "--batch-size", "1000"], "--batch-size must be a whole number from 1 to 90, got 1000"),
        (["train", "iris", "--set", "b1"], "--set takes NAME=VALUE"),
        (
            ["train", "iris", "--set", "b3=0.1"],
            "--set: adam has no parameter 'b3'; it takes b1, b2, eps",
        ),
        (["train", "iris", "--model", "mpl"], "did you mean 'mlp'"),
    ],
)
def test_bad_words_end_with_a_message(words, said, tmp_path):
    ran = jgd(*words, cwd=tmp_path)
    assert ran.returncode == 2
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not list(tmp_path.iterdir())  # nothing was written
