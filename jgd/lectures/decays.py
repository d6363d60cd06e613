"""Learning rates that fall: by the clock, and when validation has not improved for a while."""

import jax.numpy as jnp
import numpy as np

from jgd import optimizers, plots, schedules
from jgd.core.optimizer import chain
from jgd.lectures import noisy
from jgd.lectures.demonstration import Part, Pictures, Table
from jgd.transforms import ReduceOnPlateau

VALIDATION = (1.0, 0.8, 0.8, 0.81, 0.79, 0.79, 0.79, 0.79, 0.5)


def decay() -> tuple[list[Part], Pictures]:
    """α ← α d each epoch or every k epochs; and what it does to the noise of single rows."""
    stairs = {
        "d = 0.5, each epoch": schedules.StepDecay(0.1, 1, 0.5),
        "d = 0.5, every 3 epochs": schedules.StepDecay(0.1, 3, 0.5),
        "d = 0: frozen after the first decay": schedules.StepDecay(0.1, 3, 0.0),
        "d = 1: never decays": schedules.StepDecay(0.1, 3, 1.0),
    }
    values = plots.schedule_values(stairs, 7)
    hovering = {"fixed, 0.05": 0.05, "0.05 / (1 + 0.01 t)": schedules.InverseTimeDecay(0.05, decay_rate=0.01)}
    above = [
        noisy.above_best(noisy.run(optimizers.sgd(rate), epochs=40, batch_size=1).params) for rate in hovering.values()
    ]
    parts: list[Part] = [
        "α by epoch:",
        Table({"epoch": range(7), **values}),
        "Single rows of noisy data hover around the minimum at a fixed rate, and converge as the rate falls like 1/t. The\n"
        "loss above that of least squares after 40 epochs:",
        Table({"rate": list(hovering), "above the best": above}, {"above the best": ".1e"}),
    ]
    return parts, {"decays": lambda: plots.plot_schedules(stairs, 12)}


def plateau_decay() -> tuple[list[Part], Pictures]:
    """α ← α/2 after two validations in a row that were no better than the best."""
    plain = optimizers.sgd(1.0)
    rule = ReduceOnPlateau(factor=0.5, patience=1, threshold=0.0, metric="validation")
    optimizer = chain(plain.transform, rule)
    weights, slope = jnp.zeros(()), jnp.ones(())

    def rates(metrics: tuple[float, ...]) -> list[float]:
        state, out = optimizer.init(weights), []
        for metric in metrics:
            state = optimizer.observe(state, jnp.asarray(metric))
            updates, state = optimizer.update(slope, state, weights)
            out.append(-float(updates))
        return out

    broken = (1.0, 0.8, np.nan, 0.81, 0.82)
    parts: list[Part] = [
        "A validation is bad if it isn't below the best so far. The lecture's patience N reduces at the N-th bad one in a row,\n"
        "as Keras does. torch and jgd.transforms.ReduceOnPlateau wait for one more: the lecture's 2 is patience=1 here.",
        Table({"validation": VALIDATION, "α": rates(VALIDATION)}, title="patience 2, factor 0.5"),
        "A NaN counts neither as bad nor as good, and leaves the rate as it is:",
        Table({"validation": broken, "α": rates(broken)}),
        "In the shell: jgd train iris -o sgd --learning-rate 0.1 --plateau factor=0.5 --plateau patience=1",
    ]
    return parts, {}
