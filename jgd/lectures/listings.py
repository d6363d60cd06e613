"""The two listings: gradient descent on all rows, and stochastic gradient descent on one row after the other."""

import numpy as np

from jgd import optimizers, plots
from jgd.lectures import hours, noisy
from jgd.lectures.demonstration import Part, Pictures, Table
from jgd.training import smooth

RATE = 0.01
DRAWN = 8  # steps in the picture


def gd() -> tuple[list[Part], Pictures]:
    """The table of the listing, whose w is after the update of its row and whose cost is before it."""
    run = hours.run(optimizers.sgd(RATE))
    after = run.observations
    before = np.concatenate([[hours.START], after[:-1]])
    rows = [*range(11), *range(90, 100)]
    printed = Table(
        {
            "epoch": rows,
            "w": after[rows],
            "cost": run.history["loss"][rows],
            "w, all digits": after[rows],
            "cost, all digits": run.history["loss"][rows],
            "gradient": hours.gradients(before)[rows],
        },
        {"w": ".2f", "cost": ".2f", "w, all digits": ".17g", "cost, all digits": ".17g", "gradient": ".12g"},
    )
    k = np.arange(1, 101)
    far = np.abs(after - (hours.BEST - (68 / 75) ** k)).max()
    parts: list[Part] = [
        "w ← w − 0.01 dL/dw with L = 1/3 Σ (x w − y)², 100 epochs from w = 1. On each row w is after the update, cost and\n"
        "gradient are before it.",
        "4 hours before training: 4.00 points",
        printed,
        f"4 hours after training: {4 * after[-1]:.2f} points ({4 * after[-1]:.17g})",
        f"In closed form w = 2 − (68/75)^k after k epochs: the run is within {far:.1g} of it. w comes close to 2 and never\n"
        f"arrives. How it ended: {run.end}.",
    ]
    path = np.concatenate([[hours.START], after[:DRAWN]])[:, None]
    steps = {f"η = {RATE:g}": path, "η = 0.15": _steps(0.15)}
    return parts, {"parabola": lambda: plots.plot_paths(hours.PARABOLA, steps, labels=("w", "cost"))}


def _steps(rate: float) -> np.ndarray:
    return np.concatenate([[hours.START], hours.run(optimizers.sgd(rate), DRAWN).observations])[:, None]


def sgd() -> tuple[list[Part], Pictures]:
    """The rows one by one in the order 1, 2, 3; the loss of an epoch is its last row's, after that row's update."""
    run = hours.run(optimizers.sgd(RATE), 300, batch_size=1, order="sequential")
    after = run.observations
    x = np.tile([1.0, 2.0, 3.0], 100)
    before = np.concatenate([[hours.START], after[:-1]])
    gradient = 2 * x * (x * before - 2 * x)
    ends, rows = after[2::3], [0, 1, 2, 10, 90, 99]
    epochs = Table(
        {"epoch": rows, "w": ends[rows], "loss": (3 * ends[rows] - 6) ** 2}, {"w": ".17g", "loss": ".17g"}, "Epochs"
    )
    first = Table(
        {
            "epoch": np.arange(6) // 3,
            "x": x[:6],
            "gradient": gradient[:6],
            "w after": after[:6],
            "loss after": (x[:6] * after[:6] - 2 * x[:6]) ** 2,
        },
        {"x": ".0f"},
        "The first steps",
    )
    k = np.arange(1, 101)
    far = np.abs(ends - (hours.BEST - 0.739312**k)).max()
    parts: list[Part] = [
        "w ← w − 0.01 dl/dw for one row after the other, l = (x w − y)². The loss of an epoch is that of its last row,\n"
        "after that row's update.",
        epochs,
        first,
        f"4 hours after training: {4 * after[-1]:.17g} points",
        f"Each row multiplies the distance to 2 by 1 − 0.02 x²: 0.98 · 0.92 · 0.82 = 0.739312 an epoch, and the run is\n"
        f"within {far:.1g} of 2 − 0.739312^k. These rows hold no noise and one weight: their order doesn't matter.",
    ]
    return parts, {}


def smoothing() -> tuple[list[Part], Pictures]:
    """The training curve through an exponentially weighted mean, in the recursive and in the printed form."""
    cost = hours.run(optimizers.sgd(RATE)).history["loss"]
    columns = {"epoch": range(5), "cost": cost[:5]}
    for b in (0.9, 0.1):
        columns[f"b = {b:g}, recursive"] = smooth(cost, b)[:5]
        columns[f"b = {b:g}, as printed"] = smooth(cost, b, form="literal")[:5]
    spec = dict.fromkeys([name for name in columns if name != "epoch"], ".7f")
    parts: list[Part] = [
        "Recursive: s_i = b c_i + (1 − b) s_{i−1}, the exponentially weighted mean. As printed: s_i = b c_i + (1 − b) c_{i−1},\n"
        "which looks one step back only. b is the weight of the new value. Both begin with s_0 = c_0.",
        Table(columns, spec),
    ]
    zigzag = noisy.run(optimizers.sgd(0.05), batch_size=4, epochs=3)
    return parts, {"curves": lambda: plots.plot_smoothings(zigzag)}
