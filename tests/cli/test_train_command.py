"""`jgd train` as a user types it: a table of one's own, schedules, seeds, reasons to stop, stores, files, errors."""

import csv
import importlib
import os
import re
import subprocess
import sys

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

import jgd

pytest.importorskip("typer")
ADAM = ["train", "--data", "prices.csv", "--target", "price"]
STEEP = ["train", "--data", "prices.csv", "--target", "price", "-o", "sgd", "--learning-rate", "0.1"]


@pytest.fixture
def tables(tmp_path, monkeypatch):
    """An empty working directory with prices.csv (a value, and a count) and answers.csv (words)."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    area, age = rng.normal(120, 30, 80), rng.uniform(0, 50, 80)
    price = 3 * area - age + rng.normal(0, 5, 80)
    header = "area,age,price,rooms\n"
    rows = [f"{a},{b},{c},{int(a // 25)}\n" for a, b, c in zip(area, age, price, strict=True)]
    (tmp_path / "prices.csv").write_text(header + "".join(rows))
    words = [f"{a},{b},{'dear' if c > 335 else 'cheap'}\n" for a, b, c in zip(area, age, price, strict=True)]
    (tmp_path / "answers.csv").write_text("area,age,answer\n" + "".join(words))
    return tmp_path


@pytest.fixture
def jgd_here(tables, command):
    """The command where the tables are."""
    return command


def history(path):
    """name -> the column's cells."""
    with open(path, encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {name: [row[name] for row in rows] for name in rows[0]}


@pytest.mark.slow
def test_a_table_of_ones_own_from_a_bare_shell(tables):
    """The installed command, started as a process: what the other tests spare themselves."""
    call = [sys.executable, "-c", "from jgd.cli import main; main()", *STEEP, "--steps", "40", "--out", "run"]
    ran = subprocess.run(
        call, capture_output=True, text=True, timeout=300, check=False, env={**os.environ, "COLUMNS": "160"}
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "prices, sgd" in ran.stdout
    assert "max_steps at step 40" in ran.stdout
    assert {path.name for path in (tables / "run").iterdir()} == {"history.csv", "model.safetensors", "training.png"}


@pytest.mark.slow
def test_a_schedule_starts_from_the_rate_and_its_figures_are_written(jgd_here):
    shape = ["--schedule", "step_decay", "--set-schedule", "step_size=20", "--set-schedule", "decay_rate=0.5"]
    code, out, err = jgd_here(*STEEP, *shape, "--steps", "50", "--out", "run")
    assert (code, err) == (0, "")
    assert "best loss" in out
    seen = history("run/history.csv")
    rates = np.array(seen["learning_rate"][:50], float)
    np.testing.assert_allclose(rates, np.repeat([0.1, 0.05, 0.025], [20, 20, 10]), rtol=1e-6)
    assert float(seen["validation_loss"][50]) < 0.1  # the evaluation after the last step, of standardized prices
    with open("run/training.png", "rb") as picture:
        assert picture.read(8) == b"\x89PNG\r\n\x1a\n"
    code, _, err = jgd_here(*STEEP, "--out", "run")
    assert (code, "--overwrite" in err) == (2, True)


@pytest.mark.slow
def test_the_target_model_and_loss_say_what_is_learned(jgd_here):
    data = ["train", "--data", "prices.csv", "--steps", "5", "--target"]
    for words in (["rooms", "--model", "linear"], ["price", "--model", "mlp"]):
        code, values, _ = jgd_here(*data, *words)
        assert (code, "accuracy" in values) == (0, False)
    for words in (["rooms"], ["rooms", "--model", "mlp", "--loss", "softmax_cross_entropy"]):
        code, classes, _ = jgd_here(*data, *words)
        assert (code, "accuracy" in classes) == (0, True)
    answers = ["train", "--data", "answers.csv", "--target", "answer", "--steps", "5"]
    for loss in ([], ["--loss", "logistic_nll"], ["--loss", "softmax_cross_entropy"]):
        code, classes, _ = jgd_here(*answers, *loss)
        assert (code, "accuracy" in classes) == (0, True)


@pytest.mark.slow
def test_the_lectures_listing_from_the_shell(command, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    lecture = ["train", "hours_points", "-o", "sgd", "--learning-rate", "0.01", "--epochs", "100", "--start", "1"]
    code, out, err = command(*lecture, "--float64", "--watch-param", "weights")
    assert (code, err) == (0, "")
    assert re.search(r" 0 +1\.093333333 +4\.666666667 +9\.333333333", out)
    assert re.search(r" 99 +1\.99994444 +1\.752432687e-08", out)  # in float32 other digits
    assert jnp.result_type(float) == jnp.float32
    far = ["train", "hours_points", "-o", "sgd", "--learning-rate", "0.4", "--steps", "30", "--start", "1"]
    code, out, _ = command(*far, "--record-every", "3", "--watch-param", "weights")
    assert (code, "diverged at step" in out) == (1, True)
    assert re.search(r" 0 +4\.7", out)
    assert re.search(r" 3 +-53\.8", out)  # 2 − 2.7333⁴, after step 3, though it is the second row
    assert re.search(r" 5 +– ", out)  # it broke: no update was made
    short = ["train", "iris", "-o", "sgd", "--learning-rate", "0.1", "--steps", "3", "--evaluate-every", "1"]
    code, out, _ = command(*short, "--plateau", "factor=0.5", "--start", "bias=0.5", "--watch-param", "bias[1]")
    assert code == 0
    assert "bias[1] after" in out
    for words, said in (
        (["--watch-param", "bias[7]"], "bias has shape (3,), and no entry [7]"),
        (["--watch-param", "biases"], "there is no parameter 'biases'; there are bias, weights"),
        (["--watch-param", "*"], "shows at most 8 numbers"),
        (["--start", "bias=x"], "--start takes NUMBER or PARAM=NUMBER"),
        (["--plateau", "metric=loss"], "metric is the run's own validation"),
    ):
        code, _, err = command(*short, *words)
        assert (code, said in err) == (2, True), err


@pytest.mark.slow
def test_seeds_are_summarized_and_each_is_written(jgd_here):
    words = ["train", "--data", "answers.csv", "--target", "answer", "--model", "mlp", "--batch-size", "16"]
    code, out, err = jgd_here(*words, "--epochs", "3", "--seeds", "2", "--out", "runs")
    assert (code, err) == (0, "")
    assert "2 seeds" in out
    assert "95% interval" in out
    assert out.count("max_steps at step 9") == 2  # 48 training rows, batches of 16, 3 epochs
    first, second = (history(f"runs/history-seed-{seed}.csv") for seed in (0, 1))
    assert first["loss"] != second["loss"]


@pytest.mark.slow
def test_resume_returns_the_stored_run(jgd_here):
    words = [*STEEP, "--steps", "30", "--store", "kept"]
    code, first, _ = jgd_here(*words, "--out", "first")
    assert code == 0
    code, again, err = jgd_here(*words, "--resume", "--out", "again")
    assert (code, err) == (0, "")
    curve = lambda out: out[: out.index("wrote")]
    assert curve(first) == curve(again)
    assert history("first/history.csv") == history("again/history.csv")  # its very seconds: no step was run
    code, _, err = jgd_here(*words)
    assert (code, err) == (2, "jgd: --store kept holds a run: --resume goes on with it, or name another directory\n")
    code, _, err = jgd_here(*words[:-4], "--batch-size", "7", *words[-4:], "--resume")
    assert (code, "what differs: batch_size 48 there, 7 here" in err) == (2, True)


def test_ctrl_c_says_what_is_kept(jgd_here, monkeypatch):
    def pressed(*args, **options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(importlib.import_module("jgd.training.run_loop"), "_evaluated_segment", pressed)
        code, out, _ = jgd_here(*STEEP, "--steps", "9", "--store", "kept")
    assert code == 130
    assert "interrupted at step 0; --resume goes on with what --store kept keeps" in out
    code, out, _ = jgd_here(*STEEP, "--steps", "9", "--store", "kept", "--resume")
    assert (code, "max_steps at step 9" in out) == (0, True)


def test_a_finished_run_goes_on_with_more_steps(jgd_here):
    words = [*STEEP, "--store", "kept", "--steps"]
    assert jgd_here(*words, "10", "--seed", "3", "--evaluate-every", "5", "--batch-size", "9")[0] == 0
    code, out, err = jgd_here(*words, "20", "--resume")
    assert (code, err) == (0, "")
    assert "max_steps at step 20" in out  # seed, batch size and evaluations are those of the store
    assert "rmse (unit of price)" in out
    assert "prices: 80 rows, 3 columns; target 'price': values from" in out
    code, _, err = jgd_here(*words, "15", "--resume")
    assert (code, err) == (2, "jgd: --steps must be >= 20, which the stored run has made, got 15\n")


@pytest.mark.slow
def test_patience_ends_a_run_and_names_the_best(jgd_here):
    words = ["train", "--data", "answers.csv", "--target", "answer", "--model", "mlp", "--learning-rate", "0.1"]
    code, out, _ = jgd_here(*words, "--steps", "1000", "--evaluate-every", "5", "--patience", "3")
    assert code == 0
    assert "no_progress at step" in out
    assert "best validation accuracy" in out


@pytest.mark.slow
def test_a_small_gradient_ends_a_run(jgd_here):
    code, out, _ = jgd_here(*STEEP, "--steps", "1000", "--gradient-norm", "1e-3")
    assert (code, "converged at step" in out) == (0, True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["--target-loss", "0.5"], "target at step"),
        (["--loss-change", "1e-6"], "converged at step"),
        (["--seconds", "0"], "time at step"),
        (["--patience", "2", "--min-delta", "10", "--evaluate-every", "1"], "no_progress at step 2:"),
    ],
    ids=lambda part: part[0] if isinstance(part, list) else "",
)
def test_each_reason_to_stop_is_an_option(jgd_here, words, status):
    code, out, err = jgd_here(*STEEP, "--steps", "1000", *words)
    assert (code, err) == (0, "")
    assert status in out


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ["--order", "weighted", "--order-by", "age"],
        ["--order", "curriculum", "--order-by", "area", "--set-order", "start=0.3"],
        ["--order", "mining", "--set-order", "update_every=3", "--set-order", "boost=0.9"],
        ["--order", "replacement"],
    ],
    ids=lambda words: words[1],
)
def test_each_order_is_a_word(jgd_here, words):
    code, out, err = jgd_here(*STEEP, "--steps", "7", "--batch-size", "16", *words)
    assert (code, err) == (0, "")
    assert "max_steps at step 7" in out


@pytest.mark.slow
def test_a_weight_of_zero_keeps_a_row_out(jgd_here, tables):
    """Rows whose prices are wrong have the weight 0: they are never drawn."""
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=60), np.arange(60) % 2
    y = np.where(weight == 1, 2 * x, 1000.0)
    np.savez(tables / "weighed.npz", x=x, weight=weight, y=y)
    data = ["train", "--data", "weighed.npz", "--target", "y", "--steps", "300", "--batch-size", "4", "-o", "sgd"]
    code, _, err = jgd_here(
        *data, "--learning-rate", "0.1", "--order", "weighted", "--order-by", "weight", "--out", "r"
    )
    assert (code, err) == (0, "")
    assert float(history("r/history.csv")["loss"][299]) < 1e-4


@pytest.mark.slow
def test_classes_are_balanced_by_a_word(jgd_here):
    words = ["train", "--data", "answers.csv", "--target", "answer", "--order", "balanced", "--steps", "7"]
    code, out, err = jgd_here(*words)
    assert (code, err) == (0, "")
    assert "accuracy" in out


@pytest.mark.parametrize("kind", ["npz", "parquet"])
def test_other_files_hold_the_same_table(jgd_here, tables, kind):
    """A table is the same run from any kind of file."""
    if kind == "parquet":
        pytest.importorskip("pyarrow")
    frame = pd.read_csv(tables / "prices.csv")
    if kind == "npz":
        np.savez(tables / "prices.npz", **{name: frame[name].to_numpy() for name in frame})
    else:
        frame.to_parquet(tables / "prices.parquet")
    words = [*STEEP[3:], "--steps", "12", "--out"]
    for each in ("csv", kind):
        code, _, err = jgd_here("train", "--data", f"prices.{each}", *words, each)
        assert (code, err) == (0, "")
    told = lambda each: {name: column for name, column in history(f"{each}/history.csv").items() if name != "seconds"}
    assert told("csv") == told(kind)


@pytest.mark.slow
def test_a_scale_is_a_word(jgd_here):
    losses = {}
    for scale in ("standard", "minmax", "none"):
        code, _, _ = jgd_here(*STEEP, "--scale", scale, "--steps", "3", "--out", scale)
        losses[scale] = history(f"{scale}/history.csv")["loss"]
        assert code == (scale == "none")  # a rate of 0.1 diverges on raw areas
    assert losses["standard"][1] != losses["minmax"][1]


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ["-o", "sam", "--set", "base_optimizer=momentum", "--set", "rho=0.01"],
        ["-o", "lbfgs", "--set", "memory_size=3", "--set", "linesearch=backtracking"],
        ["-o", "adam", "--set", "nesterov=true"],
        ["--schedule", "noam", "--set-schedule", "model_size=4", "--set-schedule", "warmup_steps=3"],
        ["--schedule", "multi_step_decay", "--set-schedule", "milestones=2,4"],
        ["--schedule", "onecycle", "--set-schedule", "transition_steps=8", "--set-schedule", "anneal_strategy=linear"],
        ["--schedule", "linear_warmup", "--set-schedule", "warmup_steps=3"],
    ],
    ids=lambda words: words[1],
)
def test_parameters_are_numbers_words_and_lists(jgd_here, words):
    code, out, err = jgd_here(*STEEP, "--learning-rate", "0.05", "--steps", "6", *words)
    assert (code, err) == (0, "")
    assert "max_steps at step 6" in out


OWN = """
import jax.numpy as jnp
import jgd

def decayed(learning_rate, decay=0.5, **others):
    rate = jgd.schedules.ExponentialDecay(learning_rate, decay_rate=decay, transition_steps=1)
    return jgd.optimizers.sgd(rate, **others)

def shrunk(learning_rate, penalty):
    loss = lambda params, rows: penalty * jnp.square(params["weights"]).sum()
    return jgd.RunSpec(jgd.optimizers.sgd(learning_rate), loss=loss, metrics={"length": loss})

def fails(learning_rate):
    raise ZeroDivisionError("of my own")

def iris():
    return jgd.tasks.get("iris")
"""


@pytest.fixture
def own(tables, monkeypatch):
    """A module of recipes and a task in the working directory."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tables / "own_methods.py").write_text(OWN)
    yield "own_methods"
    sys.modules.pop("own_methods", None)


@pytest.mark.slow
def test_a_recipe_of_ones_own_takes_the_rate_and_what_is_set(jgd_here, own):
    words = [*ADAM, "--recipe", "own_methods:decayed", "--learning-rate", "0.1", "--steps", "3", "--out", "run"]
    code, out, err = jgd_here(*words, "--set", "decay=0.25", "--set", "momentum=0.5")
    assert (code, err) == (0, "")
    assert "prices, decayed" in out
    rates = np.array(history("run/history.csv")["learning_rate"][:3], float)
    np.testing.assert_allclose(rates, [0.1, 0.025, 0.00625], rtol=1e-6)


@pytest.mark.slow
def test_a_recipe_may_change_the_loss_and_the_metrics(jgd_here, own):
    words = ["--recipe", "own_methods:shrunk", "--set", "penalty=0.5", "--learning-rate", "0.1", "--steps", "4"]
    code, out, err = jgd_here("train", "own_methods:iris", *words, "--evaluate-every", "1", "--out", "run")
    assert (code, err) == (0, "")
    assert "validation length" in out
    seen = history("run/history.csv")
    np.testing.assert_allclose(float(seen["loss"][1]), 0.81 * float(seen["loss"][0]), rtol=1e-5)  # (1 − 0.1)²


def test_a_registered_optimizer_is_named_like_any_other(jgd_here, own, tables):
    (tables / "own_optimizers.py").write_text(
        "import jgd\njgd.optimizers.register('my_descent', lambda learning_rate: jgd.optimizers.sgd(learning_rate))\n"
    )
    try:
        code, out, err = jgd_here("--import", "own_optimizers", *ADAM, "-o", "my_descent", "--steps", "3")
        assert (code, err) == (0, "")
        assert "prices, my_descent" in out
        assert "my_descent" in jgd_here("--import", "own_optimizers", "list")[1]
    finally:
        jgd.optimizers.registry.unregister("my_descent")
        sys.modules.pop("own_optimizers", None)
    code, _, err = jgd_here("--import", "own_optimisers", "list")
    assert (code, "--import must be a module that can be imported, got 'own_optimisers'" in err) == (2, True)
    code, _, err = jgd_here("--import", "json", *ADAM, "--epochs", "-1")
    assert (code, err) == (2, "jgd: --epochs must be a whole number >= 0, got -1\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--recipe", "own_methods:decayd"], "did you mean 'decayed'"),
        (["--recipe", "own_methods:shrunk"], "--recipe own_methods:shrunk needs --set penalty=VALUE"),
        (
            ["--recipe", "own_methods:shrunk", "--set", "penlty=1"],
            "--set: own_methods:shrunk has no parameter 'penlty'; did you mean",
        ),
        (["--recipe", "own_methods:fails"], "--recipe own_methods:fails: raised ZeroDivisionError: of my own"),
        (["--recipe", "own_methods:iris"], "a recipe must return an optimizer"),
        (["--recipe", "own_methods:iris", "--learning-rate", "1"], "own_methods:iris has no learning rate"),
        (["--recipe", "own_methods:decayed", "-o", "adam"], "--optimizer and --recipe: give one of them"),
    ],
)
def test_a_bad_recipe_is_told_by_its_option(jgd_here, own, words, said):
    code, _, err = jgd_here(*ADAM, *words)
    assert (code, said in err) == (2, True), err
    assert err.startswith("jgd: ")


@pytest.mark.parametrize(("rate", "steps"), [("1e9", "1"), ("0.3", "8")], ids=["large", "small"])
def test_very_large_and_very_small_losses_are_told_by_their_digits(jgd_here, tables, rate, steps):
    x = np.linspace(-1, 1, 40)
    pd.DataFrame({"x": x, "y": 2 * x}).to_csv(tables / "line.csv", index=False)
    words = ["-o", "sgd", "--learning-rate", rate, "--steps", steps]
    _, out, _ = jgd_here("train", "--data", "line.csv", "--target", "y", *words)
    assert re.search(rf"{steps} +\d(\.\d+)?e[+-]\d+ ", out), out


def test_divergence_is_the_exit_code_1(jgd_here):
    code, out, _ = jgd_here(*STEEP[:-1], "10", "--steps", "100", "--seeds", "2")
    assert code == 1
    assert "diverged at step" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["train"], "name a task of `jgd list`, or give --data FILE --target COLUMN"),
        (["train", "iris", "--data", "prices.csv"], "name a task"),
        (["train", "iris", "--target", "price"], "--target belongs to --data; the task 'iris' has its own"),
        (["train", "--data", "prices.csv"], "--data needs --target"),
        (["train", "--data", "price.csv", "--target", "price"], "data file 'price.csv' is not there"),
        (["train", "--data", "prices.csv", "--target", "prize"], "did you mean 'price'"),
        (["train", "--data", "answers.csv", "--target", "age"], "column 'answer' of answers.csv holds"),
        ([*STEEP, "--model", "logistic"], "--kind: the target 'price' of prices.csv has 80 different cells in 80 rows"),
        ([*STEEP, "--loss", "square_error"], "did you mean 'squared_error'"),
        (["train", "--data", "answers.csv", "--target", "answer", "--loss", "squared_error"], "holds words"),
        ([*STEEP, "--schedule", "step_decy"], "did you mean 'step_decay'"),
        ([*STEEP, "--schedule", "step_decay"], "--schedule step_decay needs --set-schedule step_size=VALUE"),
        ([*STEEP, "--set-schedule", "step_size=3"], "--set-schedule needs --schedule"),
        ([*STEEP, "--schedule", "step_decay", "--set-schedule", "x"], "--set-schedule takes NAME=VALUE"),
        ([*STEEP, "--schedule", "constant", "--set-schedule", "value=1"], "value is --learning-rate"),
        ([*STEEP, "--schedule", "step_decay", "--set-schedule", "step=3"], "did you mean 'step_size'"),
        ([*STEEP, "--steps", "3", "--epochs", "1"], "--steps and --epochs: give one of them"),
        ([*STEEP, "--epochs", "-1"], "jgd: --epochs must be a whole number >= 0, got -1"),
        ([*STEEP, "--batch-size", "0"], "jgd: --batch-size must be a whole number from 1 to 48, got 0"),
        ([*STEEP, "--order", "random"], "jgd: --order: unknown order 'random'"),
        ([*STEEP, "--patience", "0"], "jgd: --patience must be a whole number >= 1, got 0"),
        ([*STEEP, "--gradient-norm", "-1"], "jgd: --gradient-norm must be a finite number >= 0"),
        ([*STEEP, "--seed", "1", "--seeds", "2"], "--seed is of one run, --seeds of several"),
        ([*STEEP, "--seeds", "0"], "jgd: --seeds must be a whole number >= 1, got 0"),
        ([*STEEP, "--store", "kept", "--seeds", "2"], "--store keeps one run"),
        ([*STEEP, "--resume"], "--resume needs --store"),
        ([*STEEP, "--set", "mometum=0.9"], "--set: sgd has no parameter 'mometum'; did you mean 'momentum'"),
        ([*STEEP[:-1], "-1"], "jgd: --learning-rate must be a finite number > 0, got -1"),
        ([*ADAM, "--set", "b1=2"], "jgd: --set: b1 must be a finite number in [0, 1), got 2"),
        ([*ADAM, "--set", "nesterov=7"], "jgd: --set: nesterov must be True or False, got 7 (int)"),
        ([*STEEP, "-o", "sam"], "--optimizer sam needs --set base_optimizer=VALUE"),
        (
            [*STEEP, "-o", "sam", "--set", "base_optimizer=sgdd"],
            "--set: unknown base_optimizer 'sgdd'; did you mean 'sgd'",
        ),
        ([*STEEP, "-o", "polyak_sgd"], "--optimizer polyak_sgd has no learning rate"),
        ([*STEEP, "--schedule", "join"], "--schedule join is made of other schedules"),
        (
            [*STEEP, "--schedule", "onecycle", "--set-schedule", "transition_steps=-3"],
            "--set-schedule: transition_steps",
        ),
        ([*STEEP, "--order", "curriculum"], "--order curriculum needs --order-by, a column of --data"),
        ([*STEEP, "--order-by", "age"], "--order shuffled takes no --order-by"),
        (
            [*STEEP, "--order", "weighted", "--order-by", "aeg"],
            "--order-by: unknown order_by 'aeg'; did you mean 'age'",
        ),
        ([*STEEP, "--order", "balanced"], "--order balanced needs a target of classes"),
        (
            [*STEEP, "--order", "mining", "--set-order", "share=2"],
            "--set-order: share must be a finite number in (0, 1]",
        ),
        ([*STEEP, "--set-order", "share=2"], "the order 'shuffled' has no parameters"),
        (["train", "iris", "--order", "weighted", "--order-by", "age"], "--order-by names a column of --data"),
        (["train", "iris", "--scale", "none"], "--scale belongs to --data"),
        (
            ["train", "flats.csv"],
            "there is no task 'flats.csv'; a table's file goes to --data flats.csv --target COLUMN",
        ),
        (["train", "one.toml"], "one.toml: an experiment's file is run by `jgd sweep one.toml`"),
        ([*STEEP, "--scale", "robust"], "--scale: unknown scale 'robust'; choose from: standard, minmax, none"),
        ([*STEEP, "--min-delta", "-1"], "jgd: --min-delta must be a finite number >= 0"),
        ([*STEEP, "--seconds", "-1"], "jgd: --seconds must be a finite number >= 0"),
        ([*STEEP, "--loss-change", "-1"], "jgd: --loss-change must be a finite number >= 0"),
        ([*STEEP, "--target-loss", "nan"], "jgd: --target-loss must be a finite number"),
        ([*STEEP, "--store", "prices.csv"], "prices.csv' can't be written"),
    ],
)
def test_bad_words_end_with_a_message(words, said, jgd_here, tables):
    before = sorted(path.name for path in tables.iterdir())
    code, _, err = jgd_here(*words)
    assert (code, said in err) == (2, True), err
    assert err.startswith("jgd: ")
    assert sorted(path.name for path in tables.iterdir()) == before
