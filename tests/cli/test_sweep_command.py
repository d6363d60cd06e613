"""`jgd sweep` and what follows it, as a user types it: one directory, kills, extension, confirmation, replay, nonsense."""

import json
import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest

import jgd
from jgd.core import atomic_files

pytest.importorskip("typer")
xarray = pytest.importorskip("xarray")

SMALL = ["--learning-rates", "1e-2", "1", "3", "--steps", "12", "--seeds", "2", "--batch-size", "15", "--block", "2"]
IRIS = ["sweep", "iris", "-o", "sgd", "-o", "adam", *SMALL, "--out", "run"]
OWN = """
import jgd

def decayed(learning_rate, rate=0.5):
    return jgd.optimizers.sgd(jgd.schedules.ExponentialDecay(learning_rate, decay_rate=rate, transition_steps=10))

def wine():
    return jgd.tasks.get("wine")

number = 3
"""
DIES = """
import os, signal
from jgd.cli import main
from jgd.sweeps.store import journal
append, landed = journal.append, []
def dying(*words):
    append(*words)
    landed.append(words)
    if len(landed) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
journal.append = dying
main()
"""


@pytest.fixture
def here(tmp_path, monkeypatch, command):
    """The command in an empty working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield command
    sys.modules.pop("own_recipes", None)


def arrays(directory):
    with xarray.open_dataset(f"{directory}/results.nc") as found:
        read = {name: values.to_numpy() for name, values in found.variables.items()}
        return {name: array.tolist() if array.dtype == object else array.tobytes() for name, array in read.items()}


@pytest.mark.slow
def test_killed_in_the_middle_the_same_command_ends_with_the_same_numbers(here, tmp_path):
    died = subprocess.run(
        [sys.executable, "-c", DIES, *IRIS],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=dict(os.environ),
    )
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert not (tmp_path / "run/results.nc").exists()
    code, out, err = here("show", "run")  # readable after the kill, before it goes on
    assert (code, err) == (0, "")
    assert "runs are left on the way to step 12; not running" in out
    assert "the best so far" in out
    code, out, err = here(*IRIS)
    assert (code, err) == (0, "")
    assert "wrote run/results.nc" in out
    assert here(*IRIS[:-1], "whole")[0] == 0
    assert arrays("run") == arrays("whole")
    assert (tmp_path / "run/table.txt").read_text().splitlines()[:3] == (
        (tmp_path / "whole/table.txt").read_text().splitlines()[:3]
    )


@pytest.mark.slow
def test_ctrl_c_says_that_nothing_is_lost(here, monkeypatch):
    from jgd.sweeps.store import journal

    append, landed = journal.append, []

    def interrupted(*words):
        append(*words)
        landed.append(words)
        if len(landed) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(journal, "append", interrupted)
    code, _, err = here(*IRIS)
    assert (code, "what is stored is kept" in err) == (130, True)
    monkeypatch.setattr(journal, "append", append)
    assert here(*IRIS)[0] == 0


@pytest.mark.slow
def test_a_finished_sweep_is_shown_and_not_run_again(here, tmp_path):
    assert here(*IRIS)[0] == 0
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "run").iterdir()}
    assert {"results.nc", "table.txt", "loss.png", "sensitivity.png", "command.json", "sweep.json"} <= set(before)
    code, out, _ = here(*IRIS)
    assert (code, "nothing was left to run" in out) == (0, True)
    assert before["results.nc"] == (tmp_path / "run/results.nc").stat().st_mtime_ns
    (tmp_path / "run/loss.png").unlink()  # as a kill leaves it between the last run and the last picture
    assert here(*IRIS)[0] == 0
    assert (tmp_path / "run/loss.png").exists()
    code, out, _ = here("export", "run", "runs.csv")
    assert (code, out, len((tmp_path / "runs.csv").read_text().splitlines())) == (0, "wrote runs.csv\n", 1 + 6 * 2)

    code, _, err = here(*IRIS[:-2], "--out", "run", "--seeds", "3")
    assert (code, "adds the seeds [2]" in err) == (2, True)
    code, _, err = here(*IRIS, "--steps", "24")
    assert (code, "adds 12 steps" in err) == (2, True)
    code, _, err = here(*IRIS, "--batch-size", "10")
    assert (code, "what differs: batch_size 15 there, 10 here" in err) == (2, True)
    code, _, err = here(*IRIS, "--overwrite", "-o", "adm")
    assert (code, "did you mean 'adam'" in err) == (2, True)
    code, _, err = here(*IRIS, "--overwrite", "--set", "b9=1")
    assert (code, (tmp_path / "run/results.nc").exists()) == (2, True), err  # what was there comes back

    code, out, _ = here(*IRIS, "--seeds", "3", "--resume")
    assert (code, "× 3 seeds" in out) == (0, True)
    (tmp_path / "run/journal-3").write_text("of a shard of what was before\n")
    code, out, err = here(*IRIS, "--overwrite")
    assert (code, "× 2 seeds" in out, "wrote run/results.nc" in out, err) == (0, True, True, "")
    with atomic_files.held(tmp_path / "run"):
        assert "running now" in here("show", "run")[1]
        for words in (IRIS, [*IRIS, "--overwrite"], ["extend", "run"], ["confirm", "run"]):
            code, _, err = here(*words)
            assert (code, "in use by another process" in err) == (2, True)


@pytest.mark.slow
def test_without_out_the_same_words_find_their_directory(here, tmp_path):
    words = [*IRIS[:-2], "-o", "momentum"]
    assert "wrote runs/iris/results.nc" in here(*words)[1]
    assert "nothing was left to run" in here(*words)[1]
    assert "wrote runs/iris-2/results.nc" in here(*words, "--steps", "6")[1]
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["iris", "iris-2"]


@pytest.mark.slow
def test_extend_confirm_show_and_replay_need_only_the_directory_and_trust_in_its_code(here, tmp_path, monkeypatch):
    (tmp_path / "own_recipes.py").write_text(OWN)
    (tmp_path / "space.toml").write_text(
        "learning_rate = { log_uniform = [1e-2, 1.0] }\nrate = { uniform = [0.5, 1.0] }\n"
    )
    words = ["--recipe", "own_recipes:decayed", "--space", "space.toml", "--samples", "3", *SMALL[4:], "--out", "run"]
    code, out, err = here("sweep", "own_recipes:wine", *words)
    assert (code, err) == (0, "")
    first = xarray.load_dataset("run/results.nc")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")  # another working directory, and modules imported afresh
    sys.modules.pop("own_recipes")

    for words in ("extend ../run --seeds 3", "confirm ../run", "replay ../run --config 1 --seed 1"):
        code, _, err = here(*words.split())
        assert (code, "runs code that is not jgd's: own_recipes:decayed, own_recipes:wine; --trust" in err) == (2, True)
    assert (here("show", "../run")[0], "own_recipes" in sys.modules) == (0, False)

    code, out, err = here("extend", "../run", "--trust", "--samples", "4", "--steps", "18", "--seeds", "3")
    assert (code, err) == (0, "")
    assert "4 configs × 3 seeds, 18 steps" in out
    more = xarray.load_dataset("../run/results.nc")
    np.testing.assert_array_equal(more["loss"][:3, :2, :12], first["loss"])

    assert "imports own_recipes:decayed, own_recipes:wine" in out
    code, out, err = here("confirm", "../run", "--trust", "--seeds", "2")
    assert (code, err) == (0, "")
    assert "read once" in out
    assert "read 2 times" in here("confirm", "../run", "--trust", "--seeds", "2")[1]
    kept = json.loads((tmp_path / "run/confirmation.json").read_text())["content"]["confirmations"]
    assert [(entry["reads"], entry["seeds"]) for entry in kept] == [(1, [3, 4]), (2, [5, 6])]  # no seed twice
    [sure] = kept[0]["confirmed"]
    assert sure["optimism"] == pytest.approx(sure["chosen_at"]["mean"] - sure["validation"]["mean"])

    code, out, err = here("show", "../run", "--top", "2")
    assert (code, err) == (0, "")
    assert "4 configs × 3 seeds, 18 steps; finished; not running" in out
    assert "Best configs" in out
    assert "the test rows were read 2 times" in out
    text = (tmp_path / "run/confirmation.txt").read_text()
    assert text.count("optimism") == 2
    assert text.rstrip() in out

    code, out, err = here("replay", "../run", "--trust", "--config", "1", "--seed", "2")
    assert (code, err) == (0, "")
    assert "bit for bit the stored run over its 18 steps" in out
    rows = (tmp_path / "run/replays/config-1-seed-2/history.csv").read_text().splitlines()
    assert rows[0].startswith("step,loss")
    losses = [float(row.split(",")[1]) for row in rows[1:] if row.split(",")[1]]
    np.testing.assert_array_equal(np.float32(losses), more["loss"][1, 2])


@pytest.mark.slow
def test_modules_that_register_optimizers_are_kept_and_run_only_with_trust(here, tmp_path, monkeypatch):
    registry = jgd.optimizers.registry
    (tmp_path / "own_optimizers.py").write_text(
        "import jgd\n\ndef my_descent(learning_rate):\n    return jgd.optimizers.sgd(learning_rate)\n\n"
        "jgd.optimizers.register('my_descent', my_descent)\n"
    )

    def forget():
        sys.modules.pop("own_optimizers", None)
        registry.unregister("my_descent")

    words = ["--learning-rates", "0.1", "0.1", "1", "--steps", "2", "--seeds", "1", "--out", "run"]
    code, _, err = here("--import", "own_optimizers", "sweep", "iris", "-o", "my_descent", *words)
    assert (code, err) == (0, "")
    forget()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setattr(sys, "path", [place for place in sys.path if place != str(tmp_path)])

    assert here("show", "../run")[0] == 0
    for line in ("extend ../run --seeds 2", "replay ../run --config 0 --seed 0", "confirm ../run"):
        code, _, err = here(*line.split())
        assert (code, "runs code that is not jgd's: own_optimizers; --trust" in err) == (2, True), err
    assert "own_optimizers" not in sys.modules
    code, out, err = here("replay", "../run", "--trust", "--config", "0", "--seed", "0")
    assert (code, err, "imports own_optimizers\n" in out) == (0, "", True)
    assert "bit for bit the stored run" in out
    forget()
    sys.path.append(str(tmp_path))  # and who imports it by their own words needs no trust in the directory's
    code, out, err = here("--import", "own_optimizers", "extend", "../run", "--seeds", "2")
    forget()
    assert (code, err, "1 configs × 2 seeds" in out) == (0, "", True)


@pytest.mark.slow
def test_a_replay_that_is_not_the_stored_run_fails(here, tmp_path, monkeypatch):
    assert here(*IRIS, "--steps", "6", "--record-every", "2")[0] == 0
    from jgd.sweeps import replay

    monkeypatch.setattr(replay, "assemble", shifted(replay.assemble))
    code, out, _ = here("replay", "run", "--config", "0", "--seed", "1", "--out", "again")
    assert (code, "not the stored run: another loss at step 0" in out) == (1, True)
    assert (tmp_path / "again/training.png").read_bytes().startswith(b"\x89PNG")


def shifted(assemble):
    """Another machine's arithmetic, as a replay would see it."""

    def another(*words):
        found = assemble(*words)
        found.loss[...] += 1e-3
        return found

    return another


@pytest.mark.slow
def test_a_table_of_ones_own_and_a_space_that_names_optimizers(here, tmp_path):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 60))
    rows = "".join(f"{x},{y},{int(x + y > 0)}\n" for x, y in zip(a, b, strict=True))
    (tmp_path / "points.csv").write_text("a,b,answer\n" + rows)
    (tmp_path / "space.toml").write_text(
        'optimizer = { static = ["sgd", "adam"] }\nlearning_rate = [0.01, 0.1]\n'
        'b2 = { choice = [0.9, 0.99], when = { optimizer = "adam" } }\n'
    )
    words = ["--data", "points.csv", "--target", "answer", "--space", "space.toml", *SMALL[4:8]]
    code, out, err = here("sweep", *words)
    assert (code, err) == (0, "")
    assert "points: 6 configs × 2 seeds" in out
    assert here("show", "runs/points")[0] == 0
    (tmp_path / "points.csv").write_text("a,b,answer\n" + rows.replace("1\n", "0\n", 1))
    assert here("show", "runs/points")[0] == 0  # looking reads no rows
    code, _, err = here("extend", "runs/points", "--seeds", "3")
    assert (code, "what differs: task.train" in err) == (2, True)


@pytest.mark.slow
def test_halving_is_said_in_the_picture_of_the_directory(here):
    words = ["sweep", "iris", "-o", "sgd", "--learning-rates", "1e-3", "1", "9", "--steps", "18", "--seeds", "2"]
    code, out, err = here(*words, "--policy", "3", "--out", "run")
    assert (code, err) == (0, "")
    assert "8 of 9 configs stopped early" in out
    code, out, err = here("show", "run")
    assert (code, err) == (0, "")
    assert "finished; not running" in out
    assert "8 configs were stopped early" in out
    code, _, err = here("extend", "run", "--seeds", "3")
    assert (code, err) == (0, "")
    assert "bit for bit" in here("replay", "run", "--config", "0", "--seed", "1")[1]
    assert here("confirm", "run", "--seeds", "2")[0] == 0


@pytest.mark.slow
def test_a_policy_and_a_metric_are_named(here):
    words = ["sweep", "iris", "-o", "sgd", "--learning-rates", "1e-3", "1", "9", "--steps", "18", "--seeds", "2"]
    words += ["--policy", "median", "--set-policy", "every=6", "--metric", "loss", "--out", "run"]
    code, out, err = here(*words)
    assert (code, err) == (0, "")
    assert "validation loss" in out
    assert "stopped early" in out
    assert "nothing was left to run" in here(*words)[1]
    assert "validation loss" in here("show", "run")[1]
    for wrong, said in (
        (["--policy", "medan"], "--policy: unknown policy 'medan'; did you mean 'median'"),
        (["--policy", "1"], "--policy must be a whole number >= 2, got 1"),
        (
            ["--policy", "median", "--set-policy", "evry=3"],
            "--set-policy: median has no parameter 'evry'; did you mean 'every'",
        ),
        (["--set-policy", "eta=3"], "--set-policy needs --policy"),
        (["--metric", "acuracy"], "--metric: unknown metric 'acuracy'; did you mean 'accuracy'"),
    ):
        code, _, err = here("sweep", "iris", "--out", "new", *wrong)
        assert (code, said in err) == (2, True), err


@pytest.mark.slow
def test_all_runs_diverged_is_the_exit_code_1(here):
    bad = ["sweep", "hours_points", "-o", "sgd", "--learning-rates", "1e3", "1e4", "2", "--steps", "30", "--out", "run"]
    code, out, _ = here(*bad)
    assert (code, "every run diverged" in out) == (1, True)
    assert here("show", "run")[0] == 0
    code, out, _ = here("confirm", "run")
    assert (code, "every run diverged" in out) == (1, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("sweep", "name a task of `jgd list`, or give --data FILE --target COLUMN"),
        ("sweep iri", "did you mean 'iris'"),
        ("sweep iris --data points.csv --target y", "name a task"),
        ("sweep iris --target y", "--target belongs to --data"),
        ("sweep --data points.csv", "--data needs --target"),
        ("sweep --data points.csv --target y", "data file 'points.csv' is not there"),
        ("sweep iris --space nothere.toml", "space must be a readable TOML file, got 'nothere.toml'"),
        ("sweep iris --space broken.toml", "broken.toml: space must be TOML"),
        ("sweep broken.toml", "broken.toml: experiment must be TOML"),
        ("sweep iris --space odd.toml", "did you mean 'log_uniform'"),
        ("sweep iris --space good.toml --learning-rates 0.1 1 2", "learning_rate is given twice"),
        ("sweep iris --space good.toml --sampler hlton", "did you mean 'halton'"),
        ("sweep iris --space good.toml --samples 0", "samples must be a whole number >= 1, got 0"),
        ("sweep iris --samples 5", "--samples 5: a grid takes every combination"),
        ("sweep iris --recipe own_recipes", "--recipe must be module:function, got 'own_recipes'"),
        ("sweep iris --recipe nine:f", "No module named 'nine'"),
        ("sweep iris --recipe wrong:f", "got 'wrong:f': SyntaxError"),
        ("sweep iris --recipe own_recipes:decayd", "did you mean 'decayed'"),
        ("sweep iris --recipe own_recipes:number", "must name a function, got 'own_recipes:number', a int"),
        ("sweep own_recipes:decayed", "own_recipes:decayed() raised TypeError"),
        ("sweep iris -o adam -o adam", "got 'adam' twice"),
        ("sweep iris --resume", "--resume goes on with what --out holds"),
        ("sweep iris --out notes", "holds files already"),
        ("sweep iris --out good.toml/run", "--out must be in a directory that can be written"),
        ("show nothere", "there is no directory 'nothere'"),
        ("show notes", "there is no sweep in 'notes'"),
        ("extend notes --seeds 3", "there is no sweep in 'notes'"),
        ("confirm notes", "there is no sweep in 'notes'"),
        ("replay notes --config 0 --seed 0", "there is no sweep in 'notes'"),
    ],
)
def test_nonsense_ends_with_a_message_and_writes_nothing(words, said, here, tmp_path):
    (tmp_path / "own_recipes.py").write_text(OWN)
    (tmp_path / "wrong.py").write_text("def f(:\n")
    (tmp_path / "broken.toml").write_text("learning_rate = {")
    (tmp_path / "odd.toml").write_text("learning_rate = { log_unifrm = [0.1, 1] }")
    (tmp_path / "good.toml").write_text("learning_rate = { log_uniform = [0.1, 1] }")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes/mine.txt").write_text("not a sweep")
    before = sorted(path for path in tmp_path.rglob("*") if "__pycache__" not in path.parts)
    code, _, err = here(*words.split())
    assert (code, said in err) == (2, True), err
    assert err.startswith("jgd: ")
    assert sorted(path for path in tmp_path.rglob("*") if "__pycache__" not in path.parts) == before


@pytest.mark.slow
def test_wrong_numbers_of_a_sweep_are_refused(here, tmp_path):
    assert here(*IRIS)[0] == 0
    for words, said in (
        ("replay run --config 99 --seed 0", "config must be a whole number from 0 to 5, got 99"),
        ("replay run --config 0 --seed 7", "seed must be one of (0, 1), got 7"),
        ("replay run --config 0 --seed 0 --steps -1", "steps must be a whole number"),
        ("show run --top 0", "top must be a whole number >= 1, got 0"),
        ("confirm run --seeds 0", "seeds must be a whole number >= 1, got 0"),
        ("extend run --seeds 1", "seeds must hold those of the sweep, (0, 1), got (0,)"),
        ("extend run --steps 3", "steps must be a whole number from 12"),
        ("extend run --samples 9", "samples can't be extended"),
    ):
        code, _, err = here(*words.split())
        assert (code, said in err) == (2, True), err
    (tmp_path / "run/sweep.json").write_text("{}")
    code, _, err = here("show", "run")
    assert (code, "sweep.json is damaged" in err) == (2, True)


@pytest.mark.slow
@pytest.mark.filterwarnings("always:.*command.json")
@pytest.mark.parametrize("damage", [b"{", b"", None], ids=["cut short", "empty", "strange"])
def test_without_its_command_the_directory_goes_on_by_the_sweep(here, tmp_path, damage):
    assert here(*IRIS)[0] == 0
    strange = atomic_files.sealed({"format": atomic_files.FORMAT, "task": 3})
    (tmp_path / "run/command.json").write_bytes(strange if damage is None else damage)
    for words in ("show run", "extend run --seeds 3", "replay run --config 1 --seed 2", "confirm run --seeds 2"):
        code, _, err = here(*words.split())
        warned = "run', command.json is " in err and err.rstrip().endswith("going on takes what sweep.json says")
        assert (code, warned) == (0, True), err
    code, _, err = here("report", "run")
    assert (code, "command.json is damaged: the report shows the call in Python" in err) == (0, damage is not None), err


@pytest.mark.slow
@pytest.mark.filterwarnings("always:.*keeps what jgd did not write")
def test_starting_anew_deletes_nothing_of_somebody_elses(here, tmp_path):
    (tmp_path / "run/.before").mkdir(parents=True)
    (tmp_path / "run/.before/mine.txt").write_text("mine")
    code, _, err = here(*IRIS, "--overwrite")
    assert (code, "files that jgd did not write: move them away" in err) == (2, True)
    (tmp_path / "run/.before/mine.txt").unlink()
    assert here(*IRIS, "--overwrite")[0] == 0
    assert here("replay", "run", "--config", "0", "--seed", "0")[0] == 0
    (tmp_path / "run/replays/notes.txt").write_text("mine")
    code, _, err = here(*IRIS, "--overwrite")
    assert (code, "'run/.before' keeps what jgd did not write" in err) == (0, True)
    left = [path.relative_to(tmp_path).as_posix() for path in (tmp_path / "run/.before").rglob("*") if path.is_file()]
    assert left == ["run/.before/replays/notes.txt"]


@pytest.mark.slow
def test_a_replay_is_not_written_through_a_link(here, tmp_path):
    assert here(*IRIS)[0] == 0
    (tmp_path / "elsewhere").mkdir()
    replays, own = tmp_path / "run/replays", "config-0-seed-0"
    for link, name in ((replays, "replays"), (replays / own, own)):
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(tmp_path / "elsewhere")
        code, _, err = here("replay", "run", "--config", "0", "--seed", "0")
        assert (code, f"'{name}' in " in err, "is a link" in err) == (2, True, True), err
        link.unlink()
    assert list((tmp_path / "elsewhere").iterdir()) == []
    (tmp_path / "mine").write_text("mine")
    (replays / own).mkdir()
    for name in ("history.csv", "training.png"):
        (replays / own / name).symlink_to(tmp_path / "mine")
    assert here("replay", "run", "--config", "0", "--seed", "0")[0] == 0
    assert ((tmp_path / "mine").read_text(), (replays / own / "history.csv").is_symlink()) == ("mine", False)


@pytest.mark.slow
def test_the_read_only_directory_is_named(here, tmp_path):
    assert here(*IRIS)[0] == 0
    (tmp_path / "run/lock").unlink()
    (tmp_path / "run/lock").mkdir()  # what a directory that can't be written looks like, to root too
    code, _, err = here(*IRIS)
    assert (code, "run' can't be written" in err) == (2, True)
    assert here("show", "run")[0] == 0  # reading needs no more than to read


@pytest.mark.slow
def test_folds_from_the_shell(here):
    rates = ["--learning-rates", "1e-2", "1", "2", "--steps", "6"]
    code, out, err = here(
        "sweep", "iris", "-o", "sgd", *rates, "--folds", "3", "--resplit", "--seeds", "1", "--out", "run"
    )
    assert code == 0, err
    assert "1 seed × 3 folds, each with a split of its own" in out
    assert "the mean over seeds and splits" in out
    with xarray.open_dataset("run/results.nc") as found:
        assert found.fold.values.tolist() == [0, 1, 2]


EXPERIMENT = """
task = "iris"
recipes = ["sgd", "adam"]
samples = 4
sampler = "sobol"
seeds = 2
steps = 20
policy = { median = { every = 5 } }
store = "run"

[space]
learning_rate = { log_uniform = [1e-3, 1.0] }
"""


def test_a_whole_sweep_in_a_file(here, tmp_path, monkeypatch):
    asked = []

    def caught(task, recipes, space, **arguments):
        asked.append({"task": task.name, "recipes": list(recipes), "space": space, **arguments})
        raise jgd.JgdError("caught")

    monkeypatch.setattr(jgd, "sweep", caught)
    (tmp_path / "one.toml").write_text(EXPERIMENT)
    for words in (["one.toml", "--steps", "12", "--save-config", "two.toml"], ["two.toml"]):
        assert "caught" in here("sweep", *words)[2]
    first, second = ({**each, "callback": None} for each in asked)
    assert first == second
    assert (first["task"], first["recipes"], first["steps"], first["seeds"]) == ("iris", ["sgd", "adam"], 12, 2)
    assert (str(first["policy"]), first["samples"], first["store"].name) == (str(jgd.MedianStopping(5)), 4, "run")
    assert first["space"] == jgd.space(learning_rate=jgd.spaces.log_uniform(1e-3, 1))
    own = EXPERIMENT.replace("steps = ", "# steps = ").replace("[space]", "[space]\nsteps = [20, 30]")
    own = re.sub("policy = .*", "policy = { early = { patience = 2, target = 0.9 } }", own)
    (tmp_path / "one.toml").write_text(own)
    for words in (["one.toml", "--save-config", "two.toml"], ["two.toml"]):
        assert "caught" in here("sweep", *words)[2]
    assert [each["steps"] for each in asked[2:]] == [None, None]  # the space says
    assert [each["policy"] for each in asked[2:]] == [jgd.EarlyStopping(patience=2, target=0.9)] * 2
    for change, said in (
        (("seeds =", "seedz ="), ["one.toml", "'seedz'", "did you mean 'seeds'"]),
        (('task = "iris"', ""), ["one.toml", "task = …"]),
        (("log_uniform", "log_unifrom"), ["one.toml", "space['learning_rate']"]),
        (("[space]", "[space"), ["one.toml", "TOML"]),
        (('"iris"', '"os:getcwd"'), ["one.toml names code that is not jgd's: os:getcwd; --trust"]),
        (('"sgd"', '"their:recipe"'), ["one.toml names code that is not jgd's: their:recipe; --trust"]),
        (('"iris"', r'"o\u001b[2J:f"'), [r"one.toml names code that is not jgd's: o\x1b[2J:f;"]),  # steers no terminal
        (("seeds =", "trust = true\nseeds ="), ["one.toml", "'trust'"]),
        (("seeds =", "overwrite = true\nseeds ="), ["one.toml", "'overwrite'"]),
    ):
        (tmp_path / "one.toml").write_text(EXPERIMENT.replace(*change))
        code, _, err = here("sweep", "one.toml")
        assert (code, [word for word in said if word not in err]) == (2, []), err
