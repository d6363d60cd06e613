"""A small run that is interrupted and gone on with: what the tables of optimizers and of transforms ask of each."""

import importlib
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

import jgd
from jgd import schedules
from jgd.core.fingerprint import tree_digest
from jgd.data import orders

STEPS = 14
RNG = np.random.default_rng(0)
ROWS = (RNG.normal(size=(10, 3)).astype(np.float32), np.arange(10, dtype=np.int32) % 2)
LATER = (RNG.normal(size=(6, 3)).astype(np.float32), np.arange(6, dtype=np.int32) % 2)
LOSS = jgd.SupervisedLoss(jgd.models.Softmax(3, 2), "softmax_cross_entropy")
START = {"weights": jnp.asarray(RNG.normal(size=(3, 2)), jnp.float32), "bias": jnp.zeros(2, jnp.float32)}

ORDERS = {  # what train is told besides; batches of 4 leave a short one of 2 where each row is seen once
    "full": {"batch_size": None},
    "shuffled": {},
    "sequential": {"order": "sequential"},
    "replacement": {"order": "replacement"},
    "single": {"batch_size": 1},
    "weighted": {"order": orders.weighted(np.arange(10))},
    "balanced": {"order": orders.balanced(np.arange(10) < 2)},
    "curriculum": {"order": orders.curriculum(np.arange(10), steps=9)},
    "mining": {"order": orders.HardMining(update_every=5)},
    "mapped": {},  # shuffled rows of files
}
SCHEDULES = {
    "constant": schedules.Constant(0.03),
    "linear": schedules.Linear(0.05, 0.01, 9),
    "polynomial": schedules.Polynomial(0.05, 0.01, 2.0, 9),
    "cosine_decay": schedules.CosineDecay(0.05, 12),
    "rex": schedules.Rex(0.05, 12),
    "exponential_decay": schedules.ExponentialDecay(0.05, 3, 0.8),
    "inverse_time_decay": schedules.InverseTimeDecay(0.05, 0.1),
    "inverse_sqrt_decay": schedules.InverseSqrtDecay(0.05, 3),
    "step_decay": schedules.StepDecay(0.05, 4, 0.5),
    "multi_step_decay": schedules.MultiStepDecay(0.05, (3, 8), 0.5),
    "piecewise_constant": schedules.PiecewiseConstant(0.05, (3, 8), (0.5, 0.5)),
    "piecewise_interpolate": schedules.PiecewiseInterpolate("linear", 0.05, (3, 8), (0.5, 0.5)),
    "linear_warmup": schedules.LinearWarmup(0.05, 4),
    "exponential_warmup": schedules.ExponentialWarmup(0.05, 4),
    "warmup_cosine_decay": schedules.WarmupCosineDecay(0.01, 0.05, 4, 12),
    "warmup_stable_decay": schedules.WarmupStableDecay(0.01, 0.05, 3, 6, 4),
    "noam": schedules.Noam(8, 4, 0.1),
    "onecycle": schedules.OneCycle(12, 0.05),
    "linear_onecycle": schedules.linear_onecycle(12, 0.05),
    "cosine_onecycle": schedules.cosine_onecycle(12, 0.05),
    "cyclic": schedules.Cyclic(0.01, 0.05, 3),
    "cosine_restarts": schedules.CosineRestarts(0.05, 4),
    "join": schedules.Join((0.05, schedules.Linear(0.05, 0.01, 4)), (6,)),
    "product": schedules.Product((schedules.Constant(0.05), schedules.Linear(1.0, 0.5, 9))),
    "sum": schedules.Sum((0.01, schedules.Linear(0.03, 0.01, 9))),
}


class Interrupted(Exception):
    pass


def mapped(folder: Path):
    """ROWS as files that stay on the disk."""
    for name, part in zip("xy", ROWS, strict=True):
        np.save(folder / f"{name}.npy", part)
    return tuple(np.load(folder / f"{name}.npy", mmap_mode="r") for name in "xy")


def bits(run: jgd.Run) -> str:
    """All that a run leaves, but its times."""
    best = run.best and run.best.params
    return tree_digest((run.params, run.train_state, best, run.history, run.evaluations, run.observations))


def survives(optimizer: jgd.Optimizer, order: str, folder: Path, monkeypatch, start=START) -> jgd.Run:
    """Assert that a run killed twice ends with the bits of one that never was. -> the whole run.

    The broken runs look after every step, the whole one after every fourth. The second death comes before the last
    snapshot was written: its manifest is taken away.
    """
    loop = importlib.import_module("jgd.training.run_loop")
    monkeypatch.setattr(importlib.import_module("jgd.training.plan"), "SEGMENT_STEPS", 4)
    data = mapped(folder) if order == "mapped" else ROWS
    options = {"steps": STEPS, "batch_size": 4, "seed": 3, "validation": LATER, "evaluate_every": 3, **ORDERS[order]}
    whole = jgd.train(LOSS, optimizer, start, data, **options)
    monkeypatch.setattr(loop, "SEGMENT_SECONDS", 0.0)
    options |= {"store": folder / "run", "resume": True, "save_every": 0}
    for death in (4, 9):

        def look(seen, death=death):
            if seen.step >= death:
                raise Interrupted

        with pytest.raises(Interrupted):
            jgd.train(LOSS, optimizer, start, data, **options, callback=look)
    sorted(folder.glob("run/*.json"))[-1].unlink()
    resumed = jgd.train(LOSS, optimizer, start, data, **options)
    assert bits(resumed) == bits(whole)
    assert resumed.status == whole.status
    return whole
