"""Dropout: entries left out by chance while a model is trained."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core import checks
from jgd.models.initializers import check


def dropout(values: Array, rate: float | Array, key: Array | None) -> Array:
    """values / (1 − rate) where a draw of that chance keeps them, else 0; the values themselves without a key.

    Srivastava et al. 2014, JMLR 15. The mean over draws is the values, so that evaluation needs no factor.

    Args:
        values: Of any shape, floating.
        rate: In [0, 1), the chance that an entry is left out.
        key: None leaves them as they are, as in evaluation.

    Returns:
        The same shape and dtype.

    Example:
        >>> sorted(set(dropout(jnp.ones(99), 0.5, jax.random.key(1)).tolist()))
        [0.0, 2.0]
        >>> dropout(jnp.ones(2), 0.5, None).tolist()
        [1.0, 1.0]
    """
    checks.hyperparameter("rate", rate, "[0, 1)", schedule=False)
    checks.not_deleted("values", values)
    if not isinstance(values, Array | np.ndarray) or not jnp.issubdtype(values.dtype, jnp.floating):
        raise checks.JgdTypeError(f"values must be a floating array, got {checks.shown(values)}", argument="values")
    if key is None:
        return values
    check(key, values.dtype)
    keep = 1 - jnp.asarray(rate, values.dtype)
    return jnp.where(jax.random.bernoulli(key, keep, values.shape), values / keep, 0)
