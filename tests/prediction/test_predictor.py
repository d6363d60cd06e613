"""A trained model in use: it answers for raw rows, is kept in a file without code, and strange files are one error."""

import dataclasses
import json
import pickle
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from helpers import tables
from safetensors.numpy import load, save

import jgd
from jgd.core import atomic_files
from jgd.models import Linear


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run on the mixed table, with a store."""
    store = tmp_path_factory.mktemp("run")
    return jgd.train(
        tables.task(), jgd.optimizers.adam(0.05), epochs=15, batch_size=36, store=store / "run"
    ), store / "run"


@pytest.fixture(scope="module")
def file(run, tmp_path_factory):
    return jgd.save_model(run[0], tmp_path_factory.mktemp("model"))


@pytest.mark.slow
def test_raw_rows_get_labels_and_probabilities(run, tmp_path):
    predictor = run[0].predictor
    rows = tables.mixed(50, seed=1)
    assert predictor.score(rows, "balanced_accuracy") > 0.8
    assert predictor.score(rows, "f1") > 0.7
    labels, chances = predictor.predict(rows), predictor.probabilities(rows)
    assert (np.array(predictor.classes)[chances.argmax(axis=1)] == labels).all()
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    less = {name: values[:2] for name, values in rows.items() if name != "bought"}
    assert run[0].predict({**less, "more": [1, 2]}).tolist() == labels[:2].tolist()
    with pytest.warns(UserWarning, match=r"'city' of the rows has words .* such as 'Rom' \(1 rows\)"):
        assert len(run[0].predict({**less, "city": ["Rom", "Bonn"]})) == 2
    pd.DataFrame(rows).to_csv(tmp_path / "rows.csv", index=False)
    assert run[0].predict(str(tmp_path / "rows.csv")).tolist() == labels.tolist()
    assert predictor.score(tmp_path / "rows.csv", "f1") == predictor.score(rows, "f1")
    assert len(repr(predictor)) < 100


@pytest.mark.slow
def test_the_rarer_class_counts_as_much(run):
    train = run[0]
    task = tables.task()
    labels, weights = task.train[1:]
    assert np.sum(weights[labels == 0]) == pytest.approx(np.sum(weights[labels == 1]), rel=1e-5)
    assert (train.best.value, "balanced_accuracy" in train.evaluations) == (
        pytest.approx(train.evaluations["balanced_accuracy"].max()),
        True,
    )


@pytest.mark.slow
def test_values_are_in_the_targets_unit():
    data = jgd.datasets.diabetes()
    run = jgd.train(jgd.tasks.get("diabetes").chosen_by("rmse"), jgd.optimizers.adam(0.1), steps=60)
    assert run.predictor.score(data.inputs, "r2", data.targets) > 0.4
    parts = jgd.split(data.rows)
    inputs, targets = parts.validation
    rmse = np.sqrt(np.mean((run.predict(inputs) - targets) ** 2))
    assert run.best.value == pytest.approx(rmse, rel=1e-4)
    with pytest.raises(jgd.JgdError, match="no probabilities"):
        run.predictor.probabilities(inputs)


@pytest.mark.slow
def test_a_file_answers_as_the_run_does_in_another_process(run, file, tmp_path):
    rows = tables.mixed(20, seed=2)
    (tmp_path / "rows.json").write_text(json.dumps({n: [None if x != x else x for x in v] for n, v in rows.items()}))
    code = (
        "import json, sys, jgd; rows = json.load(open('rows.json')); p = jgd.load_model(sys.argv[1])\n"
        "print(json.dumps([p.predict(rows).tolist(), 'sklearn' in sys.modules]))"
    )
    call = [sys.executable, "-c", code, str(file)]
    ran = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=300)
    assert json.loads(ran.stdout) == [run[0].predict(rows).tolist(), False]
    again = jgd.load_model(file.parent)
    assert (again.task, again.classes, again.preprocessing.columns) == (
        "table",
        ("no", "yes"),
        ("age", "city", "since"),
    )
    np.testing.assert_array_equal(again.probabilities(rows), run[0].predictor.probabilities(rows))


def test_a_stored_run_is_loaded_without_its_call(run):
    before, store = run
    files = {each.name: each.read_bytes() for each in store.iterdir()}
    loaded = jgd.load_run(store)
    for name in ("params", "history", "evaluations", "best", "end", "seconds"):
        want, got = getattr(before, name), getattr(loaded, name)
        jax.tree.map(
            np.testing.assert_array_equal,
            jax.tree.leaves(vars(want) if name == "best" else want),
            jax.tree.leaves(vars(got) if name == "best" else got),
        )
    rows = tables.mixed(20, seed=2)
    assert loaded.predict(rows).tolist() == before.predict(rows).tolist()
    assert files == {each.name: each.read_bytes() for each in store.iterdir()}


def test_a_loaded_run_has_the_average_that_its_optimizer_keeps(tmp_path):
    loss = jgd.SupervisedLoss(Linear(1), "squared_error")
    data = (np.ones((4, 1), np.float32), np.ones(4, np.float32))
    params = Linear(1).init(jax.random.key(0))
    run = jgd.train(loss, jgd.optimizers.schedule_free_sgd(0.1), params, data, steps=5, store=tmp_path)
    loaded = jgd.load_run(tmp_path)
    assert float(loaded.params["bias"]) == float(run.params["bias"]) != float(loaded.train_state.params["bias"])
    assert loaded.predict(np.ones((2, 1))).tolist() == run.predict(np.ones((2, 1))).tolist()
    with pytest.raises(jgd.JgdError, match="there is no run in"):
        jgd.load_run(tmp_path / "elsewhere")
    with pytest.raises(jgd.JgdError, match=r"there is no sweep in '.*': it holds a run, see jgd.load_run"):
        jgd.load_sweep(tmp_path)
    with pytest.raises(jgd.JgdError, match="Linear has no logits, and so no probabilities"):
        run.probabilities(np.ones((2, 1)))
    with pytest.raises(jgd.JgdError, match="rows are scored where the task knows how they become inputs"):
        run.score(np.ones((2, 1)), "rmse", [1.0, 1.0])


@pytest.mark.slow
def test_a_sweep_predicts_by_its_best_run_also_from_its_directory(tmp_path):
    task = tables.task()

    def recipe(learning_rate, wide):
        model = jgd.models.MLP((6, 4, 2)) if wide else jgd.models.Softmax(6, 2)
        loss = jgd.SupervisedLoss(model, "softmax_cross_entropy")
        metrics = {
            "accuracy": jgd.tasks.Accuracy(model),
            **{n: jgd.tasks.Score(n, model, 2) for n in ("balanced_accuracy",)},
        }
        return jgd.RunSpec(jgd.optimizers.adam(learning_rate), init=model, loss=loss, metrics=metrics)

    space = {"learning_rate": [0.1], "wide": jgd.spaces.static([True, False])}
    found = jgd.sweep(task, recipe, space, seeds=2, steps=20, store=tmp_path)
    rows = tables.mixed(30, seed=3)
    seen = jgd.load_sweep(tmp_path)
    for config, name in ((0, "MLP"), (1, "Softmax")):
        live, stored = found.predictor(config, seed=1), seen.predictor(config, seed=1)
        assert type(live.model).__name__ == type(stored.model).__name__ == name
        np.testing.assert_array_equal(live.probabilities(rows), stored.probabilities(rows))
    assert seen.predict(rows).tolist() == found.predict(rows).tolist()
    best = found.best.config
    chosen = found.predictor(seed=found.seeds[int(np.argmax(found.scores[best]))])
    assert found.predict(rows).tolist() == chosen.predict(rows).tolist()


def test_what_can_not_be_kept_or_scored_is_said(tmp_path):
    task = jgd.tasks.get("iris")
    predictor = task.predictor(task.init(jgd.init_key(0)))
    with pytest.raises(jgd.JgdError, match="path must be in a directory that is there"):
        jgd.save_model(predictor, tmp_path / "none" / "iris.safetensors")
    drawing = dataclasses.replace(predictor, model_state={"key": jax.random.key(0)})
    with pytest.raises(jgd.JgdError, match=r"model_state\['key'\] must hold numbers, got dtype key"):
        jgd.save_model(drawing, tmp_path)
    with pytest.raises(jgd.JgdError, match="targets must be one a row of the rows, 2, got 3"):
        predictor.score(np.ones((2, 4)), targets=["setosa"] * 3)


def own_model(params, inputs):
    return inputs @ params["w"]


@pytest.mark.slow
def test_a_model_of_ones_own_is_given_at_loading(tmp_path):
    rows = (np.ones((4, 2), np.float32), np.full(4, 2.0, np.float32))
    loss = lambda params, batch: jnp.mean((own_model(params, batch[0]) - batch[1]) ** 2)
    task = jgd.Task("mine", lambda key: {"w": jnp.zeros(2)}, loss, rows, rows, rows, model=own_model)
    run = jgd.train(task, jgd.optimizers.sgd(0.2), steps=20)
    file = jgd.save_model(run, tmp_path / "mine.safetensors")
    with pytest.raises(jgd.JgdError, match=r"own_model.*which no file holds"):
        jgd.load_model(file)
    np.testing.assert_array_equal(jgd.load_model(file, own_model).predict(rows[0]), run.predict(rows[0]))
    bare = jgd.train(loss, jgd.optimizers.sgd(0.2), {"w": jnp.zeros(2)}, rows, steps=1)
    for use in (lambda: bare.predict(rows[0]), lambda: jgd.save_model(bare, tmp_path / "bare")):
        with pytest.raises(jgd.JgdError, match="SupervisedLoss"):
            use()


MOVED = """
import jax.numpy as jnp

def model(params, inputs, state=None):
    return (inputs - state["mean"][None]) @ params["w"]

def loss(params, batch, state):
    inputs, targets = batch
    mean = inputs.mean(axis=0)
    after = {"mean": 0.5 * state["mean"] + 0.5 * mean}
    return jnp.mean(((inputs - mean[None]) @ params["w"] - targets) ** 2), {}, after

def evaluated(params, rows, state):
    return jnp.mean((model(params, rows[0], state) - rows[1]) ** 2)
"""


@pytest.mark.slow
def test_a_models_state_goes_with_it_into_another_process(tmp_path, monkeypatch):
    """Of a run, its best evaluation, its store, and a sweep; in Python and in the shell."""
    (tmp_path / "moved.py").write_text(MOVED)
    monkeypatch.syspath_prepend(tmp_path)
    import moved

    table = {"a": np.arange(40.0), "y": 3 * np.arange(40.0) - 5}
    made = jgd.tasks.of_table(jgd.data.read(table, "y"))
    start = dict(init=lambda key: {"w": jnp.ones(1)}, init_state=lambda key: {"mean": jnp.full(1, 9.0)})
    task = dataclasses.replace(made, loss=moved.loss, evaluation_loss=moved.evaluated, model=moved.model, **start)
    run = jgd.train(task, jgd.optimizers.sgd(0.3), steps=6, batch_size=7, store=tmp_path / "run")
    found = jgd.sweep(task, "sgd", {"learning_rate": [0.3]}, seeds=2, steps=6, batch_size=7)
    by_hand = lambda params, state: made.preprocessing.values(
        moved.model(params, made.preprocessing.inputs({"a": table["a"]}), state)
    )
    best = found.best.config, found.seeds[int(np.argmin(found.scores[0]))]
    want = {
        "run": by_hand(run.best.params, run.best.model_state),
        "sweep": by_hand(found.params(*best), found.model_state(*best)),
    }
    assert abs(want["run"] - by_hand(run.best.params, {"mean": np.full(1, 9.0)})).min() > 1  # the state tells
    assert "mean" in run.best.model_state
    np.testing.assert_allclose(found.replay(*best).predict(table), want["sweep"], rtol=1e-6)
    for name, trained in (("run", run), ("sweep", found)):
        np.testing.assert_allclose(trained.predict(table), want[name], rtol=1e-6)
        jgd.save_model(trained, tmp_path / f"{name}.safetensors")
    np.testing.assert_allclose(jgd.load_run(tmp_path / "run", moved.model).predict(table), want["run"], rtol=1e-6)
    (tmp_path / "rows.csv").write_text("a\n" + "\n".join(map(str, table["a"])))
    for name in want:
        words = ["predict", f"{name}.safetensors", "--data", "rows.csv", "--code", "moved:model"]
        out = subprocess.run(
            [sys.executable, "-c", "from jgd.cli import main; main()", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        np.testing.assert_allclose([float(line) for line in out.stdout.split()[1:]], want[name], rtol=1e-5)


def resealed(file, change):
    """The file with its facts changed, under a checksum that is right: a stranger's work."""
    blob = file.read_bytes()
    header = json.loads(blob[8 : 8 + int.from_bytes(blob[:8], "little")])
    facts = json.loads(header["__metadata__"]["jgd"])["content"]
    change(facts)
    return save(load(blob), {"jgd": atomic_files.sealed(facts).decode()})


def first_column(**changes):
    return lambda facts: facts["preprocessing"]["columns"][1].update(changes)


def in_middle(blob, new):
    return blob[: len(blob) // 2] + new + blob[len(blob) // 2 + len(new) :]


STRANGE = {
    "cut": lambda f: f.read_bytes()[:-5],
    "empty": lambda f: b"",
    "a flipped number": lambda f: f.read_bytes()[:-1] + bytes([f.read_bytes()[-1] ^ 1]),
    "a changed header": lambda f: in_middle(f.read_bytes(), b"9"),
    "a pickle": lambda f: pickle.dumps({"a": 1}),
    "no model of jgd's": lambda f: save({"w": np.ones(2, np.float32)}),
    "a header of somebody's": lambda f: save({"w": np.ones(2, np.float32)}, {"jgd": "{}"}),
    "a newer format": lambda f: resealed(f, lambda facts: facts.update(format=99)),
    "a model of another module": lambda f: resealed(f, lambda facts: facts.update(model={"record": "os.system"})),
    "a model of strange sizes": lambda f: resealed(f, lambda facts: facts["model"].update(bias="yes")),
    "another tree": lambda f: resealed(f, lambda facts: facts.update(tree=["dict", [["w", "leaf"]]])),
    "a tree of names that can't be sorted": lambda f: resealed(f, lambda facts: facts["tree"][1][0].__setitem__(0, 7)),
    "a shape that NumPy would guess": lambda f: resealed(
        f, lambda facts: facts["arrays"].update({"params['bias']": ["<f4", [-1]]})
    ),
    "arrays of other shapes": lambda f: resealed(
        f, lambda facts: facts["arrays"].update({"params['bias']": ["<f4", [7]]})
    ),
    "an object array": lambda f: resealed(f, lambda facts: facts["arrays"].update({"params['bias']": ["O", []]})),
    "categories that are no words": lambda f: resealed(f, first_column(categories=[7.0])),
    "a column twice": lambda f: resealed(f, first_column(name="age")),
    "an unknown kind": lambda f: resealed(f, first_column(kind="code")),
    "a scaling of other features": lambda f: resealed(f, first_column(categories=[0.0])),
    "a dtype that is no Python": lambda f: resealed(
        f, lambda facts: facts["arrays"].update({"params['bias']": ["i4,(1", []]})
    ),
    "control characters": lambda f: resealed(f, lambda facts: facts.update(task="\x1b[2J")),
}


@pytest.mark.parametrize("make", STRANGE.values(), ids=STRANGE)
def test_a_strange_file_is_one_error(file, make, tmp_path):
    (tmp_path / "m.safetensors").write_bytes(make(file))
    with pytest.raises(jgd.JgdError, match=r"m\.safetensors"):
        jgd.load_model(tmp_path / "m.safetensors")


def test_links_and_holes_are_refused(file, tmp_path):
    (tmp_path / "link.safetensors").symlink_to(file)
    for path in (tmp_path / "link.safetensors", tmp_path / "none", tmp_path):
        with pytest.raises(jgd.JgdError, match="there is no model"):
            jgd.load_model(path)


BAD_ROWS = {
    "'city', 'since' missing": {"age": [1.0]},
    "at least one row": {"age": [], "city": [], "since": []},
    "holds words, such as 'old'": {"age": ["old"], "city": ["Bonn"], "since": ["2024-01-01"]},
    "rows of one length": [[1.0, "Bonn", "2024-01-01"], [1.0]],
    "must hold dates": {"age": [1.0], "city": ["Bonn"], "since": ["soon"]},
    "an array (n, 3) of the columns 'age', 'city', 'since'": np.ones((2, 2)),
}


@pytest.mark.parametrize(("words", "rows"), BAD_ROWS.items(), ids=BAD_ROWS)
def test_rows_that_can_not_be_read_are_named(run, words, rows):
    with pytest.raises(jgd.JgdError) as caught:
        run[0].predict(rows)
    assert words in str(caught.value)


def test_lists_may_hold_words_beside_numbers(run):
    rows = [[70.0, "Kiel", "2024-01-01"], [20.0, None, "2024-03-01"]]
    table = dict(zip(("age", "city", "since"), zip(*rows, strict=True), strict=True))
    assert (run[0].predict(rows) == run[0].predict(table)).all()


@pytest.mark.parametrize(
    ("name", "loads"), [("size\n(m\u00b2)\xa0", True), ("\x1b[2J", False)], ids=["lines", "control"]
)
def test_a_file_of_the_names_of_tables_loads_or_is_not_written(file, tmp_path, name, loads):
    kept = jgd.load_model(file)
    ready = kept.preprocessing
    changed = dataclasses.replace(kept, preprocessing=dataclasses.replace(ready, target=name, classes=("no", name)))
    if loads:
        assert jgd.load_model(jgd.save_model(changed, tmp_path)).classes == ("no", name)
    else:
        with pytest.raises(jgd.JgdError, match="text without control characters"):
            jgd.save_model(changed, tmp_path)
        assert not [*tmp_path.iterdir()]


def test_a_target_of_words_has_no_score_of_values():
    kept = jgd.data.Preprocessing(tables.task().preprocessing.encoder, target="price")
    with pytest.raises(jgd.JgdError, match="target 'price' of the rows must be numbers, got 'dear'"):
        kept.targets(["dear"])
    assert kept.targets([1, 2.5]).tolist() == [1.0, 2.5]
