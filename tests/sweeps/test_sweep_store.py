"""A sweep's directory (E9): killed, damaged, full or extended, the same call ends with the same bits."""

import functools
import importlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from helpers import sweeping
from helpers.stored import bits, sweep

import jgd
from jgd.core import atomic_files
from jgd.sweeps import ScheduleSegment
from jgd.sweeps.policies.policy import Full
from jgd.sweeps.store import journal

ALL = 6 * 2 * 12  # steps


@pytest.fixture(autouse=True)
def often(monkeypatch):
    """A piece at every look, not every half minute."""
    monkeypatch.setattr(importlib.import_module("jgd.sweeps.engine.run_block"), "SAVE_EVERY", 0.0)


@functools.cache
def whole() -> str:
    return bits(sweep())


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    path = tmp_path_factory.mktemp("finished") / "sweep"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importlib.import_module("jgd.sweeps.engine.run_block"), "SAVE_EVERY", 0.0)
        sweep(path)
    return path


@pytest.fixture
def copy(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "copy")


def test_a_finished_sweep_is_returned_without_a_step(copy):
    found = sweep(copy)
    assert (bits(found), found.cost["steps"]) == (whole(), 0)
    assert bits(jgd.load_sweep(copy)) == whole()
    assert [len(list((copy / folder).iterdir())) for folder in ("blocks", "lanes")] == [1, 1]  # packed


def test_results_that_are_not_held_are_read_from_packs_and_lanes_go_with_the_last_of_a_pack(tmp_path, monkeypatch):
    monkeypatch.setattr("jgd.sweeps.store.disk.IN_MEMORY", 0)
    monkeypatch.setattr("jgd.sweeps.store.packs.PACK_BYTES", 4000)  # two blocks' lanes
    found = sweep(tmp_path)
    assert bits(found) == bits(jgd.load_sweep(tmp_path)) == whole()
    assert not found.store.kept
    packs = {name: list((tmp_path / name).iterdir()) for name in ("blocks", "lanes")}
    parts = len(found.store.blocks)
    assert (parts, len(packs["lanes"]) <= 4 < parts / 2, len(packs["blocks"]) > 1) == (12, True, True)
    assert {pack.name for pack in packs["lanes"]} == {place.pack for place in found.store._lanes.places.values()}
    longer = jgd.load_sweep(tmp_path).extend(steps=16)  # from the lanes
    assert (bits(longer), longer.cost["steps"]) == (bits(sweep(steps=16)), ALL // 3)
    for pack in (tmp_path / "blocks").iterdir():
        pack.write_bytes(b"")
    with pytest.raises(jgd.JgdError, match=r"a block in .* is unusable \(.*\.pack is damaged"):
        bits(longer)
    with pytest.warns(UserWarning, match="is cut short or missing"):
        assert bits(sweep(tmp_path, steps=16)) == bits(sweep(steps=16))


def cut_short(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize("damage", [cut_short, flipped, lambda content: b""], ids=["cut short", "flipped", "empty"])
@pytest.mark.parametrize(
    ("files", "warning"),
    [
        ("blocks/*", "a block .* is unusable"), ("journal", "block results .* have no line in the journal"),
        ("sweep.json", "damaged"), ("configs-*", "configs-.* is damaged"),
    ],
)  # fmt: skip
def test_what_is_damaged_is_told_and_runs_again(copy, files, warning, damage):
    file = sorted(copy.glob(files))[0]
    file.write_bytes(damage(file.read_bytes()))
    if files == "journal" and damage is flipped:
        warning = "lines of the journal .* are damaged"
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        assert bits(sweep(copy)) == whole()
    assert re.search(warning, str(told[0].message))
    again = sweep(copy)
    assert (bits(again), again.cost["steps"]) == (whole(), 0)
    assert bits(jgd.load_sweep(copy)) == whole()


def test_what_a_kill_leaves_and_a_block_that_landed_twice_are_no_damage(copy):
    lines = journal.read_journal(copy)
    (copy / "journal").write_bytes((copy / "journal").read_bytes()[:-9])
    torn = sweep(copy)  # warnings are errors
    assert (bits(torn), 0 < torn.cost["steps"] < ALL) == (whole(), True)
    lost = {**lines[0], "rest": [f"{'0' * 16}.pack", *lines[0]["rest"][1:]]}
    journal.append(copy, lost, "journal-7")
    (copy / "lanes" / lost["lanes"][0]).unlink()
    for found in (jgd.load_sweep(copy), sweep(copy)):
        assert (bits(found), found.cost["steps"]) == (whole(), 0)
    journal.append(copy, {**lost, "sweep": "0" * 16})
    with pytest.warns(UserWarning, match="1 lines of the journal in .* are of another sweep; they don't count"):
        assert bits(sweep(copy)) == whole()


def test_lanes_that_are_damaged_run_again_when_they_are_gone_on_from(copy):
    file = sorted(copy.glob("lanes/*"))[0]
    file.write_bytes(bytes(byte ^ 1 for byte in file.read_bytes()))
    with pytest.warns(UserWarning, match="lanes .* are unusable"):
        found = sweep(copy, steps=16, resume=True)
    assert bits(found) == bits(sweep(steps=16))
    gone = lambda progress: [pack.unlink() for pack in copy.glob("lanes/*")]  # by a shard that has all it waits for
    with pytest.raises(jgd.JgdError, match="has lost lanes, by another process: call again"):
        sweep(copy, steps=20, resume=True, callback=gone)
    assert bits(sweep(copy, steps=20, resume=True)) == bits(sweep(steps=20))


def test_without_its_sweep_json_a_journal_still_knows_its_own(copy):
    (copy / "sweep.json").write_text("{")
    with pytest.raises(jgd.JgdError, match=r"sweep.json is damaged: the jgd.sweep\(…\) call that made it mends it"):
        jgd.load_sweep(copy)
    with (
        pytest.warns(UserWarning, match="damaged"),
        pytest.raises(jgd.JgdError, match=r"another sweep, and its sweep\.json"),
    ):
        sweep(copy, recipe="sgd")
    (copy / "sweep.json").unlink()
    assert sweep(copy).cost["steps"] == 0
    assert bits(jgd.load_sweep(copy)) == whole()


def test_a_record_of_test_reads_that_is_damaged_is_told(copy):
    (copy / "test_reads.json").write_text("{")
    with pytest.warns(UserWarning, match=r"test_reads.json is damaged: earlier reads"):
        assert sweep(copy).test_reads == []
    (copy / "test_reads.json").rename(copy / "confirmation.json")
    with pytest.warns(UserWarning, match=r"test_reads.json is missing beside confirmation.json: earlier reads"):
        jgd.load_sweep(copy)


def moved(rows):
    inputs = rows[0].copy()
    inputs[3, 2] += 1e-5
    return inputs, rows[1]


OTHERS = {
    "data": (
        lambda at: sweep(at, on=replace(sweeping.task(), train=moved(sweeping.task().train))),
        r"differs: task.train\[0\]",
    ),
    "space": (
        lambda at: sweep(at, rates=jgd.spaces.log_uniform(1e-3, 2)),
        r"learning_rate'\]\['log_uniform'\]\[1\] 1.0 there, 2.0 here",
    ),
    "recipe": (lambda at: sweep(at, recipe="sgd"), "recipes"),
    "block": (lambda at: sweep(at, block=3), "block 4 there, 3 here"),
    "batch": (lambda at: sweep(at, batch_size=16), "batch_size 15 there, 16 here"),
    "looks": (lambda at: sweep(at, evaluate_every=3), "evaluate_every 4 there, 3 here"),
    "order": (lambda at: sweep(at, order="sequential"), "order Shuffled there, Sequential here"),
    "fewer configs": (lambda at: sweep(at, samples=3), "larger sweep: this one lacks 3 of its configs"),
    "fewer seeds": (lambda at: sweep(at, seeds=1), r"lacks its seeds \[1\]"),
    "fewer steps": (lambda at: sweep(at, steps=8), "lacks its 12 steps"),
    "more configs": (lambda at: sweep(at, samples=7), "adds 1 configs; resume=True"),
    "more seeds": (lambda at: sweep(at, seeds=3), r"adds the seeds \[2\]; resume=True"),
    "more steps": (lambda at: sweep(at, steps=20), "adds 8 steps; resume=True"),
}


@pytest.mark.parametrize(("call", "differs"), OTHERS.values(), ids=OTHERS)
def test_another_sweep_is_refused_with_what_differs(finished, call, differs):
    with pytest.raises(jgd.JgdError, match=differs):
        call(finished)
    assert sweep(finished).cost["steps"] == 0


@pytest.mark.parametrize("room", [0, 1, 4, 9])
def test_a_full_disk_loses_nothing_in_memory(tmp_path, monkeypatch, room):
    files = []

    def until_full(write):
        def writing(file, content):
            files.append(file)
            if len(files) > room:
                raise OSError(28, "No space left on device")
            return write(file, content)

        return writing

    with monkeypatch.context() as patch:
        for name in ("write", "append"):
            patch.setattr(atomic_files, name, until_full(getattr(atomic_files, name)))
        with pytest.warns(UserWarning, match="No space left on device.*goes on"):
            found = sweep(tmp_path)
    assert bits(found) == whole()
    assert found.notes == ("not everything is stored: [Errno 28] No space left on device",)
    with warnings.catch_warnings(action="ignore"):  # of a block whose line found no room
        again = sweep(tmp_path)  # there is room again
    assert (bits(again), again.notes) == (whole(), ())
    assert again.cost["steps"] < ALL or room < 5  # what had landed is gone on from


def test_a_directory_that_cant_be_written_is_refused_before_the_work(tmp_path):
    (tmp_path / "file").write_text("")
    reports = []
    with pytest.raises(jgd.JgdError, match="can't be written"):
        sweep(tmp_path / "file" / "sweep", callback=reports.append)
    assert not reports


def test_a_second_process_is_refused_but_may_read(copy):
    with atomic_files.held(copy):
        with pytest.raises(jgd.JgdError, match="in use by another process"):
            sweep(copy)
        assert bits(jgd.load_sweep(copy)) == whole()


def test_a_sweep_is_readable_while_it_runs(tmp_path):
    seen = []

    def callback(progress):
        if progress.stage == "run" and progress.done > ALL // 2 and not seen:
            seen.append(jgd.load_sweep(tmp_path))
            raise InterruptedError

    with pytest.raises(InterruptedError):
        sweep(tmp_path, callback=callback)
    early, late = seen[0], sweep(tmp_path)
    assert bits(late) == whole()
    assert late.cost["steps"] < ALL
    there = ~np.isnan(early.loss)
    assert 0 < there.sum() < ALL
    np.testing.assert_array_equal(early.loss[there], late.loss[there])
    lane = next((c, s) for c in range(6) for s in early.seeds if not there[c, s].any())
    with pytest.raises(jgd.JgdError, match="has not run so far"):
        early.params(*lane)


def test_a_task_or_recipe_that_cant_be_found_is_asked_for(tmp_path):
    own = replace(sweeping.task(), name="mine")
    local = lambda learning_rate: jgd.optimizers.adam(learning_rate)
    found = sweep(tmp_path / "task", on=own)
    seen = jgd.load_sweep(tmp_path / "task")
    assert bits(seen) == bits(found)  # looking takes neither
    with pytest.raises(jgd.JgdError, match=r"the task 'mine', which isn't bundled: give it as .*task="):
        seen.extend(seeds=3)
    assert bits(jgd.load_sweep(tmp_path / "task", task=own)) == bits(found)
    with pytest.raises(jgd.JgdError, match="holds another sweep"):
        jgd.load_sweep(tmp_path / "task", task=replace(own, train=moved(own.train)))
    sweep(tmp_path / "recipe", recipe={"local": local})
    with pytest.raises(
        jgd.JgdError, match=r"recipe 'local' .*: give it as .*recipes=\{'local': …\}.*; with trust=True"
    ):
        jgd.load_sweep(tmp_path / "recipe").replay(0, 0)
    with pytest.raises(jgd.JgdError, match=r"recipe 'local' can't be imported .* give it as recipes="):
        jgd.load_sweep(tmp_path / "recipe", trust=True)
    assert jgd.load_sweep(tmp_path / "recipe", recipes={"local": local}).configs == tuple(
        ("local", values) for _, values in found.configs
    )


def wide(learning_rate, widths):
    return jgd.optimizers.sgd(learning_rate * len(widths))


def test_what_a_file_has_as_lists_and_numpys_numbers_come_back_as_they_were(tmp_path):
    space = {"learning_rate": [0.1], "widths": jgd.spaces.static([(4,), (4, 4)])}
    rows = [{"learning_rate": 0.1, "widths": (4, 4)}]
    options = {"seeds": np.array([3, 9]), "steps": np.int64(4), "batch_size": np.int32(15), "store": tmp_path}
    table = jgd.sweep("iris", wide, space, sampler=jgd.spaces.samplers.Table(rows), **options)
    assert jgd.load_sweep(tmp_path).configs == table.configs == (("wide", rows[0]),)
    assert table.extend(seeds=np.array([3, 9, 11])).seeds == (3, 9, 11)
    with pytest.raises(jgd.JgdError, match="samples can't be extended: the configs are rows"):
        jgd.load_sweep(tmp_path, recipes={"wide": wide}).extend(samples=2)
    past = tuple(ScheduleSegment(0, 2 * i, 2 * i + 2, rows[0]) for i in range(2))
    space["widths"] = jgd.spaces.static([(4, 4)])
    options["store"] = tmp_path / "again"
    found = jgd.sweep("iris", wide, space, policy=jgd.PopulationReplay(past), **options)
    np.testing.assert_array_equal(jgd.load_sweep(tmp_path / "again").loss, found.loss)


@dataclass(frozen=True)
class Early(Full):
    """A policy of a user's own."""

    def next_round(self, state):
        return None if state.rounds else replace(super().next_round(state), until=2)


def test_a_policy_of_ones_own_is_gone_on_with_by_the_same_call(tmp_path):
    found = sweep(tmp_path / "own", policy=Early())
    assert found.cost["steps"] == 2 * ALL // 12
    assert sweep(tmp_path / "own", policy=Early()).cost["steps"] == 0
    seen = jgd.load_sweep(tmp_path / "own")
    assert (seen.rounds, seen.runs_left, seen.reached.tolist()) == (found.rounds, 0, [2] * 6)
    with pytest.raises(jgd.JgdError, match=r"a policy of your own: go on by the same jgd.sweep"):
        seen.extend()


CHILD = """
import hashlib, importlib, sys
sys.path.insert(0, {tests!r})
import jgd
jgd.use_cores(2)
import jax
importlib.import_module("jgd.sweeps.engine.run_block").SAVE_EVERY = 0.01
from helpers import stored as store
callback = lambda progress: print("running", flush=True) if progress.stage == "run" and progress.done < 1000 else None
print("SHA", store.bits(store.sweep(sys.argv[1], samples=20, steps=1500, evaluate_every=20, callback=callback)), flush=True)
"""


def killed_now_and_then(path: Path, kills: int, rng: np.random.Generator) -> str:
    """Run the child until it ends; up to `kills` times it is killed a moment after it has begun."""
    code = CHILD.format(tests=str(Path(__file__).parents[1]))
    command = [sys.executable, "-c", code, str(path)]
    while True:
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            first = child.stdout.readline()
            if first.startswith("running") and kills:
                kills -= 1
                threading.Timer(rng.uniform(0, 0.4), child.kill).start()
            said = first + child.stdout.read()
        if "SHA" in said:
            return said.split()[-1]
        assert child.returncode == -signal.SIGKILL


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_e9_killed_at_random_moments_it_ends_with_the_same_bits(tmp_path):
    kills = 20 if "JGD_ALL_ROWS" in os.environ else 3
    left, rounds, rng = kills, 0, np.random.default_rng(kills)
    want = bits(sweep(samples=20, steps=1500, evaluate_every=20))
    while left > 0:
        at_once = min(left, 5)  # then from an empty directory again
        assert killed_now_and_then(tmp_path / str(rounds), at_once, rng) == want
        left, rounds = left - at_once, rounds + 1
