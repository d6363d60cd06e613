"""The diagonal of the empirical Fisher matrix: the mean over examples of their squared gradients.

F = (1 / n) Σ gᵢ gᵢᵀ,  gᵢ the gradient of example i's loss at its own target

It is the Hessian's (Gauss–Newton) diagonal on average where the loss is a negative log likelihood, the model fits, and targets
are drawn from it; elsewhere it isn't: Kunstner, Balles & Hennig 2019, arXiv:1905.12558. The definition is that of Amari 1998, Neural
Computation 10(2), with the data's targets in place of the model's.
"""

import jax.numpy as jnp

from jgd.core import checks, tree
from jgd.core.loss_protocol import OnBatch
from jgd.core.types import Batch, Loss, Params
from jgd.gradients.hessian_products import as_parameters


def fisher_diagonal(loss: Loss, params: Params, batch: Batch) -> Params:
    """The diagonal of the empirical Fisher matrix, (1 / n) Σ gᵢ². Pure: jit and vmap it.

    All examples' gradients are in memory at once.

    Args:
        loss: A function (params, batch) -> one real floating number, a mean over examples, so that a batch of one row has
            that row's loss.
        params: Tree of floating arrays.
        batch: Tree of arrays whose first axis is the examples'.

    Returns:
        A tree like params, in float32 or wider.

    Raises:
        JgdTypeError: As in `hvp`, and for a batch that is none.
        JgdValueError: For arrays of different lengths.

    Example:
        >>> rows = jnp.array([1.0, 3.0])
        >>> float(fisher_diagonal(lambda w, rows: jnp.mean((w - rows) ** 2) / 2, jnp.zeros(()), rows))  # (1 + 9) / 2
        5.0
    """
    checks.rows("batch", batch)
    params = as_parameters(loss, params, batch)
    each = tree.widen(OnBatch(loss, batch).example_gradients(params), tree.compute_dtype(params))
    return tree.map(lambda g: jnp.mean(jnp.square(g), axis=0), each)
