"""The Hessian's trace and diagonal without the matrix, from products with random signs.

z = ±1, each entry at even odds
E[zᵀ H z] = tr H            E[z ⊙ H z] = diag H

Source: Hutchinson 1990, Communications in Statistics 19(2); Bekas, Kokiopoulou & Saad 2007, Applied Numerical Mathematics 57, for the
diagonal. Where H is diagonal one sample is exact: the error comes from the entries off the diagonal, and falls as 1 / √samples.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks, seeds, tree
from jgd.core.loss_protocol import OnBatch
from jgd.core.types import Batch, Loss, Params
from jgd.gradients.hessian_products import as_parameters
from jgd.transforms.noise import Noise


@dataclass(frozen=True)
class Trace:
    """The trace of the Hessian, as estimated.

    Attributes:
        value: The mean of zᵀ H z over the samples.
        standard_error: Of that mean; NaN for one sample.
        samples: How many there were.
    """

    value: float
    standard_error: float
    samples: int


def hessian_trace(loss: Loss, params: Params, batch: Batch, *, samples: int = 32, seed: int = 0) -> Trace:
    """The trace of the Hessian of `loss(·, batch)`, the sum of its eigenvalues, estimated.

    It costs `samples` Hessian-vector products, one after another.

    Args:
        loss: A function (params, batch) -> one real floating number.
        params: Tree of floating arrays.
        batch: Tree of arrays, or None.
        samples: ≥ 1. Default: 32.
        seed: Of the signs. Default: 0.

    Returns:
        The estimate with its standard error.

    Raises:
        JgdTypeError: As in `hvp`.
        JgdValueError: For fewer samples than 1.

    Example:
        >>> hessian_trace(lambda w, batch: w[0] ** 2 + 3 * w[1] ** 2, jnp.zeros(2), None, samples=4)
        Trace(value=8.0, standard_error=0.0, samples=4)
    """
    numbers = _numbers(samples)
    along = lambda at, sample: sum(map(jnp.sum, tree.leaves(_product(loss, at, batch, seed, sample))))  # zᵀ H z
    each = jax.jit(lambda at: jax.lax.map(lambda sample: along(at, sample), numbers))
    found = each(as_parameters(loss, params, batch))
    error = float(jnp.std(found, ddof=1)) / samples**0.5 if samples > 1 else float("nan")
    return Trace(float(jnp.mean(found)), error, samples)


def hessian_diagonal(loss: Loss, params: Params, batch: Batch, *, samples: int = 32, seed: int = 0) -> Params:
    """The diagonal of the Hessian of `loss(·, batch)`, the mean of z ⊙ H z. Pure: jit and vmap it.

    It costs `samples` Hessian-vector products, one after another.

    Args:
        loss: A function (params, batch) -> one real floating number.
        params: Tree of floating arrays.
        batch: Tree of arrays, or None.
        samples: ≥ 1. Default: 32.
        seed: Of the signs. Default: 0.

    Returns:
        A tree like params, in float32 or wider.

    Raises:
        JgdTypeError: As in `hvp`.
        JgdValueError: For fewer samples than 1.

    Example:
        >>> hessian_diagonal(lambda w, batch: w[0] ** 2 + 3 * w[1] ** 2, jnp.zeros(2), None, samples=1).tolist()
        [2.0, 6.0]
    """
    params, numbers = as_parameters(loss, params, batch), _numbers(samples)
    add = lambda total, sample: (tree.add(total, _product(loss, params, batch, seed, sample)), None)
    total, _ = jax.lax.scan(add, tree.zeros_like(params), numbers)  # the memory of one sample
    return tree.map(lambda each: each / samples, total)


def _numbers(samples: int) -> Array:
    return jnp.arange(checks.count("samples", samples, 1), dtype=jnp.int32)


def _product(loss: Loss, params: Params, batch: Batch, seed: int, sample: Array) -> Params:
    """z ⊙ H z of one sample."""
    seeds.check(seed)
    gradient, wide = jax.grad(OnBatch(loss, batch)), tree.compute_dtype(params)
    signs = tree.cast_like(Noise.of(seed).like(sample, params, jax.random.rademacher), params)
    bent = jax.jvp(gradient, (params,), (signs,))[1]
    return tree.map(lambda z, h: z.astype(wide) * h.astype(wide), signs, bent)
