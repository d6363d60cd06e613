"""Rows on the disk: the same run as in memory, in bounded memory, and as exactly resumed."""

import importlib
import subprocess
import sys
import textwrap

import chex
import jax.numpy as jnp
import numpy as np
import pytest

import jgd
from jgd.core.fingerprint import tree_digest
from jgd.data import orders

pytestmark = pytest.mark.slow  # the fast part runs what these stand on

LOSS = jgd.SupervisedLoss(jgd.models.Linear(3), "squared_error")
RNG = np.random.default_rng(0)
ROWS = (RNG.normal(size=(50, 3)).astype(np.float32), RNG.normal(size=50).astype(np.float32))


@pytest.fixture
def mapped(tmp_path):
    for name, part in zip("xy", ROWS, strict=True):
        np.save(tmp_path / f"{name}.npy", part)
    return tuple(np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in "xy")


def train(data, **options):
    params = {"weights": jnp.full(3, 0.5, jnp.float32), "bias": jnp.zeros((), jnp.float32)}
    options = {"steps": 40, "batch_size": 8, "seed": 1, **options}
    return jgd.train(LOSS, jgd.optimizers.adam(0.05), params, data, **options)


@pytest.mark.parametrize("window", [8 * 16, 8 * 16 * 3, 2**26])
@pytest.mark.parametrize("order", ["shuffled", "sequential", orders.weighted(np.arange(50))], ids=str)
def test_the_disk_is_another_place_for_the_same_rows(mapped, order, window, monkeypatch):
    monkeypatch.setattr(importlib.import_module("jgd.training.loader"), "WINDOW", window)
    here, there = train(ROWS, order=order), train(mapped, order=order)
    np.testing.assert_allclose(there.history["loss"], here.history["loss"], rtol=1e-5)
    chex.assert_trees_all_close(there.params, here.params, rtol=1e-5)


def test_a_streamed_run_is_resumed_bit_for_bit(mapped, tmp_path):
    class Enough(Exception):
        pass

    def look(seen):
        if seen.step >= 15:
            raise Enough

    whole = train(mapped)
    with pytest.raises(Enough):
        train(mapped, store=tmp_path / "run", save_every=0, callback=look)
    resumed = train(mapped, store=tmp_path / "run", resume=True)
    assert tree_digest((resumed.params, resumed.history)) == tree_digest((whole.params, whole.history))


def test_the_host_looks_within_a_window_too(mapped, monkeypatch):
    """A window may be many slow steps long: time, Ctrl-C and snapshots don't wait for its end."""
    monkeypatch.setattr(importlib.import_module("jgd.training.run_loop"), "SEGMENT_SECONDS", 0.0)
    steps = []
    run = train(mapped, batch_size=5, callback=lambda progress: steps.append(progress.step))
    assert steps == [1, *range(10, 41)]  # the first step, the rest of its window, then as short as SEGMENT_SECONDS says
    np.testing.assert_array_equal(run.history["loss"], train(mapped, batch_size=5).history["loss"])


def test_a_nan_far_down_the_file_is_found(tmp_path):
    x = np.zeros((3000, 2000), np.float32)
    x[2999, 7] = np.nan
    np.save(tmp_path / "x.npy", x)
    with pytest.raises(jgd.JgdError, match="row 2999, column 7"):
        train((np.load(tmp_path / "x.npy", mmap_mode="r"), np.zeros(3000, np.float32)))


def test_mining_needs_all_rows(mapped):
    with pytest.raises(jgd.JgdError, match="HardMining looks at every row"):
        train(mapped, order=orders.HardMining(update_every=5))


@pytest.mark.slow
def test_memory_stays_flat(tmp_path):
    """800 MB of rows on the disk, trained for an epoch and a half with far less memory."""
    rows = np.lib.format.open_memmap(tmp_path / "x.npy", mode="w+", dtype=np.float32, shape=(200_000, 1000))
    rows[:] = 1.0
    rows.flush()
    del rows
    code = textwrap.dedent(f"""
        import resource, numpy as np, jax.numpy as jnp, jgd
        x = np.load({str(tmp_path / "x.npy")!r}, mmap_mode="r")
        loss = jgd.SupervisedLoss(jgd.models.Linear(1000), "squared_error")
        params = {{"weights": jnp.zeros(1000), "bias": jnp.zeros(())}}
        small = (np.ones((256, 1000), np.float32), np.zeros(256, np.float32))
        jgd.train(loss, jgd.optimizers.sgd(1e-5), params, small, steps=3, batch_size=128)
        before = int(open("/proc/self/statm").read().split()[1]) - int(open("/proc/self/statm").read().split()[2])
        peak = [0]
        def look(_):
            now = [int(n) for n in open("/proc/self/statm").read().split()]
            peak[0] = max(peak[0], now[1] - now[2] - before)  # not the file's own pages, which the system may drop
        run = jgd.train(loss, jgd.optimizers.sgd(1e-5), params, (x, np.ones(200_000, np.float32)), steps=2400,
                        batch_size=128, callback=look)
        print(run.status, peak[0] * resource.getpagesize() / 2**20)
    """)
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert out[0] == "max_steps"
    assert float(out[1]) < 600, out  # MiB, of 800 MB; windows of 32 MiB, some on the way, and what the allocator keeps
