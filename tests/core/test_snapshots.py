"""Crash-safe files: what is there is whole, whatever was killed, flipped, cut off or full."""

import errno
import json
import subprocess
import sys
import textwrap
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

import jgd
from jgd.core import atomic_files
from jgd.core.fingerprint import tree_digest
from jgd.core.snapshots import opened, pack, unpack


def saved(path, *steps):
    with opened(path) as store:
        for step in steps:
            store.save({"w": np.full(5, step, np.float32)}, {"step": step})


def loaded(path):
    with opened(path) as store:
        return store.load()


def newest(path, kind="safetensors"):
    return sorted(Path(path).glob(f"snapshot-*.{kind}"))[-1]


def test_the_newest_two_are_kept(tmp_path):
    saved(tmp_path, 1, 2, 3)
    assert len(list(tmp_path.glob("*.safetensors"))) == len(list(tmp_path.glob("*.json"))) == 2
    assert loaded(tmp_path).facts == {"step": 3}


@pytest.mark.parametrize("kind", ["safetensors", "json"])
@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "delete"])
def test_a_damaged_newest_falls_back_with_a_warning(tmp_path, kind, damage):
    saved(tmp_path, 1, 2)
    file = newest(tmp_path, kind)
    content = bytearray(file.read_bytes())
    for place in range(0, len(content), max(1, len(content) // 7)) if damage == "flip" else [0]:
        if damage == "flip":
            flipped = bytearray(content)
            flipped[place] ^= 1
            file.write_bytes(flipped)
        elif damage == "cut":
            file.write_bytes(content[: len(content) // 2])
        elif damage == "empty":
            file.write_bytes(b"")
        else:
            file.unlink()
        if damage == "delete" and kind == "json":  # the manifest comes last: without one it never happened
            got = loaded(tmp_path)
        else:
            with pytest.warns(UserWarning, match="snapshot 2 .* is unusable"):
                got = loaded(tmp_path)
        assert got.facts == {"step": 1}
        assert got.arrays["w"].tolist() == [1.0] * 5


@pytest.mark.parametrize(("number", "age"), [(99, "newer"), (1, "older")])
def test_another_format_is_refused_by_its_number(tmp_path, monkeypatch, number, age):
    monkeypatch.setattr(atomic_files, "FORMAT", number)
    saved(tmp_path, 1)
    monkeypatch.undo()
    with pytest.raises(jgd.JgdError, match=rf"format {number}.*{age} jgd"):
        loaded(tmp_path)


DTYPES = ["float32", "float64", "float16", "bfloat16", "int32", "uint8", "bool", "uint32", "int64"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_and_shape_comes_back_bit_for_bit(tmp_path, dtype, x64):
    tree = {
        "a": jnp.arange(6).reshape(2, 3).astype(dtype),
        "b": [jnp.zeros((0, 3), dtype), jnp.ones((), dtype)],
        "c": None,
    }
    with opened(tmp_path) as store:
        store.save(pack("tree", tree), {})
        back = unpack("tree", store.load().arrays, tree)
    assert tree_digest(back) == tree_digest(tree)


def test_another_tree_is_refused_leaf_by_leaf(tmp_path):
    arrays = pack("params", {"w": np.ones(2, np.float32), "old": np.ones(1)})
    with pytest.raises(jgd.JgdError) as caught:
        unpack("params", arrays, {"w": np.ones((2, 1), np.float32), "b": np.ones(1)})
    for phrase in (
        "params['b'] is missing",
        "params['w'] is float32(2,) there, float32(2, 1) here",
        "params['old'] is unknown",
    ):
        assert phrase in str(caught.value)


@pytest.mark.slow
def test_a_second_process_is_refused(tmp_path):
    code = f"from jgd.core.snapshots import opened\nwith opened({str(tmp_path)!r}): pass"
    with opened(tmp_path):
        other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert other.returncode == 1
    assert "in use by another process" in other.stderr
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EACCES])
def test_a_disk_that_fails_leaves_the_old_snapshot_and_no_litter(tmp_path, monkeypatch, fault):
    saved(tmp_path, 1)

    def fails(descriptor):
        raise OSError(fault, "no")

    monkeypatch.setattr(atomic_files.os, "fsync", fails)
    with pytest.raises(OSError, match="no"):
        saved(tmp_path, 2)
    monkeypatch.undo()
    assert loaded(tmp_path).facts == {"step": 1}
    assert not list(tmp_path.glob("*.part"))


def test_litter_of_a_killed_writer_is_swept(tmp_path):
    saved(tmp_path, 1)
    (tmp_path / "snapshot-00000002.safetensors.part").write_bytes(b"half")
    assert loaded(tmp_path).facts == {"step": 1}
    assert not list(tmp_path.glob("*.part"))


def test_a_path_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(jgd.JgdError, match="can't be written"):
        loaded(tmp_path / "file")


@pytest.mark.slow
def test_sigkill_while_writing_leaves_the_previous_or_the_new(tmp_path):
    writer = textwrap.dedent(f"""
        import numpy as np
        from jgd.core.snapshots import opened
        with opened({str(tmp_path)!r}) as store:
            print("open", flush=True)
            step = 0
            while True:
                step += 1
                store.save({{"w": np.full(200_000, step, np.float32)}}, {{"step": step}})
    """)
    last = 0
    for pause in (0.05, 0.11, 0.17, 0.02):
        process = subprocess.Popen([sys.executable, "-c", writer], stdout=subprocess.PIPE)
        assert process.stdout.readline() == b"open\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=pause)
        process.kill()
        process.communicate()
        got = loaded(tmp_path)  # a warning would be an error here
        if got is not None:
            assert set(got.arrays["w"].tolist()) == {float(got.facts["step"])}
            last = got.facts["step"]
    assert last > 0


def test_the_manifest_is_json_a_person_can_read(tmp_path):
    saved(tmp_path, 7)
    manifest = json.loads(newest(tmp_path, "json").read_text())
    assert manifest["content"]["facts"] == {"step": 7}
    assert manifest["content"]["arrays"] == {"w": ["float32", [5]]}


@pytest.mark.parametrize(
    "other", ["film.iso.part", "snapshot-1.json.part", "snapshot-00000002.txt.part", "deep/x.part"]
)
def test_what_jgd_did_not_write_is_not_swept(tmp_path, other):
    saved(tmp_path, 1)
    (tmp_path / other).parent.mkdir(exist_ok=True)
    (tmp_path / other).write_text("mine")
    assert loaded(tmp_path).facts == {"step": 1}
    assert (tmp_path / other).read_text() == "mine"


def test_a_lock_that_is_a_link_is_refused(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run/lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(jgd.JgdError, match=r"'lock' in .* is a link"):
        loaded(tmp_path / "run")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("name", ["snapshot-00000002.json", "snapshot-00000002.safetensors"])
def test_a_snapshot_that_is_a_link_is_passed_over(tmp_path, name):
    saved(tmp_path / "run", 1)
    saved(tmp_path / "run", 2)
    (tmp_path / "run" / name).rename(tmp_path / "elsewhere")
    (tmp_path / "run" / name).symlink_to(tmp_path / "elsewhere")
    with pytest.warns(UserWarning, match=r"snapshot 2 .* is unusable .*is a link"):
        assert loaded(tmp_path / "run").facts == {"step": 1}
