"""One model over several devices: the curve of one device to rounding; its rows and parameters are really cut."""

import os
import socket
import subprocess
import sys

import chex
import jax
import numpy as np
import pytest
from jax.sharding import PartitionSpec as P
from safetensors.numpy import load_file

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


def two_by_two():
    """Columns of the weights over "model", rows of a batch over "data"."""
    mesh = jax.make_mesh((2, 2), ("data", "model"), devices=jax.devices()[:4])
    return jgd.Sharding(mesh, {"hidden/*": P(None, "model"), "out/weights": P("model")})


def network(params, batch):
    inputs, labels = batch
    outputs = (
        jax.numpy.tanh(inputs @ params["hidden"]["weights"]) @ params["out"]["weights"] + params["out"]["bias"][None]
    )
    return jgd.losses.softmax_cross_entropy(outputs, labels).mean()


def widely(devices=None, **options):
    """A network of 8 hidden units."""
    draw = np.random.default_rng(0).normal
    params = {
        "hidden": {"weights": draw(size=(4, 8)).astype("f")},
        "out": {"weights": draw(size=(8, 3)).astype("f"), "bias": np.zeros(3, "f")},
    }
    given = {"batch_size": 20, "validation": TASK.validation, "devices": devices, **options}
    return jgd.train(network, jgd.optimizers.adam(0.01), params, TASK.train, **given)


def four_devices(folder):
    """What the next test runs in a process of its own, which has four."""
    assert len(jax.devices()) == 4
    agree(run(jax.local_devices()), run(steps=14))  # the short last batch of 10 stays whole
    alone, cut = widely(steps=14), widely(two_by_two(), steps=14)
    assert run_loop._evaluated_segment._cache_size() == 4  # one program a run, however many segments
    agree(cut, alone)
    first = cut.train_state.opt_state.inner[0].mean.total  # of Adam
    for tree in (cut.params, cut.best.params, cut.train_state.params, first):
        assert tree["hidden"]["weights"].addressable_shards[0].data.shape == (4, 4)
        assert tree["out"]["weights"].addressable_shards[0].data.shape == (4, 3)
        assert tree["out"]["bias"].sharding.is_fully_replicated
    widely(two_by_two(), steps=5, store=folder)
    chex.assert_trees_all_equal(widely(two_by_two(), steps=14, store=folder, resume=True).params, cut.params)
    with pytest.warns(UserWarning, match="to rounding only: mesh 2 data, 2 model there, 2 data here"):
        on = widely(jax.devices()[:2], steps=20, store=folder, resume=True)
    chex.assert_trees_all_close(on.params, widely(steps=20).params, rtol=1e-3, atol=1e-5)
    assert jgd.load_run(folder).params["hidden"]["weights"].shape == (4, 8)  # gathered


def environment():
    """In which a process of its own finds this file."""
    here = os.path.dirname(__file__)
    path = os.pathsep.join([here, os.path.dirname(here), os.getcwd(), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "PYTHONPATH": path}


@pytest.mark.slow
def test_four_devices_cut_batches_and_parameters(tmp_path):
    code = f"import jgd; jgd.use_cores(4)\nimport test_sharding as t\nt.four_devices({str(tmp_path)!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment())
    assert done.returncode == 0, done.stderr


JOIN = """
import jax
jax.config.update("jax_num_cpu_devices", 2)
jax.config.update("jax_cpu_collectives_implementation", "gloo")
jax.distributed.initialize("localhost:{port}", num_processes=2, process_id={index})
import jgd, test_sharding  # this file itself
test_sharding.one_of_two_processes({folder!r})
"""


def one_of_two_processes(folder):
    """What each process of the next test runs; it has two of the four devices."""
    assert (len(jax.devices()), len(jax.local_devices())) == (4, 2)
    with pytest.raises(jgd.JgdError, match="this process alone, or all 4 of all processes, got 2 of several"):
        jgd.Sharding(jax.make_mesh((2,), ("data",), devices=jax.devices()[1:3]))
    widely(over_both(), steps=5, store=folder)
    widely(over_both(), steps=14, store=folder, resume=True, callback=lambda progress: print("called back"))


def over_both():
    mesh = jax.make_mesh((2, 2), ("data", "model"), devices=jax.devices())
    return jgd.Sharding(mesh, {"hidden/*": P("data", "model"), "out/weights": P("model")})


@pytest.mark.slow
def test_two_processes_compute_one_run_and_the_first_writes_it(tmp_path):
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    codes = [JOIN.format(port=port, index=index, folder=str(tmp_path)) for index in (0, 1)]
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": environment()}
    both = [subprocess.Popen([sys.executable, "-c", code], **options) for code in codes]
    said = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert ["called back" in out for out, _ in said] == [True, False]
    alone = widely(steps=14)
    kept = jgd.load_run(tmp_path)
    chex.assert_trees_all_close(kept.params, alone.params, rtol=1e-3, atol=1e-5)
    pieces = [load_file(tmp_path / f"snapshot-00000002-{process}.safetensors") for process in (0, 1)]
    begins = [{key.rpartition("@")[2] for key in held if "hidden" in key} for held in pieces]
    assert begins == [{"0,0", "0,4"}, {"2,0", "2,4"}]
    assert "lane.train_state.params['hidden']['weights']" not in load_file(tmp_path / "snapshot-00000002.safetensors")
    with pytest.warns(UserWarning, match="mesh 2 data, 2 model there, nothing here"):
        on = widely(steps=14, store=tmp_path, resume=True)
    chex.assert_trees_all_equal(on.params, kept.params)
    piece = tmp_path / "snapshot-00000002-1.safetensors"
    piece.write_bytes(piece.read_bytes()[:-1] + b"?")
    with pytest.warns(UserWarning, match=r"snapshot 2 .*pieces in snapshot-00000002-1\.safetensors are not what was"):
        assert len(jgd.load_run(tmp_path).history["loss"]) == 5


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
def test_a_stored_run_goes_on_with_the_same_bits_over_the_same_devices(tmp_path):
    two = jax.local_devices()[:2]
    whole = run(two, steps=12)
    run(two, steps=5, store=tmp_path)
    on = run(two, steps=12, store=tmp_path, resume=True)
    chex.assert_trees_all_equal(on.params, whole.params)
    with pytest.warns(UserWarning, match="mesh 2 data there, nothing here"):
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


def sharding(rules=None, shape=(1, 2), **options):
    mesh = jax.make_mesh(shape, ("data", "model"), devices=jax.local_devices()[:2])
    return jgd.Sharding(mesh, {} if rules is None else rules, **options)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda: jgd.Sharding(2), r"mesh must be a mesh such as jax.make_mesh.*got 2"),
        (lambda: sharding({"weights": "model"}), r"PartitionSpec\(None, \"model\"\)}, got 'weights': 'model'"),
        (
            lambda: sharding({"weights": P("modle")}),
            r"rules\['weights'\] names the axis 'modle'; the mesh has \('data', 'm",
        ),
        (lambda: sharding({"weights": P("model", "model")}), "names an axis twice"),
        (
            lambda: sharding(data_axis="rows"),
            r"data_axis must be one of the mesh's axes \('data', 'model'\).*got 'rows'",
        ),
        (
            lambda: run(sharding({"wieghts": P("model")})),
            r"rules\['wieghts'\] cuts no parameter.*paths are bias, weights",
        ),
        (lambda: run(sharding({"*": P(), "bias": P("model")})), r"rules\['bias'\] cuts no parameter \(the first rule"),
        (
            lambda: run(sharding({"bias": P("model")})),
            r"axis 0 of params 'bias', of shape \(3,\), into 2 pieces, .*divide 3",
        ),
        (lambda: run(sharding({"bias": P(None, "model")})), r"has 2 entries, params 'bias' of shape \(3,\) only 1 ax"),
        (lambda: run(sharding(shape=(2, 1)), batch_size=15), "multiple of the 2 devices that share a batch, got 15"),
    ],
)
def test_a_sharding_that_does_not_fit_is_refused(made, words):
    with pytest.raises(jgd.JgdError, match=words):
        made()
