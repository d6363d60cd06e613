"""Effective rates: enters an optimizer, leaves how far each parameter goes for each unit of its gradient."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core import checks
from jgd.core.optimizer import Optimizer
from jgd.core.types import Batch, Loss, Params
from jgd.core.updates import apply_updates
from jgd.descent import start

MOST = 64  # parameters of which every rate is kept


@dataclass(frozen=True)
class EffectiveRates:
    """|update| / |gradient| of single parameters.

    Attributes:
        names: (parameters,), such as `"['weights'][2]"`.
        rates: (steps, parameters); NaN where the gradient is 0.
    """

    names: tuple[str, ...]
    rates: np.ndarray


def effective_rates(
    optimizer: Optimizer, loss: Loss, params: Params, batches: Batch, steps: int | None = None
) -> EffectiveRates:
    """The learning rate that each parameter really had, step by step: |uᵢ| / |gᵢ|.

    Plain descent has one rate for all. AdaGrad's and Adam's are larger where gradients are small or rare.

    Args:
        optimizer: The method.
        loss: A function (params, batch) -> one real floating number.
        params: A tree of at most 64 numbers.
        batches: A tree of arrays (steps, …), a batch a step; with `steps` one batch, for all of them.
        steps: How many on one batch; default as many as there are batches.

    Returns:
        The rates.

    Raises:
        JgdValueError: For more parameters.

    Example:
        >>> import jgd
        >>> found = effective_rates(jgd.optimizers.adagrad(0.5), lambda w, b: jnp.sum(w * b), jnp.zeros(2), jnp.array([1.0, 2]), 4)
        >>> found.rates.round(3).tolist()  # η / √Σg²
        [[0.5, 0.25], [0.354, 0.177], [0.289, 0.144], [0.25, 0.125]]
    """
    checks.instance("optimizer", optimizer, Optimizer, "jgd.optimizers.sgd(0.1) is")
    checks.parameters(params)
    leaves = jax.tree_util.tree_flatten_with_path(params)[0]
    names = [_name(path, place) for path, leaf in leaves for place in np.ndindex(np.shape(leaf))]
    if len(names) > MOST:
        raise checks.JgdValueError(f"params must hold at most {MOST} numbers, got {len(names)}", argument="params")
    length = None if steps is None else checks.count("steps", steps, 1)

    def move(state: Any, batch: Any) -> tuple[Any, tuple[Array, Array]]:
        params, opt_state = state
        value, grads = jax.value_and_grad(loss)(params, batch if length is None else batches)
        updates, opt_state = optimizer.update(grads, opt_state, params, value=value)
        return (apply_updates(params, updates), opt_state), (_flat(updates), _flat(grads))

    begin = params, start(optimizer, params).opt_state
    run = jax.jit(lambda: jax.lax.scan(move, begin, batches if length is None else None, length=length)[1])
    updates, grads = (np.abs(np.asarray(each, np.float64)) for each in run())
    rates = np.divide(updates, grads, out=np.full(grads.shape, np.nan), where=grads > 0)
    return EffectiveRates(tuple(names), rates)


def _name(path: Any, place: tuple[int, ...]) -> str:
    own = checks.path_of(path) if path else "parameter"
    return f"{own}{list(place) if place else ''}"


def _flat(params: Params) -> Array:
    return jnp.concatenate([jnp.ravel(leaf) for leaf in jax.tree.leaves(params)])
