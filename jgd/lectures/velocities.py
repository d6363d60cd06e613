"""Momentum, and momentum that looks ahead."""

import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd import landscapes, optimizers, plots, schedules, teaching
from jgd.core.optimizer import Optimizer
from jgd.landscapes import Landscape
from jgd.lectures import hours
from jgd.lectures.demonstration import Part, Pictures, Table

STEPS = (1, 2, 3, 10, 100)


def golden(methods: dict[str, Optimizer]) -> Table:
    """w on the hours after 1, 2, 3, 10 and 100 steps."""
    paths = teaching.descents(hours.PARABOLA, methods, STEPS[-1]).paths
    columns = {f"w after {step}": [paths[name][step, 0] for name in methods] for step in STEPS}
    return Table({"method": list(methods), **columns}, dict.fromkeys(columns, ".10f"))


def momentum() -> tuple[list[Part], Pictures]:
    """The hours by plain descent, momentum and Nesterov; terminal velocity; a long valley; the rate inside the velocity."""
    methods = {
        "gradient descent, η = 0.01": optimizers.sgd(0.01),
        "momentum, γ = 0.9": optimizers.momentum(0.01, 0.9),
        "Nesterov, the gradient at w − γ v": optimizers.nesterov(0.01, 0.9),
        "Nesterov of torch and optax": optimizers.nesterov_shifted(0.01, 0.9),
    }
    falling = schedules.ExponentialDecay(0.01, 1, 0.5)
    where = {
        "v ← γ v + g, w ← w − η v": optimizers.momentum(0.01, 0.9),
        "v ← γ v + η g, w ← w − v": optimizers.momentum(0.01, 0.9, rate_in_velocity=True),
        "the first, η halved each step": optimizers.momentum(falling, 0.9),
        "the second, η halved each step": optimizers.momentum(falling, 0.9, rate_in_velocity=True),
    }
    slope = Landscape("slope", _slope, (0.0,), (-1.0,), (1.0,), ())
    speed = -np.diff(teaching.descents(slope, {"": optimizers.momentum(0.01, 0.9)}, 200).paths[""][:, 0])
    valley = landscapes.quadratic([1.0, 100.0])
    best = {"gradient descent": optimizers.sgd(2 / 101), "momentum": optimizers.momentum(4 / 121, (9 / 11) ** 2)}
    far = {name: np.abs(path).max(axis=1) > 1e-6 for name, path in teaching.descents(valley, best, 800).paths.items()}
    parts: list[Part] = [
        golden(methods),
        "Momentum overshoots to 2.59 at step 10; the look-ahead turns earlier. The form of torch and optax walks through the\n"
        "points w − γ v at which the lecture's takes its gradients.",
        f"A constant gradient 1 at η = 0.01 ends at the speed η/(1 − γ) = 0.1: {speed[0]:.10f}, …, {speed[-1]:.10f}.",
        "In a valley of condition number 100, each at its best rate:",
        Table({"method": list(best), "steps to 1e-6": [int(np.flatnonzero(each)[-1]) + 1 for each in far.values()]}),
        "Whether η stands inside the velocity makes a difference only where η changes:",
        golden(where),
    ]
    long = landscapes.get("ill_conditioned")
    race = {
        "gradient descent": optimizers.sgd(0.015),
        "momentum": optimizers.momentum(0.004, 0.9),
        "look-ahead": optimizers.nesterov(0.004, 0.9),
    }
    paths = teaching.descents(long, race, 60).paths
    return parts, {
        "valley": lambda: plots.plot_paths(long, paths),
        "arrows": lambda: plots.plot_look_ahead(
            teaching.look_ahead(landscapes.quadratic([1.0, 3.0]), 0.25, 0.6, steps=1)
        ),
    }


def _slope(w: Array) -> Array:
    return jnp.sum(w)
