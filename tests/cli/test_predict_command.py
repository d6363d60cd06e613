"""The page on tables as a reader follows it in a shell, and what `jgd predict` refuses."""

import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import jgd

pytest.importorskip("typer")
PAGE = (Path(__file__).parents[2] / "docs/tables.md").read_text(encoding="utf-8")
LINES = re.findall(r"^    jgd (.*)$", PAGE, re.MULTILINE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The page's directory: its first block has written the two files."""
    path = tmp_path_factory.mktemp("tables")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path)
        exec(re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)[0], {})
    return path


@pytest.mark.slow
def test_the_pages_shell_lines_run_in_order(folder, command, monkeypatch):
    monkeypatch.chdir(folder)
    said = []
    for line in LINES:
        code, out, err = command(*shlex.split(line))
        assert code == 0, (line, err)
        said.append((out, err))
    answers = pd.read_csv("answers.csv")
    assert list(answers.columns) == ["bought", "p(no)", "p(yes)"]
    assert ((answers["p(yes)"] > 0.5) == (answers["bought"] == "yes")).all()
    assert said[2][0].splitlines()[1:] == answers["bought"].tolist()  # the terminal, without --out
    scored = dict(re.findall(r"(\w+) ([\d.]+)", said[2][1]))
    right = answers["bought"] == pd.read_csv("new.csv")["bought"]
    by_class = right.groupby(pd.read_csv("new.csv")["bought"]).mean()
    assert float(scored["balanced_accuracy"]) == pytest.approx(by_class.mean(), abs=1e-5)
    assert by_class.min() > 0.7  # also of the rare class
    assert len(pd.read_csv("by-the-best.csv")) == len(answers)
    code, _, err = command("predict", "model", "--data", "new.csv", "--out", "answers.csv")
    assert (code, "is there already" in err) == (2, True)


def test_a_model_of_arrays_takes_them_and_tables_of_as_many_columns(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model, inputs = jgd.models.Softmax(3, 2), np.arange(60, dtype=np.float32).reshape(20, 3)
    words = np.where(inputs[:, 0] > 30, "late", "soon")
    loss = jgd.SupervisedLoss(model, "softmax_cross_entropy")
    task = jgd.Task.from_arrays("own", model.init, loss, (inputs, words), scale=jgd.Standard())
    predictor = task.predictor({"weights": np.tile([[1.0, -1.0]], (3, 1)), "bias": np.zeros(2)})
    jgd.save_model(predictor, "model.safetensors")
    np.save("new.npy", inputs)
    pd.DataFrame(inputs).assign(target=words).to_csv("new.csv", index=False)
    code, out, err = command("predict", "model.safetensors", "--data", "new.npy")
    assert (code, out.splitlines()[1:]) == (0, predictor.predict(inputs).tolist()), err
    code, again, err = command("predict", "model.safetensors", "--data", "new.csv", "--metric", "accuracy")
    assert (code, again) == (0, out)
    assert float(err.split()[1]) > 0.8
    words = ["predict", "model.safetensors", "--data", "new.csv", "--metric", "accuracy", "--metric", "rmse"]
    code, out, err = command(*words, "--out", "answers.csv")
    assert (code, out, "rmse" in err, Path("answers.csv").exists()) == (2, "", True, False)  # before it writes
    np.save("narrow.npy", inputs[:, :2])
    code, _, err = command("predict", "model.safetensors", "--data", "narrow.npy")
    assert (code, "narrow.npy must have the shape that the model was trained on, (n, 3), got (20, 2)" in err) == (
        2,
        True,
    )


BAD = {
    "there is no run in": ["predict", ".", "--data", "new.csv"],
    "there is no model": ["predict", "none", "--data", "new.csv"],
    "must be in a directory that is there": ["predict", ".", "--data", "new.csv", "--out", "none/a.csv"],
    "--one-hot: column 'city' of customers.csv holds words": ["train", "--data", "customers.csv", "--target", "bought"],
    "--one-hot must name columns: unknown column of the features 'town'": [
        *["train", "--data", "customers.csv", "--target", "bought", "--one-hot", "town"]
    ],
    "--class-weight belongs to --data": ["train", "iris", "--class-weight", "balanced"],
    "unknown metric 'rmse'": ["train", "iris", "--metric", "rmse"],
}


@pytest.mark.parametrize(("said", "words"), BAD.items(), ids=BAD)
def test_bad_words_end_with_a_message(said, words, folder, command, monkeypatch):
    monkeypatch.chdir(folder)
    code, _, err = command(*words)
    assert (code, said in err) == (2, True), err
