"""Compiled programs on the disk: kept by a sweep, read by the next process, and nobody else's setting touched."""

import os
import subprocess
import sys
from pathlib import Path

import jax
import pytest

from jgd.core import program_files, program_maps

CODE = """
import jax, jgd
events = []
jax.monitoring.register_event_listener(lambda name, **_: events.append(name))
jgd.sweep("iris", "adam", {"learning_rate": [0.1, 0.2]}, seeds=1, steps=20)
print(jax.config.jax_compilation_cache_dir, events.count("/jax/compilation_cache/cache_hits"))
"""


def swept(**variables: str) -> tuple[str, int]:
    """(the folder of the cache, programs read from it) of a sweep in a process of its own."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("JAX_", "JGD_"))}
    env |= {"JAX_PLATFORMS": "cpu", **variables}
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, env=env, check=True)
    folder, hits = done.stdout.split()
    return folder, int(hits)


@pytest.mark.slow
def test_the_second_process_reads_what_the_first_has_compiled(tmp_path):
    first, second = swept(XDG_CACHE_HOME=str(tmp_path)), swept(XDG_CACHE_HOME=str(tmp_path))
    assert first[0] == second[0]
    assert Path(first[0]).parent == tmp_path / "jgd"
    assert (first[1], second[1] > 0) == (0, True)
    assert swept(JGD_CACHE=str(tmp_path / "mine"))[0].startswith(str(tmp_path / "mine"))


@pytest.mark.slow
def test_it_is_switched_off_and_leaves_a_users_own_setting_alone(tmp_path):
    assert swept(JGD_CACHE="off", XDG_CACHE_HOME=str(tmp_path)) == ("None", 0)
    own = str(tmp_path / "own")
    assert swept(JAX_COMPILATION_CACHE_DIR=own, XDG_CACHE_HOME=str(tmp_path))[0] == own
    assert not (tmp_path / "jgd").exists()


def test_a_large_folder_loses_the_oldest_programs_and_nothing_else(tmp_path, monkeypatch):
    for age, name in enumerate(["mine.txt", "old-cache", "new-cache"]):
        (tmp_path / name).write_bytes(bytes(100))
        os.utime(tmp_path / name, (age, age))
    monkeypatch.setattr(program_files, "LARGEST", 150)
    program_files._prune(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.txt", "new-cache"]


def test_programs_are_let_go_before_they_fill_the_memory_maps(monkeypatch, tmp_path):
    let_go = []
    monkeypatch.setattr(jax, "clear_caches", lambda: let_go.append(True))
    for name, text in (("MAPS", "a map\n" * 10), ("LIMIT", "21\n")):
        (tmp_path / name).write_text(text)
        monkeypatch.setattr(program_maps, name, tmp_path / name)
    calls = lambda: [program_maps.spare_maps() for _ in range(program_maps.EVERY)]
    calls()
    assert not let_go
    (tmp_path / "LIMIT").write_text("19\n")
    calls()
    assert let_go == [True]
