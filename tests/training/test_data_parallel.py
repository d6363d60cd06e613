"""One model over several devices: the curve of one device to rounding, its rows really shared, its store its own."""

import os
import subprocess
import sys

import chex
import jax
import numpy as np
import pytest

import jgd
from jgd.training import run_loop

TASK = jgd.tasks.get("iris")  # 90 training rows


def run(devices=None, optimizer=None, loss=TASK.loss, data=TASK.train, **options):
    options = {"steps": 14, "batch_size": 20, "validation": TASK.validation, **options}
    optimizer = jgd.optimizers.sam(jgd.optimizers.sgd(0.1)) if optimizer == "sam" else jgd.optimizers.adam(0.01)
    return jgd.train(loss, optimizer, TASK.init(jgd.init_key(0)), data, devices=devices, **options)


def agree(spread, alone):
    assert spread.status == alone.status
    for name in ("loss", "gradient_norm", "update_norm"):
        np.testing.assert_allclose(spread.history[name], alone.history[name], rtol=1e-4, err_msg=name)
    np.testing.assert_allclose(spread.evaluations["loss"], alone.evaluations["loss"], rtol=1e-5)
    chex.assert_trees_all_close(spread.params, alone.params, rtol=1e-3, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {},  # epochs of four batches and a short one
        pytest.param({"batch_size": None}, marks=pytest.mark.slow),
        pytest.param({"batch_size": 8, "order": "replacement", "optimizer": "sam"}, marks=pytest.mark.slow),
    ],
    ids=["rest", "full", "sam"],
)
def test_two_devices_make_the_curve_of_one(options):
    agree(run(jax.local_devices()[:2], **options), run(**options))


@pytest.mark.slow
def test_four_devices_make_the_curve_of_one():
    """In a process of its own, which has four."""
    code = (
        "import jgd; jgd.use_cores(4)\n"
        "import jax, test_data_parallel as t\n"
        "assert len(jax.devices()) == 4\n"
        "t.agree(t.run(jax.local_devices()), t.run())\n"  # the short last batch of 10 stays whole
    )
    path = os.pathsep.join(
        [
            os.path.dirname(__file__),
            os.path.dirname(os.path.dirname(__file__)),
            os.getcwd(),
            os.environ.get("PYTHONPATH", ""),
        ]
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_each_device_has_half_of_the_rows_and_all_parameters():
    seen = []

    def loss(params, batch):
        jax.debug.inspect_array_sharding(batch[0], callback=seen.append)
        return TASK.loss(params, batch)

    before = run_loop._evaluated_segment._cache_size()
    done = run(jax.local_devices()[:2], loss=loss, batch_size=30, steps=40, evaluate_every=7)
    assert run_loop._evaluated_segment._cache_size() == before + 1  # one program, however many segments
    assert seen[-1].shard_shape((30, 4)) == (15, 4)  # the first is the loss at the start
    assert all(leaf.sharding.is_fully_replicated for leaf in jax.tree.leaves(done.train_state))
    assert len(done.params["weights"].devices()) == 2


@pytest.mark.slow
def test_rows_on_the_disk_are_shared_too(tmp_path):
    rows = []
    for name, array in zip(("x", "y"), TASK.train, strict=True):
        np.save(tmp_path / f"{name}.npy", array)
        rows.append(np.load(tmp_path / f"{name}.npy", mmap_mode="r"))
    agree(run(jax.local_devices()[:2], data=tuple(rows)), run())


@pytest.mark.slow
def test_a_stored_run_goes_on_with_the_same_bits_over_the_same_devices_only(tmp_path):
    two = jax.local_devices()[:2]
    whole = run(two, steps=12)
    run(two, steps=5, store=tmp_path)
    on = run(two, steps=12, store=tmp_path, resume=True)
    chex.assert_trees_all_equal(on.params, whole.params)
    with pytest.raises(jgd.JgdError, match="devices"):
        run(steps=12, store=tmp_path, resume=True)


@pytest.mark.parametrize(
    ("devices", "options", "words"),
    [
        (2, {}, "devices must be a sequence"),
        ([], {}, "devices must be a sequence"),
        (["cpu"], {}, "devices must hold devices"),
        (jax.local_devices()[:1] * 2, {}, "must differ"),
        (jax.local_devices()[:2], {"batch_size": 15}, "batch_size must be a multiple of the 2 devices.*got 15"),
    ],
)
def test_nonsense_is_refused_by_name(devices, options, words):
    with pytest.raises(jgd.JgdError, match=words):
        run(devices, **options)
