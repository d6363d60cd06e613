"""Hours and points, the lectures' example: x = 1, 2, 3 hours give y = 2, 4, 6 points, ŷ = x·w, from w = 1."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core.optimizer import Optimizer
from jgd.core.types import Params
from jgd.data import datasets
from jgd.landscapes import Landscape
from jgd.losses import SupervisedLoss
from jgd.models import Linear
from jgd.training import Run, train

LOSS = SupervisedLoss(Linear(1, bias=False), "squared_error")
START = 1.0
BEST = 2.0


def start() -> Params:
    """The lectures' w = 1."""
    return {"weights": jnp.full(1, START, jnp.result_type(float))}


def weight(params: Params) -> Array:
    """What is watched: w, ()."""
    return params["weights"][0]


def run(optimizer: Optimizer, steps: int = 100, **options: Any) -> Run:
    """A run from w = 1 on the three rows, w after every update in its observations."""
    return train(LOSS, optimizer, start(), datasets.hours_points().rows, steps=steps, observe=weight, **options)


def cost(w: Array) -> Array:
    """1/3 Σ (x w − y)², of w (1,)."""
    hours = jnp.array([1.0, 2.0, 3.0], w.dtype)
    return jnp.mean(jnp.square(hours * w - 2 * hours))


PARABOLA = Landscape("hours and points", cost, (START,), (0.0,), (4.0,), ((BEST,),))


def gradients(weights: Any) -> np.ndarray:
    """dL/dw at each of these w, (n,)."""
    points = jnp.asarray(weights, jnp.result_type(float))[:, None]
    return np.asarray(jax.vmap(jax.grad(cost))(points))[:, 0]
