"""Where weights start, and what a seed decides."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd import models, optimizers, tasks
from jgd.core.seeds import init_key
from jgd.lectures.demonstration import Part, Pictures, Table
from jgd.losses import SupervisedLoss
from jgd.training import train, train_seeds

DRAWS = 100_000


def initialisation() -> tuple[list[Part], Pictures]:
    """Zeros, normal, Glorot: mean and variance of what they draw; and hidden units that start equal."""
    key = init_key(0)
    drawn: dict[str, tuple[float, Any]] = {
        "zeros, for biases": (0.0, models.Zeros()(key, (DRAWS,))),
        "normal, variance 1": (1.0, models.Normal(variance=1.0)(key, (DRAWS,))),
        "normal, variance 0.1": (0.1, models.Normal(variance=0.1)(key, (DRAWS,))),
        "normal, deviation 0.1": (0.01, models.Normal(std=0.1)(key, (DRAWS,))),
    }
    glorot = np.concatenate([models.GlorotUniform()(jax.random.key(seed), (3, 5)).ravel() for seed in range(1000)])
    drawn["Glorot uniform, (3, 5)"] = (2 / 8, glorot)
    table = Table(
        {
            "start": list(drawn),
            "variance": [variance for variance, _ in drawn.values()],
            "of the draws": [float(np.var(values)) for _, values in drawn.values()],
            "mean": [float(np.mean(values)) for _, values in drawn.values()],
            "largest": [float(np.abs(values).max()) for _, values in drawn.values()],
        },
        {"of the draws": ".4f", "mean": ".4f", "largest": ".4f"},
    )
    model = models.MLP((4, 3, 3), "tanh")
    entropy, rows = SupervisedLoss(model, "softmax_cross_entropy"), tasks.get("iris", "mlp").train
    random = model.init(init_key(0))
    ends: dict[str, list] = {"start": [], "loss after 50 steps": [], "how far its hidden units differ": []}
    for name, begin in (
        ("all weights 0.1", jax.tree.map(lambda leaf: jnp.full_like(leaf, 0.1), random)),
        ("random", random),
    ):
        run = train(entropy, optimizers.sgd(0.5), begin, rows, steps=50)
        units = np.asarray(run.params[0]["weights"])
        for column, value in zip(
            ends.values(), (name, run.history["loss"][-1], np.ptp(units, axis=1).max()), strict=True
        ):
            column.append(value)
    parts: list[Part] = [
        f"The bound of Glorot's uniform is √6/√(3 + 5) = {(6 / 8) ** 0.5:.16g}. A number alone would not say whether 0.1 is the\n"
        f"variance or the deviation (√0.1 = {0.1**0.5:.16g}): it has to be named.",
        table,
        "Units that start equal get equal gradients, and stay equal to rounding: three of them are worth one.",
        Table(ends, {"loss after 50 steps": ".4f", "how far its hidden units differ": ".1e"}),
    ]
    return parts, {}


def seeds() -> tuple[list[Part], Pictures]:
    """Five seeds of one training, each of them, their mean with its interval; and one seed twice."""
    task = tasks.get("iris")
    options: dict[str, Any] = {"epochs": 10, "batch_size": 16}
    runs = train_seeds(task, optimizers.sgd(0.1), seeds=5, **options)
    again = train(task, optimizers.sgd(0.1), seed=2, **options)
    summary = runs.summary("loss")
    same = bool(np.array_equal(again.history["loss"], list(runs)[2].history["loss"]))
    lanes = Table(
        {"seed": runs.seeds, "validation loss": runs.last("loss"), "status": [str(run.status.value) for run in runs]},
        {"validation loss": ".6f"},
    )
    parts: list[Part] = [
        "One seed decides all that is drawn: the start, the order of rows, an optimizer's noise. Another seed is another run.",
        lanes,
        f"mean {summary['mean']:.4f}, deviation {summary['std']:.4f}, 95% interval {summary['low']:.4f} … "
        f"{summary['high']:.4f}, {int(summary['n'])} runs, {int(summary['diverged'])} diverged",
        f"Seed 2 once more has the same losses bit for bit: {'yes' if same else 'no'}. On a GPU the order of threads may add\n"
        "rounding noise, so report the mean of several seeds there too.",
    ]
    return parts, {}
