"""`jgd report` and `jgd export` as they are typed: a page of a finished sweep, of one that runs, of several; nonsense."""

import html
import re

import pytest
from helpers import sweeping

import jgd
from jgd.core import atomic_files

pytest.importorskip("typer")
pytest.importorskip("jinja2")
pytest.importorskip("plotly")
pytestmark = pytest.mark.slow


@pytest.fixture
def here(tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    return command


def printed(path):
    """The command or the call that a page says makes the sweep again."""
    return html.unescape(re.search(r'<pre class="code">(.*?)</pre>', path.read_text(), re.DOTALL)[1])


def test_a_page_says_the_command_and_the_confirmation(here, tmp_path):
    words = [
        "sweep",
        "iris",
        "-o",
        "sgd",
        "--learning-rates",
        "1e-2",
        "1",
        "3",
        "--steps",
        "12",
        "--seeds",
        "2",
        "--out",
        "my run",
    ]
    assert here(*words)[0] == 0
    assert here("confirm", "my run", "--seeds", "2")[0] == 0
    assert here("extend", "my run", "--seeds", "3")[0] == 0
    assert here("report", "my run")[:2] == (0, "wrote my run/report.html\n")
    assert printed(tmp_path / "my run/report.html").splitlines() == [
        f"cd {tmp_path}",
        "jgd sweep iris -o sgd --learning-rates 1e-2 1 3 --steps 12 --seeds 2 --out 'my run'",
        "jgd extend 'my run' --seeds 3",
    ]
    assert "Validation and test accuracy on the fresh seeds 2, 3" in (tmp_path / "my run/report.html").read_text()
    assert here("report", "my run", "my run", "--out", "both.html")[0] == 0
    assert "2 sweeps compared" in (tmp_path / "both.html").read_text()
    code, out, _ = here("export", "my run", "long.csv", "--curves")
    assert (code, out) == (0, "wrote long.csv\n")
    assert here("sweep", *words[1:], "--overwrite")[0] == 0
    assert not (tmp_path / "my run/report.html").exists()  # of the sweep before
    for words, said in (
        (["report", "my run", "my run"], "--out must name the file"),
        (["report", "nowhere"], "there is no directory 'nowhere'"),
        (["report", "."], "there is no sweep in"),
        (["report", "my run", "--every", "0"], "--every must be"),
        (["export", "my run", "runs.xlsx"], "unknown the ending of path"),
    ):
        code, _, err = here(*words)
        assert (code, said in err) == (2, True), err


def test_watching_writes_the_page_until_the_sweep_lets_go(here, tmp_path, monkeypatch):
    sweeping.sweep(store=tmp_path / "run")
    journal = tmp_path / "run/journal"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:1]))  # as it was after the first block
    page = tmp_path / "run/report.html"
    seen = []

    def later(seconds):
        seen.append(
            (
                seconds,
                "runs are left" in page.read_text(),
                '<meta http-equiv="refresh" content="0.5">' in page.read_text(),
            )
        )
        journal.write_bytes(b"".join(lines[: len(seen) + 1]))
        if len(seen) == len(lines):
            holding.__exit__(None, None, None)

    holding = atomic_files.held(tmp_path / "run")
    holding.__enter__()
    monkeypatch.setattr("time.sleep", later)
    code, out, _ = here("report", "run", "--watch", "--every", "0.5")
    assert code == 0
    assert out.splitlines()[0].endswith("runs are left")
    assert out.splitlines()[-1] == "wrote run/report.html"
    assert seen[0] == (0.5, True, True)
    assert '<meta http-equiv="refresh"' not in page.read_text()
    assert '<p class="state">finished</p>' in page.read_text()


def test_somebodys_code_is_not_imported(here, tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(
        "import jgd\ndef own(learning_rate):\n    return jgd.optimizers.sgd(learning_rate)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    import mine  # pyright: ignore[reportMissingImports]

    sweeping.sweep({"own": mine.own}, store=tmp_path / "run")
    (tmp_path / "mine.py").write_text("raise SystemExit('it was imported')")
    monkeypatch.delitem(__import__("sys").modules, "mine")
    assert here("report", "run")[0] == 0
    assert printed(tmp_path / "run/report.html").startswith("# of your own: 'own', mine:own")
    assert jgd.load_sweep("run").recipes == ("own",)


def test_sweeps_are_compared_over_their_tasks(here, tmp_path, monkeypatch):
    tasks = {"first": "iris", "second": "hours_points", "third": "iris"}
    for name, task in tasks.items():
        jgd.sweep(task, ["sgd", "adam"], {"learning_rate": [0.01, 0.1]}, seeds=2, steps=4, store=name)
    monkeypatch.setattr("jgd.cli.request.load", None)  # looking asks for no code
    code, out, _ = here("compare", "first", "second", "--out", "both")
    sweeps = [jgd.load_sweep(name) for name in ("first", "second")]
    text = jgd.reports.comparison_text(jgd.analysis.compare_sweeps(sweeps)) + "\n"
    assert (code, (tmp_path / "both/comparison.txt").read_text()) == (0, text)
    assert out.startswith(text + "wrote both/comparison.txt\n")
    names = ["comparison.csv", "comparison.md", "comparison.tex", "comparison.txt", "ranks.png"]
    assert sorted(path.name for path in (tmp_path / "both").iterdir()) == names
    assert "| iris (accuracy) | hours_points (loss) |" in (tmp_path / "both/comparison.md").read_text()
    assert "first (accuracy)" in here("compare", "first", "third")[1]  # two of one task are told by their directories
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    assert "3 fresh seeds each" in here("compare", "first", "--fresh", "3")[1]
    jgd.sweep("hours_points", ["sgd", "adam"], {"learning_rate": [0.01]}, seeds=2, steps=4, store="part", seconds=1e-9)
    for words, said in (
        (["first", "first"], "directories must differ"),
        (["first", "nowhere"], "there is no directory 'nowhere'"),
        (["first", "part"], "runs on hours_points are left"),
        (["first", "--fresh", "1"], "--fresh must be"),
        (["first", "--trust"], "--trust needs --fresh"),
    ):
        code, _, err = here("compare", *words)
        assert (code, said in err) == (2, True), err
