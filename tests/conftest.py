"""What every test runs under: two CPU devices, strict promotion of dtypes and ranks, x64 where asked for."""

import gc
import os
import sys
from pathlib import Path

import chex
import jax
import pytest
from helpers import quick_compilation

import jgd

quick_compilation.switch_on()  # before JAX is first used, both
jgd.use_cores(2)
if "JAX_COMPILATION_CACHE_DIR" in os.environ:  # the scripts choose where; small programs are worth keeping too
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)

MAPS = Path("/proc/self/maps")
MOST_MAPS = 30_000  # of the 65,530 memory maps that Linux gives a process; each compiled program takes some
SHARE = 16  # of a long table's slow rows every sixteenth runs, or every n-th of `sampled(n)`; all with JGD_ALL_ROWS=1
LONG, LONG_SHARE = 4, 3  # of any other slow table with more than four rows every third
finished: list[str] = []  # the tests


def pytest_collection_modifyitems(config, items):
    """The suite has 15 minutes on two cores: a row that is like its neighbors is left to JGD_ALL_ROWS=1."""
    if "JGD_ALL_ROWS" in os.environ:
        return
    rows, left = {}, []
    for item in items:
        if item.get_closest_marker("slow") and hasattr(item, "callspec"):
            sampled = item.get_closest_marker("sampled")
            share = sampled.args[0] if sampled and sampled.args else SHARE if sampled else LONG_SHARE
            rows.setdefault((item.path, item.originalname, share, sampled is not None), []).append(item)
    for (*_, share, sampled), table in rows.items():
        if sampled or len(table) > LONG:
            left += [item for place, item in enumerate(table) if place % share]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if item not in set(left)]


@pytest.fixture
def setting():
    """set(name, value) for JAX's global settings, put back afterwards.

    Global, not a context: contexts are of one thread, and a sweep runs its blocks in threads of its own.
    """
    before = {}

    def set_one(name: str, value) -> None:
        before.setdefault(name, getattr(jax.config, name))
        jax.config.update(name, value)

    yield set_one
    for name, value in before.items():
        jax.config.update(name, value)


@pytest.fixture
def command(monkeypatch, capsys):
    """call("train", …) -> (exit code, stdout, stderr) of the command in this process, which spares its start."""
    from jgd.cli import main

    monkeypatch.setenv("COLUMNS", "160")

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["jgd", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return ended.value.code or 0, said.out, said.err

    return call


class Tidying:
    """A plugin, not a hook of this file alone: doctests lie outside of its folder."""

    @staticmethod
    def pytest_runtest_logfinish(nodeid, location):
        """Close what the test drew, also a doctest, and let compiled programs go before they fill the memory maps.

        XLA crashes beyond the system's limit of maps; pyplot warns at the twenty-first open figure.
        """
        if pyplot := sys.modules.get("matplotlib.pyplot"):
            pyplot.close("all")
        finished.append(nodeid)
        if len(finished) % 25 == 0 and MAPS.exists() and MAPS.read_bytes().count(b"\n") > MOST_MAPS:
            jax.clear_caches()
            gc.collect()


def pytest_configure(config):
    config.pluginmanager.register(Tidying)


@pytest.fixture(autouse=True)
def fresh_counts():
    """Each test counts its own traces by `chex.assert_max_traces`, whose counter is the process's."""
    chex.clear_trace_counter()


@pytest.fixture(autouse=True)
def strict(setting):
    """No silent float32 + float64, no silent (n, 1) + (n,)."""
    setting("jax_numpy_dtype_promotion", "strict")
    setting("jax_numpy_rank_promotion", "raise")


@pytest.fixture
def x64(setting):
    """float64 arrays exist in this test."""
    setting("jax_enable_x64", True)


@pytest.fixture
def x32(setting):
    """float64 arrays don't exist in this test, even where the suite runs with them."""
    setting("jax_enable_x64", False)
