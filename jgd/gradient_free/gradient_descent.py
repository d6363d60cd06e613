"""Gradient descent on a loss without data, counted as a search is, for the table that compares them."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core import checks
from jgd.core.optimizer import Optimizer
from jgd.core.types import Params
from jgd.descent import start, step
from jgd.gradient_free.result import SearchResult
from jgd.gradient_free.search_space import of_params
from jgd.landscapes import Landscape


def gradient_descent(
    loss: Callable[..., Array],
    optimizer: Optimizer,
    params: Params | None = None,
    steps: int = 100,
    *,
    data: Any = None,
) -> SearchResult:
    """The best point that descent meets; a step is one evaluation and one gradient.

    Args:
        loss: params -> () float; a landscape; or with data a loss(params, data) of `jgd.losses`.
        optimizer: The method of descent.
        params: Where it starts. Default: where the landscape does.
        steps: Updates to make.
        data: What the loss takes beside the parameters. Default: None, nothing.

    Example:
        >>> import jgd
        >>> found = gradient_descent(lambda w: (w - 2.0) ** 2, jgd.optimizers.sgd(0.5), 0.0, steps=3)
        >>> float(found.params), found.evaluations, found.gradients
        (2.0, 3, 3)
    """
    steps, alone = checks.count("steps", steps, 1), of_params(loss, data)
    if params is None and isinstance(loss, Landscape):
        params = loss.start
    if params is None:
        raise checks.JgdTypeError("params must be given, only a landscape has a start", argument="params")
    checks.instance("optimizer", optimizer, Optimizer, "jgd.optimizers.sgd(0.1)")
    params = jax.tree.map(lambda x: jnp.asarray(x, jnp.result_type(float)) if isinstance(x, float) else x, params)
    path, losses = _visited(alone, optimizer, params, steps)
    losses = np.nan_to_num(np.asarray(losses, np.float64), nan=np.inf)
    best = np.minimum.accumulate(losses)
    better = np.flatnonzero(best < np.concatenate([[np.inf], best[:-1]]))
    at = int(better[-1]) if len(better) else 0
    history = {"evaluations": better + 1, "value": best[better]}
    point: Any = jax.tree.map(lambda leaf: leaf[at], path)
    return SearchResult("gradient descent", point, float(best[-1]), steps, history, gradients=steps)


def _visited(loss: Callable[[Params], Array], optimizer: Optimizer, params: Params, steps: int) -> tuple[Params, Array]:
    """The points at which the loss was evaluated, and its values there, (steps, …)."""

    @jax.jit
    def all_of(optimizer: Optimizer, params: Params) -> tuple[Params, Array]:
        def one(train_state, _):
            after, metrics = step(lambda at, _: loss(at), optimizer, train_state, None)
            return after, (train_state.params, metrics.loss)

        return jax.lax.scan(one, start(optimizer, params), length=steps)[1]

    return all_of(optimizer, params)
