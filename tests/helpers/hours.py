"""Hours against points: y = 2 x learned as ŷ = x · w from w = 1, and the lectures' golden trajectories."""

import json
from pathlib import Path

import jax.numpy as jnp
import numpy as np

import jgd

GOLDEN = {
    name: np.array(rows)
    for name, rows in json.loads((Path(__file__).parent / "golden/hours_points.json").read_text()).items()
}
LOSS = jgd.SupervisedLoss(jgd.models.Linear(1, bias=False), "squared_error")


def weight(params):
    """What to observe: the weight, ()."""
    return params["weights"][0]


def train(optimizer=None, dtype="float32", start=1.0, **options) -> jgd.Run:
    """A run from w = `start`, by default 100 steps of plain descent with rate 0.01, its weights observed."""
    rows = tuple(column.astype(dtype) for column in jgd.datasets.hours_points().rows)
    optimizer = jgd.optimizers.sgd(0.01) if optimizer is None else optimizer
    options = {"steps": 100, "observe": weight, **options}
    return jgd.train(LOSS, optimizer, {"weights": jnp.full(1, start, dtype)}, rows, **options)
