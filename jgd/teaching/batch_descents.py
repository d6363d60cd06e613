"""All rows, some rows, one row: enters a loss of two parameters, leaves the ways down at several batch sizes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.flatten_util import ravel_pytree

from jgd.core import checks
from jgd.core.optimizer import Optimizer
from jgd.core.types import Batch, Loss, Params
from jgd.descent import TrainState, start, step
from jgd.landscapes import Landscape
from jgd.teaching.descents import box_around, landscape_of


@dataclass(frozen=True)
class BatchDescents:
    """Descents on batches of several sizes, of one loss over all rows.

    Attributes:
        landscape: The loss over all rows.
        sizes: {name: rows in a batch}.
        paths: {name: (steps + 1, 2)}, the start first; a smaller batch makes more steps of the same rows.
        losses: {name: (steps + 1,)} over all rows.
        rows_seen: {name: (steps + 1,)} up to that point.
    """

    landscape: Landscape
    sizes: dict[str, int]
    paths: dict[str, np.ndarray]
    losses: dict[str, np.ndarray]
    rows_seen: dict[str, np.ndarray]


def batch_descents(
    loss: Loss,
    params: Params,
    rows: Batch,
    optimizer: Optimizer,
    sizes: Sequence[int] | None = None,
    *,
    epochs: int = 5,
    seed: int = 0,
) -> BatchDescents:
    """Gradient descent, mini-batches and single rows from one start, each through all rows `epochs` times, shuffled.

    Args:
        loss: A function (params, rows) -> the mean loss of the rows.
        params: A tree that holds two numbers: the start.
        rows: All rows, a tree of arrays (rows, …).
        optimizer: The method, the same for all.
        sizes: Of the batches; default all rows, about a sixteenth of them, and 1. They divide the rows: no batch is
            short.
        epochs: How often each sees every row.
        seed: Of the order of the rows.

    Returns:
        The paths, and losses over all rows against steps and rows seen.

    Raises:
        JgdValueError: For other numbers of parameters, and sizes that the rows don't have.

    Example:
        >>> import jax.numpy as jnp, jgd
        >>> rows = (jnp.array([[1.0, 0.0], [0.0, 1.0]]), jnp.array([1.0, 1.0]))
        >>> mean = lambda w, rows: jnp.mean((rows[0] @ w - rows[1]) ** 2)
        >>> found = batch_descents(mean, jnp.zeros(2), rows, jgd.optimizers.sgd(0.1), [2, 1], epochs=3)
        >>> {name: seen.tolist() for name, seen in found.rows_seen.items()}
        {'all 2 rows': [0, 2, 4, 6], '1 row': [0, 1, 2, 3, 4, 5, 6]}
    """
    n = checks.rows("rows", rows)
    chosen = (
        [n, _divisor_near(n, n / 16), 1] if sizes is None else [checks.count("sizes", size, 1, n) for size in sizes]
    )
    if any(n % size for size in chosen):
        whole = [size for size in range(1, n + 1) if n % size == 0]
        raise checks.JgdValueError(f"sizes must divide the {n} rows, as {whole} do, got {chosen}", argument="sizes")
    named = {f"all {n} rows" if size == n else f"{size} row{'s' * (size > 1)}": size for size in chosen}
    begin, tree_of = ravel_pytree(params)
    if begin.size != 2:
        raise checks.JgdValueError(f"params must hold two numbers, got {begin.size}", argument="params")
    draw = np.random.default_rng(checks.count("seed", seed))
    order = np.concatenate([draw.permutation(n) for _ in range(checks.count("epochs", epochs, 1))])
    flat_loss = lambda point, batch: loss(tree_of(point), batch)
    paths = {}
    for name, size in named.items():
        batches = jax.tree.map(lambda leaf, size=size: jnp.asarray(leaf)[order.reshape(-1, size)], rows)
        paths[name] = np.asarray(_path(flat_loss, optimizer, begin, batches), np.float64)
    seen = {name: size * np.arange(len(paths[name])) for name, size in named.items()}
    ground = landscape_of(loss, params, rows)
    low, high = box_around(np.concatenate([*paths.values(), *map(np.atleast_2d, ground.minima)]))
    ground = replace(ground, low=tuple(map(float, low)), high=tuple(map(float, high)))
    height = jax.jit(jax.vmap(lambda point: flat_loss(point, rows)))
    losses = {name: np.asarray(height(jnp.asarray(path, begin.dtype)), np.float64) for name, path in paths.items()}
    return BatchDescents(ground, named, paths, losses, seen)


@partial(jax.jit, static_argnums=0)
def _path(loss: Loss, optimizer: Optimizer, begin: Array, batches: Batch) -> Array:
    """(steps + 1, 2), the start first."""

    def move(state: TrainState, batch: Batch) -> tuple[TrainState, Array]:
        state = step(loss, optimizer, state, batch)[0]
        return state, state.params

    return jnp.concatenate([begin[None], jax.lax.scan(move, start(optimizer, begin), batches)[1]])


def _divisor_near(n: int, want: float) -> int:
    """The divisor of n that is nearest to `want`, by ratio."""
    return min((size for size in range(1, n + 1) if n % size == 0), key=lambda size: abs(np.log(size / max(want, 1.0))))
