"""Every registered optimizer, built at a learning rate, and a problem that has what any of them asks for."""

import inspect
from functools import cache

import jax.numpy as jnp

import jgd

NO_DEFAULT = {
    "l2_norm_clip": 1.0,
    "noise_multiplier": 0.5,
    "onto": jgd.transforms.L1Ball(1.0),
    "ess": 100.0,
}  # of dp_sgd, frank_wolfe, ivon
NAMES = sorted(jgd.optimizers.registry)


def built(name: str, learning_rate: float = 0.01) -> jgd.Optimizer:
    """The method with its defaults; one around another optimizer is around plain descent."""
    build = jgd.optimizers.registry[name]
    given = {"learning_rate": learning_rate, "base_optimizer": jgd.optimizers.sgd(learning_rate), **NO_DEFAULT}
    asked = inspect.signature(build).parameters
    return build(**{word: value for word, value in given.items() if word in asked})


@cache
def classifier():
    """(loss, params, batch): two layers; the loss knows its outputs and its examples."""
    model = jgd.models.MLP((3, 4, 2))
    inputs = jnp.linspace(-1.0, 1.0, 15).reshape(5, 3)
    return jgd.SupervisedLoss(model, "softmax_cross_entropy"), model.init(jgd.init_key(0)), (inputs, jnp.arange(5) % 2)
