"""Search without gradients: every point of a grid, divide and conquer, at random, genetic; and descent beside them."""

import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd import gradient_free, landscapes, optimizers, plots
from jgd.core import checks
from jgd.gradient_free import comparison_table, divide_and_conquer, genetic_search, grid_search, random_search
from jgd.lectures import hours
from jgd.lectures.demonstration import Part, Pictures, Table

TARGET = 1e-3  # the loss that the methods are compared by


def search() -> tuple[list[Part], Pictures]:
    """Exhaustive search and its price, divide and conquer and its trap, random and genetic search, gradient descent."""
    parabola = lambda w: hours.cost(w[None])
    exhaustive = grid_search(parabola, 0.0, 4.0)
    try:
        grid_search(lambda w: jnp.sum(w**2), jnp.zeros(10), jnp.ones(10))
        refused = ""
    except checks.JgdError as error:
        refused = str(error)
    bowl, low, high = _bowl, [0.0, 0.0], [100.0, 100.0]
    split, full = divide_and_conquer(bowl, low, high), grid_search(bowl, low, high, points=16, at="center")
    needle = landscapes.get("needle")
    every, coarse = grid_search(needle, at="center"), divide_and_conquer(needle)
    rows = [
        ("hours, 100 values in [0, 4)", "exhaustive", exhaustive),
        ("(a − 37)² + (b − 61)²", "exhaustive, 16 × 16", full),
        ("(a − 37)² + (b − 61)²", "divide and conquer, 4 × 4 twice", split),
        ("a needle beside a bowl", "exhaustive, 100 values", every),
        ("a needle beside a bowl", "divide and conquer, 4 twice", coarse),
    ]
    found = Table(
        {
            "loss": [loss for loss, *_ in rows],
            "search": [name for _, name, _ in rows],
            "best": [", ".join(f"{x:g}" for x in np.ravel(one.params)) for *_, one in rows],
            "value": [one.value for *_, one in rows],
            "evaluations": [one.evaluations for *_, one in rows],
        },
        {"value": ".7f"},
    )
    prices = Table({"weights": [1, 2, 10], "evaluations at 100 values each": ["100", "10^4", "10^20"]})
    searches = {
        "exhaustive": exhaustive,
        **{f"random, seed {seed}": random_search(parabola, 0.0, 4.0, seed=seed) for seed in range(3)},
        "genetic": genetic_search(parabola, 0.0, 4.0),
        "gradient descent, η = 0.05": gradient_free.gradient_descent(parabola, optimizers.sgd(0.05), hours.START),
    }
    parts: list[Part] = [
        "By eye w = 2 is best on the hours: the loss is 0 there. An exhaustive search finds it, at a price that grows with\n"
        "each weight.",
        prices,
        f"Ten weights are refused before anything runs: {refused}",
        "Divide and conquer looks into the best cell of a coarse grid: 32 evaluations instead of 256, to the same point of a\n"
        "bowl. A narrow minimum that the coarse grid overlooks is lost.",
        found,
        "Random search keeps the lowest ever seen; a genetic search recombines and mutates its best, and keeps them.",
        comparison_table(searches, TARGET),
    ]
    return parts, {
        "needle": lambda: plots.plot_paths(needle, {"exhaustive": every.params[None], "divided": coarse.params[None]})
    }


def _bowl(point: Array) -> Array:
    return (point[0] - 37.0) ** 2 + (point[1] - 61.0) ** 2
