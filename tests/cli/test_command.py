"""The command, as a user types it: what it prints, what it writes, how it fails."""

import signal
import subprocess
import sys
import time

import pytest

pytest.importorskip("typer")
pytestmark = pytest.mark.slow
SMALL = ["--steps", "20", "--seeds", "2", "--batch-size", "32"]


@pytest.fixture
def jgd(command, tmp_path, monkeypatch):
    """The command in an empty working directory, in this process."""
    monkeypatch.chdir(tmp_path)
    return command


def test_a_process_of_its_own_ends_with_the_code_and_without_a_traceback(tmp_path):
    call = [sys.executable, "-c", "from jgd.cli import main; main()", "sweep", "digit"]
    ran = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert (ran.returncode, "did you mean 'digits'" in ran.stderr) == (2, True)
    assert "Traceback" not in ran.stderr


def test_sweep_prints_a_table_and_writes_a_run_directory(jgd, tmp_path):
    words = ["sweep", "iris", "-o", "sgd", "-o", "adam", "--learning-rates", "1e-3", "1", "4", *SMALL]
    code, out, err = jgd(*words)
    assert code == 0, err
    assert "validation accuracy" in out
    assert "steps/s" in out
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
    code, _, err = jgd(*words, "--set", "momentum=0.5")  # which Adam has not
    assert (code, "recipe adam has no parameter 'momentum'" in err) == (2, True)


def test_train_prints_the_validation_curve_and_writes_the_history(jgd, tmp_path):
    words = ["train", "iris", "--optimizer", "adam", "--learning-rate", "0.1", "--set", "b1=0.8", "--out", "run"]
    code, out, err = jgd(*words, "--steps", "30")
    assert code == 0, err
    assert "max_steps at step 30" in out
    history = (tmp_path / "run/history.csv").read_text().splitlines()
    names = ("step", "loss", "gradient_norm", "update_norm", "learning_rate", "seconds")
    assert history[0] == ",".join((*names, "validation_accuracy", "validation_loss"))
    assert len(history) == 32  # a step a row, and the evaluation after the last


def test_a_diverged_run_says_so_and_fails(jgd):
    code, out, _ = jgd("train", "diabetes", "-o", "sgd", "--learning-rate", "1e6", "--steps", "50")
    assert (code, "diverged at step" in out) == (1, True)


def test_help_says_how_to_begin_and_breaks_lines_at_the_terminals_width(jgd):
    first, check = jgd("--help")[1], jgd("check", "--help")[1]
    assert "To begin with: `jgd sweep digits`" in first
    assert "data ─►" not in first
    assert "a loss that is not finite or not the same twice; else 0" in check, "a line of the source is no line of help"
    assert jgd("--version")[1].startswith("jgd 0.")


def test_list_names_everything(jgd):
    code, out, _ = jgd("list")
    assert code == 0
    for name in ("digits", "nesterov_shifted", "step_decay", "b2=0.999", "latin_hypercube", "hyperband"):
        assert name in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
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
def test_bad_words_end_with_a_message(words, said, jgd, tmp_path):
    code, _, err = jgd(*words)
    assert (code, said in err) == (2, True), err
    assert not list(tmp_path.iterdir())  # nothing was written


def test_ctrl_c_ends_the_process_at_any_moment(command, monkeypatch):
    from jgd import cli
    from jgd.cli import ctrl_c

    class Swallows:
        def __del__(self):  # as the callbacks of jax's garbage collector
            signal.raise_signal(signal.SIGINT)

    def printed(*_, **__):
        keep()
        Swallows()
        with pytest.raises(KeyboardInterrupt):
            time.sleep(10)

    handlers, subcommand = [], cli._subcommand
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    keep = lambda: handlers.append(signal.getsignal(signal.SIGINT))
    monkeypatch.setattr(cli, "_subcommand", lambda name: (keep(), subcommand(name))[1])
    monkeypatch.setattr("jgd.cli.console.print_table", printed)
    monkeypatch.setattr("atexit.register", handlers.append)
    assert command("list")[0] == 0
    *handlers, at_the_end = handlers
    assert handlers[0] is ctrl_c._leave
    assert {*handlers[1:]} == {signal.default_int_handler} == {signal.getsignal(signal.SIGINT)}
    at_the_end()
    assert signal.getsignal(signal.SIGINT) is ctrl_c._leave
    signal.signal(signal.SIGINT, signal.default_int_handler)
    monkeypatch.setattr("os._exit", sys.exit)
    with pytest.raises(SystemExit, match="130"):
        ctrl_c._leave(signal.SIGINT, None)
