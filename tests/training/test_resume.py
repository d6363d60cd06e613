"""Exact resume: interrupted anywhere and gone on with, a run ends with the bits of one that never was."""

import importlib
import os
import re
import signal
import subprocess
import sys
import threading
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import killed

import jgd
from jgd.core import array_files, atomic_files
from jgd.core.fingerprint import tree_digest
from jgd.data import orders

RNG = np.random.default_rng(0)
ROWS = (RNG.normal(size=(37, 3)).astype(np.float32), RNG.normal(size=37).astype(np.float32))
LATER = (RNG.normal(size=(11, 3)).astype(np.float32), RNG.normal(size=11).astype(np.float32))
LOSS = jgd.SupervisedLoss(jgd.models.Linear(3), "squared_error")


def start():
    return {"weights": jnp.full(3, 0.5, jnp.float32), "bias": jnp.zeros((), jnp.float32)}


def train(**changes):
    settings = {"steps": 60, "batch_size": 8, "seed": 3, "validation": LATER, **changes}
    optimizer = settings.pop("optimizer", None) or jgd.optimizers.adam(0.05)
    return jgd.train(LOSS, optimizer, settings.pop("params", start()), settings.pop("data", ROWS), **settings)


def bits(run):
    return tree_digest(
        (run.params, run.train_state, run.history, run.evaluations, run.best and run.best.params, run.observations)
    )


class Interrupted(Exception):
    pass


def interrupted_at(step):
    """A callback that ends the run at the first look after `step`."""

    def look(seen):
        if seen.step >= step:
            raise Interrupted

    return look


@pytest.fixture(autouse=True)
def short_segments(monkeypatch):
    monkeypatch.setattr(importlib.import_module("jgd.training.plan"), "SEGMENT_STEPS", 7)


VARIANTS = {
    "adam": {},
    "full batches": {"batch_size": None},
    "single examples": {"batch_size": 1},
    "sequential": {"order": "sequential"},
    "replacement": {"order": "replacement"},
    "weighted": {"order": orders.weighted(np.arange(37))},
    "balanced": {"order": orders.balanced(np.arange(37) % 5 == 0)},
    "curriculum": {"order": orders.curriculum(np.arange(37), steps=40)},
    "mining": {"order": orders.HardMining(update_every=9)},
    "schedule": {"optimizer": jgd.optimizers.momentum(jgd.schedules.StepDecay(0.1, 10, 0.5))},
    "observed": {"observe": lambda params: params["bias"]},
    "decimated": {"history": 16},
    "patience": {"stop": jgd.StoppingRule(patience=3)},
    "goals": {"stop": jgd.StoppingRule(loss_change=1e-9, gradient_norm=1e-9)},
    "no validation": {"validation": None},
}


QUICK = ("adam", "mining")
EACH = [pytest.param(v, id=name, marks=() if name in QUICK else pytest.mark.slow) for name, v in VARIANTS.items()]


@pytest.mark.slow
@pytest.mark.parametrize("variant", EACH)
def test_an_interrupted_run_ends_with_the_same_bits(tmp_path, variant):
    whole = train(**variant)
    for at in (1, 23):
        with pytest.raises(Interrupted) as caught:
            train(**variant, store=tmp_path, resume=True, save_every=0, callback=interrupted_at(at))
        assert caught.value.run.history["step"][-1] >= at - 1
    resumed = train(**variant, store=tmp_path, resume=True)
    assert bits(resumed) == bits(whole)
    assert resumed.status == whole.status


def test_what_a_callback_ended_is_saved(tmp_path):
    with pytest.raises(Interrupted) as caught:
        train(store=tmp_path, callback=interrupted_at(20))
    done = caught.value.run.end.step
    looked = []
    resumed = train(store=tmp_path, resume=True, callback=lambda seen: looked.append(seen.step))
    assert done < looked[0] <= done + 7
    assert bits(resumed) == bits(train())


@pytest.mark.slow
@pytest.mark.skipif(threading.current_thread() is not threading.main_thread(), reason="signals are the main thread's")
def test_an_interrupt_waits_until_a_validated_is_noted(tmp_path, monkeypatch):
    """Ctrl-C between the end of a segment and its place in the history, where Python may well raise it."""
    loop, before = importlib.import_module("jgd.training.run_loop"), signal.getsignal(signal.SIGINT)
    segment, segments = loop._evaluated_segment, []

    def interrupting(*args, **options):
        segments.append(segment(*args, **options))
        if len(segments) == 3:
            signal.raise_signal(signal.SIGINT)
        return segments[-1]

    monkeypatch.setattr(loop, "_evaluated_segment", interrupting)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt) as caught:
            train(store=tmp_path)
    finally:
        signal.signal(signal.SIGINT, before)
    monkeypatch.undo()
    run = caught.value.run
    whole = train()
    assert len(segments) == 3
    assert len(run.history["step"]) == run.end.step == int(run.train_state.opt_state.step)
    np.testing.assert_array_equal(run.history["loss"], whole.history["loss"][: run.end.step])
    assert bits(train(store=tmp_path, resume=True)) == bits(whole)


def test_a_finished_run_is_returned_without_a_step(tmp_path, monkeypatch):
    first = train(store=tmp_path)
    monkeypatch.setattr(
        importlib.import_module("jgd.training.run_loop"), "_evaluated_segment", None
    )  # a step would be an error
    again = train(store=tmp_path, resume=True)
    assert bits(again) == bits(first)
    np.testing.assert_array_equal(again.seconds, first.seconds)


def test_a_finished_run_is_not_stored_again(tmp_path):
    train(store=tmp_path)
    held = sorted(file.name for file in tmp_path.iterdir())
    train(store=tmp_path, resume=True)
    assert sorted(file.name for file in tmp_path.iterdir()) == held


@pytest.mark.parametrize("seconds", [None, 1e6])
def test_more_time_goes_on(tmp_path, seconds):
    for _ in range(2):  # the same time again is no more time
        stopped = train(store=tmp_path, stop=jgd.StoppingRule(seconds=0.0), resume=True)
        assert (stopped.status, stopped.end.step) == ("time", 0)
    assert bits(train(store=tmp_path, stop=jgd.StoppingRule(seconds=seconds), resume=True)) == bits(train())


def test_more_steps_go_on_and_fewer_are_refused(tmp_path):
    train(store=tmp_path, steps=30, evaluate_every=10)
    longer = train(store=tmp_path, steps=60, evaluate_every=10, resume=True)
    assert bits(longer) == bits(train(evaluate_every=10))
    with pytest.raises(jgd.JgdError, match=r"steps must be >= 60.*got 10"):
        train(store=tmp_path, steps=10, evaluate_every=10, resume=True)


@pytest.mark.slow
def test_a_diverged_run_comes_back_diverged(tmp_path):
    first = train(store=tmp_path, optimizer=jgd.optimizers.sgd(50.0))
    again = train(store=tmp_path, optimizer=jgd.optimizers.sgd(50.0), resume=True)
    assert first.status == again.status
    assert first.status == "diverged"


FALLING = jgd.schedules.StepDecay(0.05, 10, 0.5)
CHANGES = {  # setting -> another value of it, and the words that tell
    "data": ((ROWS[0] + 1, ROWS[1]), r"data[0] float32(37, 3) \w{16} there, float32(37, 3) \w{16} here"),
    "validation": (ROWS, r"validation[0] float32(11, 3) \w{16} there, float32(37, 3)"),
    "seed": (4, "seed 3 there, 4 here"),
    "batch_size": (9, "batch_size 8 there, 9 here"),
    "hyperparameter": (jgd.optimizers.adam(0.05, b1=0.8), "optimizer.transforms[0].b1 0.9 there, 0.8 here"),
    "structure": (
        jgd.optimizers.adam(0.05, mu_dtype="bfloat16"),
        "optimizer.transforms[0].mu_dtype None there, 'bfloat16' here",
    ),
    "rate": (jgd.optimizers.adam(FALLING), "optimizer.transforms[1].learning_rate 0.05 there, StepDecay here"),
    "optimizer": (jgd.optimizers.adamax(0.05), "optimizer.transforms[0] ScaleByAdam there, ScaleByAdamax here"),
    "params": ({"weights": jnp.full(3, 0.5), "bias": jnp.ones(())}, "params['bias'] 0.0 there, 1.0 here"),
    "order": ("sequential", "order Shuffled there, Sequential here"),
    "evaluate_every": (3, "evaluate_every 5 there, 3 here"),
    "stop": (jgd.StoppingRule(patience=9), "stop.patience None there, 9 here"),
    "history": (20, "history 10000 there, 20 here"),
    "metrics": ({"worst": LOSS}, "metrics['worst'] nothing there, SupervisedLoss here"),
}


@pytest.mark.parametrize(("which", "change", "said"), [(s, *c) for s, c in CHANGES.items()], ids=CHANGES)
def test_another_run_is_refused_with_what_differs(tmp_path, which, change, said):
    name = "optimizer" if which in ("hyperparameter", "structure", "rate") else which
    train(store=tmp_path, steps=5)
    words = re.sub(r"[\[\]().]", r"\\\g<0>", said)
    with pytest.raises(jgd.JgdError, match=f"holds another run; what differs: {words}") as caught:
        train(store=tmp_path, steps=5, resume=True, **{name: change})
    blamed = 2 if which == "validation" else 1  # it is two arrays
    assert str(caught.value).count(" there, ") == blamed, "nothing else is blamed, nor parts of what is of another kind"


@pytest.mark.slow
def test_a_loss_is_known_by_what_it_does(tmp_path):
    def one(scale):
        return lambda params, rows: scale * LOSS(params, rows)

    run = lambda loss: jgd.train(loss, jgd.optimizers.sgd(0.1), start(), ROWS, steps=2, store=tmp_path, resume=True)
    run(one(1.0))
    run(one(1.0))  # another function object that does the same
    with pytest.raises(jgd.JgdError, match="what differs: loss"):
        run(one(2.0))
    with pytest.raises(jgd.JgdError, match="what differs: loss"):
        run(LOSS)


def importance(weights):
    """A loss that reads an array of its module."""
    module: dict = {"__name__": "mine", "weights": weights, "mean": lambda a: a.mean()}
    exec("def loss(params, rows): return mean((params['weights'] * weights) ** 2)", module)
    return module["loss"]


def test_a_loss_is_known_by_the_arrays_of_its_module(tmp_path):
    run = lambda loss: jgd.train(loss, jgd.optimizers.sgd(0.1), start(), steps=2, store=tmp_path, resume=True)
    run(importance(np.ones(3, np.float32)))
    run(importance(np.ones(3, np.float32)))
    with pytest.raises(jgd.JgdError, match="what differs: loss"):
        run(importance(np.float32([1, 1, 2])))


def test_a_record_of_a_loss_tells_what_differs_in_it(tmp_path):
    train(store=tmp_path, steps=2)
    other = jgd.SupervisedLoss(jgd.models.Linear(3), "squared_error", "half_mean")
    with pytest.raises(jgd.JgdError, match=r"what differs: loss.reduction 'mean' there, 'half_mean' here\. "):
        jgd.train(
            other,
            jgd.optimizers.adam(0.05),
            start(),
            ROWS,
            steps=2,
            batch_size=8,
            seed=3,
            validation=LATER,
            store=tmp_path,
            resume=True,
        )


def test_a_store_is_not_gone_on_with_unasked(tmp_path):
    train(store=tmp_path, steps=2)
    with pytest.raises(jgd.JgdError, match="holds a run: resume=True"):
        train(store=tmp_path, steps=2)
    with pytest.raises(jgd.JgdError, match="resume needs store"):
        train(resume=True)


def test_a_damaged_snapshot_costs_steps_not_bits(tmp_path):
    whole = train()
    with pytest.raises(Interrupted):
        train(store=tmp_path, save_every=0, callback=interrupted_at(40))
    file = sorted(tmp_path.glob("*.safetensors"))[-1]
    file.write_bytes(file.read_bytes()[:-3])
    with pytest.warns(UserWarning, match="is unusable"):
        resumed = train(store=tmp_path, resume=True)
    assert bits(resumed) == bits(whole)


def test_a_full_disk_loses_nothing_in_memory(tmp_path, monkeypatch):
    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("jgd.core.atomic_files.write", full)
    with pytest.warns(UserWarning, match="No space left"):
        run = train(store=tmp_path, save_every=0)
    assert any("not saved" in note for note in run.notes)
    assert bits(run) == bits(train())


def test_elsewhere_is_said_aloud(tmp_path, monkeypatch):
    train(store=tmp_path, steps=5)
    monkeypatch.setattr(jax, "__version__", "0.0.1")
    with pytest.warns(UserWarning, match=r"made elsewhere.*jax .* there, 0.0.1 here"):
        train(store=tmp_path, steps=5, resume=True)


@pytest.mark.slow
@pytest.mark.parametrize("which", killed.SETTINGS)
def test_sigkill_at_random_moments(tmp_path, which):
    """kill -9 again and again, at its start and between and amid snapshots; then the end of an uninterrupted run."""
    for name, part in zip("xy", killed.ROWS, strict=True):
        np.save(tmp_path / f"{name}.npy", part)
    store = tmp_path / "run"
    command = [sys.executable, "-W", "error::UserWarning", killed.__file__, which, str(tmp_path)]
    want = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    newest = lambda: max((file.name for file in store.glob("*.json")), default="")
    chance, kills = np.random.default_rng(1), 0
    attempts = 10 if "JGD_ALL_ROWS" in os.environ else 3
    for attempt in range(attempts):
        before = newest()
        process = subprocess.Popen([*command, str(store)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while attempt % 5 and newest() == before and process.poll() is None:  # until it has something to lose
            time.sleep(0.01)
        try:
            process.communicate(timeout=chance.uniform(0.02, 0.4))
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            kills += 1
    assert kills >= attempts // 2
    end = subprocess.run([*command, str(store)], capture_output=True, text=True, check=True)
    assert end.stdout == want
    assert not list(store.glob("*.part"))


STRANGE = {
    "nothing": lambda facts: {},
    "no machine": lambda facts: {**facts, "machine": None},
    "a step of text": lambda facts: {**facts, "step": "7"},
    "an unknown end": lambda facts: {**facts, "end": {"status": "evil", "step": 3, "detail": ""}},
    "another history": lambda facts: {**facts, "history": {"stride": 0, "done": -1}},
}


@pytest.mark.parametrize("change", STRANGE.values(), ids=STRANGE)
def test_a_sealed_but_strange_snapshot_is_one_error(tmp_path, change):
    w = jnp.ones(2)
    run = lambda resume: jgd.train(
        lambda p, rows: jnp.sum((p[None] - rows) ** 2), jgd.optimizers.sgd(0.1), w, np.ones((4, 2)), steps=3,
        store=tmp_path, resume=resume,
    )  # fmt: skip
    run(False)
    [file] = tmp_path.glob("*.json")
    content = atomic_files.unsealed(file)
    file.write_bytes(atomic_files.sealed({**content, "facts": change(content["facts"])}))
    with pytest.raises(jgd.JgdError, match=r"whole, but no run that jgd wrote|holds another run"):
        run(True)


def test_columns_that_are_not_of_one_length_are_no_run(tmp_path):
    loss = lambda p, rows: jnp.sum((p - rows) ** 2)
    jgd.train(loss, jgd.optimizers.sgd(0.1), jnp.ones(()), np.ones(4), steps=3, store=tmp_path)
    [file] = tmp_path.glob("*.json")
    content, numbers = atomic_files.unsealed(file), file.with_suffix(".safetensors")
    arrays = array_files.load_arrays(numbers, content)
    short = array_files.save_arrays(numbers, {**arrays, "history.kept.loss": arrays["history.kept.loss"][:1]})
    file.write_bytes(atomic_files.sealed({**content, **short}))
    with pytest.raises(jgd.JgdError, match="columns of its history are not of one length"):
        jgd.load_run(tmp_path)
    short["arrays"]["history.kept.loss"][1] = [-1]  # of which NumPy would make what there is
    file.write_bytes(atomic_files.sealed({**content, **short}))
    with (
        pytest.warns(UserWarning, match=r"there is no shape \(-1,\)"),
        pytest.raises(jgd.JgdError, match="no snapshot"),
    ):
        jgd.load_run(tmp_path)
