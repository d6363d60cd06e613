"""All rows, some rows, one row: what batches cost, what their noise is, and in which order rows may come."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd import optimizers, plots, teaching
from jgd.data import Batches, orders
from jgd.lectures import hours, noisy
from jgd.lectures.demonstration import Part, Pictures, Table

SIZES = (256, 16, 1)
EPOCHS = 10


def batches() -> tuple[list[Part], Pictures]:
    """Updates and losses by batch size, the variance of a batch's gradient, and orders of rows."""
    runs = {size: noisy.run(optimizers.sgd(0.05), batch_size=size, epochs=EPOCHS) for size in SIZES}
    names = {256: "all 256", 16: "16", 1: "1"}
    by_size = Table(
        {
            "rows a step": list(names.values()),
            "updates": [len(run.history["loss"]) for run in runs.values()],
            "its loss falls at every step": [
                "yes" if (np.diff(run.history["loss"]) < 0).all() else "no" for run in runs.values()
            ],
            "above least squares": [noisy.above_best(run.params) for run in runs.values()],
        },
        {"above least squares": ".1e"},
        f"{EPOCHS} epochs over 256 noisy rows, η = 0.05",
    )
    full = _gradients(np.arange(noisy.ROWS)[None])[0]
    of_an_epoch = _gradients(np.stack(Batches(noisy.ROWS, 16).epoch(jax.random.key(0), 0)))
    noise = {size: _variance(size, full) for size in (1, 4, 16)}
    spread = Table(
        {"M": list(noise), "variance": list(noise.values()), "M · variance": [m * v for m, v in noise.items()]}
    )
    at_best = _gradients(np.arange(noisy.ROWS)[:, None], noisy.best())
    whole, one = (
        hours.run(optimizers.sgd(0.01), 3),
        hours.run(optimizers.sgd(0.01), 3, batch_size=3, order="sequential"),
    )
    short = hours.run(optimizers.sgd(0.01), 2, batch_size=2, order="sequential").observations[-1]
    residual = np.abs(np.asarray(noisy.LOSS.per_example(noisy.start(), _rows())))
    walks = {
        "shuffled afresh": "shuffled",
        "sequential": "sequential",
        "drawn with replacement": "replacement",
        "easy to hard": orders.curriculum(residual, 16),
        "the hardest more often": orders.HardMining(update_every=16),
    }
    ends = [
        noisy.above_best(noisy.run(optimizers.sgd(0.05), batch_size=16, epochs=2, order=order).params)
        for order in walks.values()
    ]
    parts: list[Part] = [
        by_size,
        "A batch's gradient is right on average: the mean over the batches of an epoch differs from the full gradient by "
        f"{np.abs(of_an_epoch.mean(axis=0) - full).max():.0e}.\nIts variance falls like 1/M:",
        spread,
        f"At the minimum the rows' gradients balance: their mean has the norm {np.linalg.norm(at_best.mean(axis=0)):.0e}, a single "
        f"one {np.linalg.norm(at_best, axis=1).mean():.2f} on average.\nSo single rows hover.",
        "On the hours a batch of all 3 rows is plain descent: the largest difference is "
        f"{np.abs(whole.observations - one.observations).max():.0e}. With batches of 2 in sequence (the last\nbatch is short, and "
        f"its mean is over the row it has) w = {short:.3f} after an epoch.",
        Table({"order of rows, 2 epochs": list(walks), "above least squares": ends}, {"above least squares": ".2e"}),
    ]
    return parts, {"contours": lambda: plots.plot_batch_sizes(_two_weights())}


def _rows() -> tuple[Array, Array]:
    inputs, targets = noisy.data().rows
    return jnp.asarray(inputs), jnp.asarray(targets)


def _gradients(chosen: np.ndarray, params: dict | None = None) -> np.ndarray:
    """(batches, 4): the gradient on each batch of row numbers, (batches, size)."""
    rows, point = _rows(), noisy.start() if params is None else params

    def one(numbers: Array) -> Array:
        grads = jax.grad(noisy.LOSS)(point, jax.tree.map(lambda column: column[numbers], rows))
        return jnp.append(grads["weights"], grads["bias"])

    return np.asarray(jax.jit(jax.vmap(one))(jnp.asarray(chosen)))


def _variance(size: int, full: np.ndarray) -> float:
    drawn = np.random.default_rng(0).integers(0, noisy.ROWS, (4096, size))
    return float(np.square(_gradients(drawn) - full).sum(axis=1).mean())


def _two_weights() -> teaching.BatchDescents:
    """Two of the three features without bias: what a picture can show."""
    inputs, targets = _rows()
    plain = lambda w, rows: jnp.mean(jnp.square(rows[0] @ w - rows[1]))
    return teaching.batch_descents(plain, jnp.zeros(2), (inputs[:, :2], targets), optimizers.sgd(0.05))
