"""Looking at somebody's directory: nothing is imported or run, nothing outside is touched, and strange files are named."""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import sweeping
from helpers.stored import bits, sweep

import jgd
from jgd.core import array_files, atomic_files
from jgd.sweeps.policies.bundled import rounds_to_json
from jgd.sweeps.policies.policy import Round
from jgd.sweeps.store import journal

OWN = """
import jgd
def mine(learning_rate): return jgd.optimizers.sgd(learning_rate)
"""
MARKED = "import pathlib\npathlib.Path({mark!r}).write_text('ran')\n" + OWN


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    path = tmp_path_factory.mktemp("looked at") / "sweep"
    sweep(path)
    return path


@pytest.fixture
def copy(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "copy")


@pytest.fixture
def theirs(tmp_path, monkeypatch):
    """A sweep by a recipe of somebody's module, which by now leaves a mark when it is imported; and the mark."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "their_module.py").write_text(OWN)
    import their_module  # pyright: ignore[reportMissingImports]

    found = sweep(tmp_path / "run", recipe=their_module.mine, on=replace(sweeping.task(), name="theirs"))
    del sys.modules["their_module"]
    (tmp_path / "their_module.py").write_text(MARKED.format(mark=str(tmp_path / "mark")))
    yield tmp_path / "run", found, tmp_path / "mark"
    sys.modules.pop("their_module", None)


def test_all_that_is_data_is_there_without_task_or_recipe(theirs):
    path, found, mark = theirs
    seen = jgd.load_sweep(path)
    assert bits(seen) == bits(found)
    for name in ("task", "metric", "larger_is_better", "recipes", "configs", "seeds", "steps", "evaluation_steps"):
        assert getattr(seen, name) == getattr(found, name)
    assert (seen.spaces, seen.rounds, seen.picks) == (found.spaces, found.rounds, found.picks)
    assert repr(seen.best) == repr(found.best)
    timeless = ["compile_seconds", "run_seconds", "steps", "steps_per_second", "padded_share"]
    cost = lambda sweep: {n: v for n, v in sweep.cost.items() if n not in timeless and not n.startswith("round_")}
    assert cost(seen) == cost(found)
    assert seen.dataset.drop_attrs().identical(found.dataset.drop_attrs())
    assert jgd.reports.report(seen).split("Cost")[0] == jgd.reports.report(found).split("Cost")[0]
    jgd.plots.plot_loss_curves(seen)
    assert not mark.exists()


def test_what_runs_takes_its_code_from_the_caller_or_asks_for_trust(theirs):
    path, found, mark = theirs
    seen = jgd.load_sweep(path)
    for verb in (lambda: seen.extend(seeds=3), lambda: seen.replay(0, 0), lambda: seen.confirm(2)):
        with pytest.raises(jgd.JgdError, match=r"recipe 'mine' \(their_module:mine\) and the task 'theirs'.*recipes="):
            verb()
    own = replace(sweeping.task(), name="theirs")
    with pytest.raises(jgd.JgdError, match=r"recipe 'mine' .*; with trust=True it imports their_module"):
        jgd.load_sweep(path, task=own)
    assert not mark.exists()
    with pytest.raises(
        jgd.JgdError, match=r"recipes\['mine'\] mine by its source \w+ there, mine by its source \w+ here"
    ):
        jgd.load_sweep(path, task=own, recipes={"mine": other_recipe("mine", 2)})
    assert not mark.exists()
    trusted = jgd.load_sweep(path, task=own, trust=True)
    assert mark.exists()
    assert trusted.replay(1, 0).reproduced
    assert bits(trusted) == bits(found)


def other_recipe(name, factor):
    def mine(learning_rate):
        return jgd.optimizers.sgd(factor * learning_rate)

    mine.__qualname__ = name
    return mine


def test_another_version_of_jgd_is_said_in_words(copy, monkeypatch):
    monkeypatch.setattr("jgd.core.fingerprint.__version__", "9.0")
    seen = jgd.load_sweep(copy)  # looking compares nothing
    with pytest.raises(jgd.JgdError, match=r"recipes\['adam'\] adam of jgd \S+ there, adam of jgd 9.0 here"):
        seen.extend(seeds=3)


@pytest.mark.slow
def test_looking_neither_imports_scikit_learn_nor_compiles(copy):
    code = f"""
import sys, jax
import jgd
found = jgd.load_sweep({str(copy)!r})
found.best, found.scores, found.params(0, 0), jgd.reports.table_text(found)
assert "sklearn" not in sys.modules and "jgd.data.datasets.iris" not in sys.modules
"""
    assert subprocess.run([sys.executable, "-c", code], check=False, env=os.environ).returncode == 0


def content(path: Path) -> dict:
    return json.loads((path / "sweep.json").read_text())["content"]


STRANGE = {
    "missing key": lambda there: {name: value for name, value in there.items() if name != "seeds"},
    "no format": lambda there: {name: value for name, value in there.items() if name != "format"},
    "format of text": lambda there: {**there, "format": "4"},
    "a list": lambda there: [there],
    "steps of text": lambda there: {**there, "steps": "12"},
    "endless steps": lambda there: {**there, "steps": 10**30},
    "an unknown argument of a policy": lambda there: {**there, "policy": ["SuccessiveHalving", {"evil": 1}]},
    "a policy of other steps": lambda there: {**there, "policy": ["MedianStopping", {"every": 99, "after": 99}]},
    "a strange space": lambda there: {**there, "axis": {**there["axis"], "spaces": {"adam": {"b1": {"odd": []}}}}},
    "control characters": lambda there: {**there, "task": "\x1b[2J"},
    "half a pair": lambda there: {**there, "metric": "\ud800"},
    "an unknown metric": lambda there: {**there, "metric": "other"},
    "a cost that is none": lambda there: {**there, "setup": {"steps": 5}},
    "evaluations that go back": lambda there: {**there, "evaluation_steps": [8, 4, 12]},
}


@pytest.mark.parametrize("change", STRANGE.values(), ids=STRANGE)
def test_a_sealed_but_strange_manifest_is_one_error_that_names_the_file(copy, change):
    (copy / "sweep.json").write_bytes(atomic_files.sealed(change(content(copy))))
    with pytest.raises(jgd.JgdError, match=str(copy)):
        jgd.load_sweep(copy)


@pytest.mark.parametrize("run", [(0, 0), (0, 99), (99, 0)])
def test_rounds_without_a_run_that_is_not_there_are_told(copy, run):
    manifest, rounds = content(copy), [Round((0,), 4, without=frozenset({run}))]
    (copy / "sweep.json").write_bytes(atomic_files.sealed({**manifest, "policy": ["somebody's", {}]}))
    made = {"format": manifest["format"], "rounds": rounds_to_json(rounds)}
    (copy / "rounds.json").write_bytes(atomic_files.sealed(made))
    with pytest.warns(match=r"another sweep") if 99 in run else contextlib.nullcontext():
        assert len(jgd.load_sweep(copy).rounds) == 1


ODD_CONFIGS = {
    "one group": {"groups": np.zeros(1, np.int32)},
    "groups that nothing is known of": {"groups": np.full(6, 9, np.int32)},
    "keys of text": {"keys": np.zeros(6, np.float32)},
    "rows that are others": {"row_of": np.full(6, 9, np.int32)},
    "a column of fewer": {"0.learning_rate": np.zeros(2)},
    "words that are objects": {"0.learning_rate": np.zeros(6, np.int32)},
    "a flipped bit": {},
}


@pytest.mark.parametrize("change", ODD_CONFIGS)
def test_strange_configs_are_one_error_that_names_the_directory(copy, change):
    (file,) = copy.glob("configs-*.safetensors")
    arrays, told = array_files.read_blob(file.read_bytes())
    if change == "words that are objects":
        told["shapes"][0]["words"] = {"learning_rate": [{}]}
    blob = array_files.blob_of({**arrays, **ODD_CONFIGS[change]}, told)
    name = f"configs-{hashlib.sha256(blob).hexdigest()[:16]}.safetensors"
    file.unlink()
    (copy / name).write_bytes(blob if ODD_CONFIGS[change] else blob[:-1] + b"?")
    (copy / "sweep.json").write_bytes(atomic_files.sealed({**content(copy), "configs_file": name}))
    with pytest.raises(jgd.JgdError, match=str(copy)):
        jgd.load_sweep(copy)


def test_losses_beyond_the_memory_are_refused_when_they_are_asked_for(copy):
    changed = {**content(copy), "steps": 2**31 - 2, "evaluation_steps": [4, 8, 2**31 - 2]}
    (copy / "sweep.json").write_bytes(atomic_files.sealed(changed))
    found = jgd.load_sweep(copy)
    with pytest.raises(jgd.JgdError, match="more than this machine has"):
        found.loss  # noqa: B018


RAW = {
    "deep": b'{"content": ' + b"[" * 100_000,
    "binary": b"\x00\xff",
    "a number of many digits": b'{"content": ' + b"9" * 5000 + b"}",
}


@pytest.mark.parametrize("raw", RAW.values(), ids=RAW)
def test_a_file_that_is_no_json_is_damaged(copy, raw):
    (copy / "sweep.json").write_bytes(raw)
    with pytest.raises(jgd.JgdError, match=r"sweep.json is damaged"):
        jgd.load_sweep(copy)


def test_without_a_journal_runs_count_as_not_run_never_as_diverged(copy):
    (copy / "journal").write_bytes(b"")
    with pytest.warns(
        UserWarning, match=r"block results .* have no line in the journal: runs that .* count as not run"
    ):
        jgd.load_sweep(copy)
    (copy / "journal").unlink()
    with pytest.warns(UserWarning, match="journal, which is missing"):
        found = jgd.load_sweep(copy)
    assert found.runs_left == found.scores.size
    assert "runs are left to run" in repr(found)
    text = jgd.reports.report(found) + jgd.reports.table_text(found)
    assert ("none: 12 runs are left" in text, "every run diverged" in text, "stop" in text) == (True, False, False), (
        text
    )


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["directory", "pipe"])
def test_what_is_no_file_is_not_waited_for(copy, make):
    for name in ("sweep.json", "journal"):
        (copy / name).rename(copy / f"{name}-aside")
        make(copy / name)
        with pytest.raises(jgd.JgdError, match=rf"{name}.* can't be read .* is no file"):
            jgd.load_sweep(copy)
        (copy / name).rmdir() if make is Path.mkdir else (copy / name).unlink()
        (copy / f"{name}-aside").rename(copy / name)


@pytest.mark.parametrize("name", ["sweep.json", "journal", "test_reads.json", "blocks", "lanes"])
def test_links_are_refused_and_what_they_lead_to_stays(copy, tmp_path, name):
    if name == "test_reads.json":
        (copy / name).write_text("{}")
    (copy / name).rename(tmp_path / "elsewhere")
    (copy / name).symlink_to(tmp_path / "elsewhere")
    inside = lambda: sorted(
        (path, path.stat().st_mtime_ns) for path in [tmp_path, *(tmp_path / "elsewhere").rglob("*")]
    )
    before = inside()
    for call in (lambda: jgd.load_sweep(copy), lambda: sweep(copy, seeds=3, resume=True)):
        with pytest.raises(jgd.JgdError, match=f"'{name}' in .* is a link"):
            call()
    assert inside() == before


def rewritten(path: Path, **changes) -> None:
    """The journal's lines with other entries, sealed."""
    lines = [{**line, **changes} for line in journal.read_journal(path)]
    (path / "journal").write_text("".join(map(journal.row, lines)))


@pytest.mark.parametrize("pack", [f"../../{'0' * 16}.pack", "/etc/passwd", "..", "", 3, f"{'0' * 16}.pack\x00"])
def test_a_journal_names_plain_files_only(copy, pack):
    rewritten(copy, rest=[pack, 0, 9, "0" * 64])
    with pytest.warns(UserWarning, match="lines of the journal .* are damaged"):
        assert np.isnan(jgd.load_sweep(copy).loss).all()


def test_a_journal_that_asks_for_more_than_there_is_gets_what_there_is(copy):
    (line, *_) = journal.read_journal(copy)
    rewritten(copy, rest=[*line["rest"][:2], 2**61, "0" * 64])
    with pytest.warns(UserWarning, match=r"unusable \(.* is damaged from byte"):
        assert np.isnan(jgd.load_sweep(copy).loss).all()


def test_a_block_that_is_a_link_is_not_followed(copy, tmp_path):
    block = sorted((copy / "blocks").iterdir())[0]
    block.rename(tmp_path / "elsewhere")
    block.symlink_to(tmp_path / "elsewhere")
    before = (tmp_path / "elsewhere").read_bytes()
    with pytest.warns(UserWarning, match="unusable .* is a link"):
        jgd.load_sweep(copy)
    with warnings.catch_warnings(action="ignore"):
        assert bits(sweep(copy)) == bits(sweep())
    assert (tmp_path / "elsewhere").read_bytes() == before


def test_only_what_jgd_left_half_written_is_deleted(copy):
    mine = [
        copy / "film.iso.part",
        copy / "blocks/notes.part",
        copy / "deep/down/x.part",
        copy / "sweep.json.part.part",
    ]
    configs = f"configs-{'0' * 16}.safetensors"
    left = [copy / name for name in ("sweep.json.part", f"journal.{'0' * 8}.part", f"{configs}.{'0' * 8}.part")]
    (copy / "deep/down").mkdir(parents=True)
    for path in (*mine, *left):
        path.write_text("half")
    sweep(copy)
    assert [path.exists() for path in (*mine, *left)] == [True] * 4 + [False] * 3


@pytest.mark.slow
def test_a_half_written_name_that_is_a_link_is_not_written_through(copy, tmp_path):
    (tmp_path / "elsewhere").write_text("mine")
    (copy / "sweep.json.part").symlink_to(tmp_path / "elsewhere")
    (copy / ".part-results.nc").symlink_to(tmp_path / "elsewhere")
    jgd.reports.save_sweep(sweep(copy), copy)
    assert (tmp_path / "elsewhere").read_text() == "mine"


@pytest.mark.slow
def test_a_run_and_a_sweep_need_a_directory_each(copy, tmp_path):
    train = lambda path: jgd.train(
        sweeping.task().loss, jgd.optimizers.sgd(0.1), sweeping.task().init(jgd.init_key(0)), sweeping.task().train,
        steps=2, store=path,
    )  # fmt: skip
    with pytest.raises(jgd.JgdError, match="holds a sweep: a run needs a directory of its own"):
        train(copy)
    train(tmp_path / "run")
    with pytest.raises(jgd.JgdError, match=r"holds a run of jgd.train: a sweep needs a directory of its own"):
        sweep(tmp_path / "run")


def test_a_relative_store_stays_where_it_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "away").mkdir()
    found = sweep("here", callback=lambda progress: os.chdir(tmp_path / "away"))
    assert found.notes == ()
    assert bits(jgd.load_sweep(tmp_path / "here")) == bits(found)
    assert not (tmp_path / "away/here").exists()


@pytest.mark.parametrize("store", ["x" * 300, "a\x00b", b"a\x00b".decode()])
def test_a_path_that_no_system_takes_is_refused_by_name(store):
    for call in (lambda: sweep(store), lambda: jgd.load_sweep(store)):
        with pytest.raises(jgd.JgdError, match=r"(store|path) must be the path of a file or directory"):
            call()


def test_a_working_directory_that_is_gone_is_told(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(jgd.JgdError, match="store must be the path of a file or directory"):
        sweep("here")


def test_strange_reads_of_the_test_rows_are_told(copy):
    (copy / "test_reads.json").write_bytes(
        atomic_files.sealed({"format": atomic_files.FORMAT, "reads": [{"seeds": "all"}]})
    )
    with pytest.warns(UserWarning, match=r"test_reads.json\['reads'\]\[0\] has no 'at': earlier reads"):
        assert jgd.load_sweep(copy).test_reads == []
