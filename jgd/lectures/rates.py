"""The learning rate: too small, good, at the edge, too large; and chosen among many on validation rows."""

import numpy as np

from jgd import gradients, optimizers, plots, sweeps, tasks, teaching
from jgd.lectures import hours
from jgd.lectures.demonstration import Part, Pictures, Table

RATES = {"slow": 0.001, "the listing's": 0.01, "1/λ": 3 / 28, "2/λ": 3 / 14, "above 2/λ": 0.22, "far above": 0.3}


def learning_rates() -> tuple[list[Part], Pictures]:
    """The hours at six rates, without and with a watch for divergence."""
    edge = gradients.max_stable_learning_rate(hours.PARABOLA, hours.PARABOLA.start, None)
    found = teaching.descents(hours.PARABOLA, {name: optimizers.sgd(rate) for name, rate in RATES.items()}, 100)
    path = {name: points[:, 0] for name, points in found.paths.items()}
    watched = [hours.run(optimizers.sgd(rate)).end for rate in RATES.values()]
    steps = (1, 2, 3, 100)
    columns = {"rate": list(RATES), "η": list(RATES.values())}
    columns |= {f"w after {step}": [path[name][step] for name in RATES] for step in steps}
    columns |= {"cost at epoch 99": [found.losses[name][99] for name in RATES]}
    columns |= {"how a run ends": [f"{end.status} at step {end.step}" for end in watched]}
    parts: list[Part] = [
        f"The curvature λ = 28/3 of the parabola allows η < 2/λ = {edge:.7f}; at 1/λ one step leads to w = 2.",
        Table(columns, {"η": ".7g", "cost at epoch 99": ".5g", **{f"w after {step}": ".7g" for step in steps}}),
        "The distance to 2 is multiplied by 1 − ηλ at each step. `jgd.train` stops a run that diverges, and says at which step.\n"
        "For another loss the limit is found again: max_stable_learning_rate, or a range test (jgd.lr_range_test).",
    ]
    four = teaching.learning_rates(hours.PARABOLA)
    return parts, {
        "rates": lambda: plots.plot_learning_rates(four),
        "losses": lambda: plots.plot_descent_losses(four),
    }


def rate_search() -> tuple[list[Part], Pictures]:
    """A grid of learning rates on the flowers: chosen by validation accuracy, and then tested once."""
    rates = np.geomspace(1e-3, 10.0, 9)
    found = sweeps.sweep(
        tasks.get("iris"), ["sgd"], {"learning_rate": rates.tolist()}, seeds=3, steps=100, batch_size=16
    )
    scores, losses = found.validation["accuracy"][..., -1], found.validation["loss"][..., -1]
    mean = np.nanmean(scores, axis=1)
    columns = {
        "learning rate": rates,
        "validation accuracy, mean of 3 seeds": mean,
        "lowest": scores.min(axis=1),
        "highest": scores.max(axis=1),
        "validation loss": losses.mean(axis=1),
    }
    best = found.best
    (fresh,) = found.confirm(seeds=3).confirmed
    scores = {
        "validation, which chose it": best.validation,
        "validation, 3 fresh seeds": fresh.validation,
        "test rows, read only now": fresh.test,
    }
    confirmed = Table(
        {"rows": list(scores), "accuracy": [each.mean for each in scores.values()]},
        {"accuracy": ".4f"},
        f"Chosen by validation alone: learning rate {best.hyperparameters['learning_rate']:.4g}",
    )
    parts: list[Part] = [
        "Nine rates and three seeds are 27 trainings: one compiled program trains them all side by side.",
        Table(
            columns,
            {
                "learning rate": ".4g",
                **{name: ".3f" for name in columns if "valid" in name},
                "lowest": ".3f",
                "highest": ".3f",
            },
        ),
        confirmed,
    ]
    return parts, {"sensitivity": lambda: plots.plot_sensitivity(found)}
