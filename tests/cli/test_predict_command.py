"""The page on tables as a reader follows it in a shell, and what `jgd predict` refuses."""

import re
import shlex
from pathlib import Path

import pandas as pd
import pytest

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


BAD = {
    "there is no run in": ["predict", ".", "--data", "new.csv"],
    "there is no model": ["predict", "none", "--data", "new.csv"],
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
