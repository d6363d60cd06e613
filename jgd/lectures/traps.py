"""Where descent stays: a local minimum, a plateau, a saddle."""

from dataclasses import replace

import numpy as np

from jgd import landscapes, optimizers, plots, teaching
from jgd.lectures.demonstration import Part, Pictures, Table


def traps() -> tuple[list[Part], Pictures]:
    """Who stays, who leaves, and where each ends."""
    well, flat, saddle = (landscapes.get(name) for name in ("local_minimum", "plateau", "saddle"))
    from_six = {
        **{f"descent, η = {rate:g}": optimizers.sgd(rate) for rate in (0.01, 0.1, 1.5, 2.0)},
        "momentum 0.9, η = 0.01": optimizers.momentum(0.01, 0.9),
        "momentum 0.9, η = 0.1": optimizers.momentum(0.1, 0.9),
    }
    across = {
        "descent": optimizers.sgd(0.1),
        "momentum 0.9": optimizers.momentum(0.1, 0.9),
        "AdaGrad": optimizers.adagrad(0.1),
        "Adam": optimizers.adam(0.1),
    }
    stuck, crossing = teaching.descents(well, from_six, 2000), teaching.descents(flat, across, 1000)
    plain = {"descent": optimizers.sgd(0.1)}
    beside = [
        teaching.descents(replace(saddle, start_at=(1.0, y)), plain, 100).paths["descent"][-1] for y in (0.0, 1e-6)
    ]
    settled = [np.ptp(stuck.paths[name][-100:]) < 1e-3 for name in from_six]
    parts: list[Part] = [
        "A local minimum. f(w) = 0.05 w² + 0.15 sin 3w is lowest at w = −0.487; 2000 steps from w = 6:",
        Table(
            {
                "method": list(from_six),
                "w": [stuck.paths[name][-1, 0] for name in from_six],
                "f": [stuck.losses[name][-1] for name in from_six],
                "settled": ["yes" if each else "no" for each in settled],
            },
            {"w": ".6f", "f": ".6f"},
        ),
        "A plateau. f(w) = 1 − exp(−w²/2) is almost flat at w = 5; 1000 steps at η = 0.1:",
        Table(
            {"method": list(across), "w": [crossing.paths[name][-1, 0] for name in across]},
            {"w": ".7g"},
        ),
        "A saddle. x² − y² has gradient 0 at the origin; 100 steps at η = 0.1, from x = 1:",
        Table({"from y": [0.0, 1e-6], "to y": [end[1] for end in beside]}, {"to y": ".4g"}),
        "In many dimensions saddles are far more common than poor local minima, and the noise of small batches leaves them.",
    ]
    drawn = {name: stuck.paths[name][:60] for name in ("descent, η = 0.1", "momentum 0.9, η = 0.1")}
    starts = teaching.many_starts(well, optimizers.sgd(0.1))
    return parts, {
        "local-minimum": lambda: plots.plot_paths(well, drawn),
        "plateau": lambda: plots.plot_paths(flat, {name: crossing.paths[name] for name in ("descent", "Adam")}),
        "many-starts": lambda: plots.plot_many_starts(starts),
    }
