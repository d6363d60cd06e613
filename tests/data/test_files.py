"""A user's own table: what it becomes, and what is wrong with it, by column and row."""

import warnings

import numpy as np
import pandas as pd
import pytest

import jgd

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame({"age": RNG.uniform(20, 60, 40), "income": RNG.uniform(1e4, 1e5, 40), "kind": ["a", "b"] * 20})
FRAME["score"] = FRAME["age"] * 0.1 + 1.0


def write(frame, path):
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    elif path.suffix == ".parquet":
        pytest.importorskip("pyarrow")
        frame.to_parquet(path)
    else:
        np.savez(path, **{name: frame[name].to_numpy() for name in frame})
    return path


@pytest.mark.parametrize("suffix", ["csv", "parquet", "npz"])
def test_a_table_of_values(tmp_path, suffix):
    data = jgd.data.read(write(FRAME[["age", "income", "score"]], tmp_path / f"own.{suffix}"), "score")
    assert (data.name, data.features, data.classes) == ("own", ("age", "income"), 0)
    np.testing.assert_allclose(data.inputs, FRAME[["age", "income"]])
    np.testing.assert_allclose(data.targets, FRAME["score"])


def test_words_are_classes(tmp_path):
    data = jgd.data.read(write(FRAME, tmp_path / "own.csv"), "kind")
    assert (data.classes, data.targets[:3].tolist(), data.targets.dtype) == (2, [0, 1, 0], np.int32)


@pytest.mark.parametrize(
    ("cell", "said"),
    [("2026-01-{:02}", "'who' has 20 words in 20 rows.*dates reads it"), ("name {}", "drop leaves it out")],
)
def test_words_that_hardly_repeat_are_warned_of_unless_they_are_named(cell, said):
    table = {"who": np.array([cell.format(i) for i in range(1, 21)]), "y": np.sin(np.arange(20.0))}
    with pytest.warns(UserWarning, match=said):
        jgd.data.read(table, "y", one_hot="auto")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        jgd.data.read(table, "y", one_hot=["who"])
        jgd.data.read({**table, "who": table["who"][np.arange(20) // 3]}, "y", one_hot="auto")


def test_arrays_of_several_columns(tmp_path):
    np.savez(tmp_path / "own.npz", x=np.ones((15, 3)), t=np.arange(15), y=np.arange(15) % 3)
    data = jgd.data.read(tmp_path / "own.npz", "y")
    assert (data.features, data.classes) == (("x[0]", "x[1]", "x[2]", "t"), 3)
    assert jgd.data.read(tmp_path / "own.npz", "y", "values").classes == 0


HOLE = FRAME[["age", "score"]].assign(age=lambda f: f["age"].where(f.index != 7))
BAD = {
    "column 'age' of own.csv must be finite, got nan at row 7": (HOLE, "score"),
    "column 'kind' of own.csv holds": (FRAME, "score"),
    "did you mean 'score'": (FRAME, "scor"),
    "no column besides the target": (FRAME[["score"]], "score"),
    "no empty cell, got one at row 7 (words such as NA": (HOLE[["score", "age"]], "age"),
}


@pytest.mark.parametrize(("words", "given"), BAD.items(), ids=BAD)
def test_what_is_wrong_is_named(tmp_path, words, given):
    frame, target = given
    with pytest.raises(jgd.JgdError) as caught:
        jgd.data.read(write(frame, tmp_path / "own.csv"), target)
    assert words in str(caught.value)


def test_files_that_are_none(tmp_path):
    with pytest.raises(jgd.JgdError, match="is not there"):
        jgd.data.read(tmp_path / "none.csv", "y")
    with pytest.raises(jgd.JgdError, match="is no file"):
        jgd.data.read(tmp_path, "y")
    (tmp_path / "own.txt").write_text("1")
    with pytest.raises(jgd.JgdError, match=r"must be \.csv, \.parquet, \.arrow"):
        jgd.data.read(tmp_path / "own.txt", "y")
    np.savez(tmp_path / "own.npz", x=np.ones(3), y=np.ones(4))
    with pytest.raises(jgd.JgdError, match="as many rows"):
        jgd.data.read(tmp_path / "own.npz", "y")


@pytest.mark.slow
@pytest.mark.parametrize("model", [None, "linear", "mlp"])
def test_a_table_becomes_a_task(tmp_path, model):
    task = jgd.tasks.of_table(
        jgd.data.read(write(FRAME[["age", "income", "score"]], tmp_path / "own.csv"), "score"), model
    )
    run = jgd.train(task.loss, jgd.optimizers.adam(0.03), task.init(jgd.init_key(0)), task.train, steps=100)
    assert run.history["loss"][-1] < 0.5 * run.history["loss"][0]


@pytest.mark.parametrize(
    ("model", "words"), [("logistic", "two classes"), ("softmax", "doesn't suit"), ("mpl", "did you mean 'mlp'")]
)
def test_a_model_that_does_not_suit_is_refused(tmp_path, model, words):
    data = jgd.data.read(write(FRAME[["age", "income", "score"]], tmp_path / "own.csv"), "score")
    with pytest.raises(jgd.JgdError, match=words):
        jgd.tasks.of_table(data, model)
