"""Rates that each weight has for itself: AdaGrad, RMSProp, AdaDelta, Adam."""

import jax.numpy as jnp
from jax import Array

from jgd import optimizers, plots, teaching
from jgd.landscapes import Landscape
from jgd.lectures import hours
from jgd.lectures.demonstration import Part, Pictures, Table
from jgd.lectures.velocities import golden


def adaptive() -> tuple[list[Part], Pictures]:
    """The hours by each method, AdaGrad's vanishing rate, AdaDelta's units, and rare features."""
    methods = {
        "AdaGrad, η = 0.1, eps = 1e-8": optimizers.adagrad(0.1, eps=1e-8),
        "RMSProp, η = 0.01, 0.9, 1e-8": optimizers.rmsprop(0.01, 0.9, 1e-8),
        "AdaDelta, 0.9, 1e-6, no η": optimizers.adadelta(rho=0.9, eps=1e-6),
        "AdaDelta, 0.9, 1e-8, no η": optimizers.adadelta(rho=0.9, eps=1e-8),
        "Adam, η = 0.1, 0.9, 0.999, 1e-8": optimizers.adam(0.1, 0.9, 0.999, 1e-8),
    }
    vanishing = teaching.effective_rates(optimizers.adagrad(0.1), lambda w, _: jnp.sum(w), jnp.zeros(1), None, 10_000)
    times = [1, 100, 10_000]
    rare = jnp.where(jnp.arange(100) % 10 == 9, 1.0, 0.0)
    apart = {"often": jnp.zeros(()), "rare": jnp.zeros(())}
    sparse = teaching.effective_rates(
        optimizers.adagrad(0.1), lambda w, seen: w["often"] + seen * w["rare"], apart, rare
    )
    grid = (0.01, 0.03, 0.1, 0.3)
    spread = {}
    for name, build in (("gradient descent", optimizers.sgd), ("AdaGrad", optimizers.adagrad)):
        found = teaching.descents(hours.PARABOLA, {f"{rate:g}": build(rate) for rate in grid}, 20)
        spread[name] = [losses[-1] for losses in found.losses.values()]
    zero = teaching.descents(Landscape("flat", _flat, (1.0,), (0.0,), (2.0,), ()), methods, 3)
    still = all((path == path[0]).all() for path in zero.paths.values())
    parts: list[Part] = [
        golden(methods),
        "AdaDelta has no learning rate; its eps decides how fast it starts.",
        "AdaGrad adds up all squares, so its rate vanishes like 1/√t. At a constant gradient 1 and η = 0.1:",
        Table({"step": times, "effective rate": [vanishing.rates[t - 1, 0] for t in times]}, {"effective rate": ".4g"}),
        f"In 10 000 steps it moves {vanishing.rates.sum():.2f}, about 2 η √t.",
        f"A feature that is there every tenth step: its weight steps {sparse.rates[-1, 1] / sparse.rates[-1, 0]:.3f} times as far, "
        "√10.",
        "The loss after 20 steps by learning rate: AdaGrad is less sensitive.",
        Table({"η": grid, **spread}, {"gradient descent": ".3g", "AdaGrad": ".3g"}),
        f"A gradient of 0 makes a step of 0, never 0/0: {'yes' if still else 'no'}.",
    ]
    racers = {"sgd": optimizers.sgd(0.015), "momentum": optimizers.momentum(0.004), "adam": optimizers.adam(0.1)}
    return parts, {
        "effective-rates": lambda: plots.plot_effective_rates(sparse),
        "race": lambda: plots.plot_race(teaching.race(racers)),
    }


def _flat(w: Array) -> Array:
    return 0 * jnp.sum(w)
