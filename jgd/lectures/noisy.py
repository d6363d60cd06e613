"""256 rows of a line in three features with noise in the targets: what the hours, which a line meets exactly, can't show."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core.optimizer import Optimizer
from jgd.core.types import Params
from jgd.data import datasets
from jgd.losses import SupervisedLoss
from jgd.models import Linear
from jgd.training import Run, train

ROWS = 256
LOSS = SupervisedLoss(Linear(3), "squared_error")


def data() -> datasets.Dataset:
    """The rows, always the same."""
    return datasets.linear_regression(rows=ROWS, noise=0.5)


def start() -> Params:
    """All zeros, as a linear model may begin."""
    return {"weights": jnp.zeros(3, jnp.result_type(float)), "bias": jnp.zeros((), jnp.result_type(float))}


def best() -> Params:
    """The parameters of least squares."""
    rows = data()
    found = np.linalg.lstsq(np.column_stack([rows.inputs, np.ones(ROWS)]), rows.targets)[0]
    return jax.tree.map(
        lambda leaf: jnp.asarray(leaf, jnp.result_type(float)), {"weights": found[:3], "bias": found[3]}
    )


def run(optimizer: Optimizer, **options: Any) -> Run:
    """A run from zeros on these rows."""
    return train(LOSS, optimizer, start(), data().rows, **options)


def above_best(params: Params) -> float:
    """How much larger the loss over all rows is than that of least squares."""
    rows = jax.tree.map(jnp.asarray, data().rows)
    return float(LOSS(params, rows) - LOSS(best(), rows))
