"""Products with the Hessian H = ∇²L, and the matrix itself where it is small.

A product H·v costs one to two and a half gradients whatever the number of parameters d (forward-mode differentiation of
`jax.grad`, Pearlmutter 1994); the matrix H costs d of them and d² numbers. All work is done in float32, or float64
where a parameter is; the loss sees its own dtypes.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core import checks
from jgd.core.loss_protocol import OnBatch
from jgd.core.types import Batch, Loss, Params
from jgd.gradients.arguments import check_loss_and_data
from jgd.gradients.program_cache import cached, jaxpr_digest

MEMORY = 2**30  # bytes of a Hessian before it is refused


def hvp(loss: Loss, params: Params, batch: Batch, vector: Params) -> Params:
    """The Hessian-vector product H·v of `loss(·, batch)` at `params`. Pure: jit and vmap it.

    It costs one to two and a half gradients, and no matrix is made. It works through gradients attached by
    `with_custom_gradient`, which are then what is differentiated.

    Source: Pearlmutter 1994, Neural Computation 6(1).

    Args:
        loss: A function (params, batch) -> one real floating number.
        params: Tree of floating arrays.
        batch: Tree of arrays, or None.
        vector: Tree with the leaves and shapes of params.

    Returns:
        A tree like params.

    Raises:
        JgdTypeError: The loss is no function of (params, batch) or returns something else; a leaf is not floating.
        JgdValueError: `vector` has other leaves or shapes.

    Example:
        >>> cubes = lambda w, batch: jnp.sum(w**3)
        >>> hvp(cubes, jnp.array([1.0, 2.0]), None, jnp.array([1.0, 10.0])).tolist()
        [6.0, 120.0]
    """
    params = as_parameters(loss, params, batch)
    checks.same_structure(vector, params, "vector")
    vector = jax.tree.map(lambda v, p: jnp.asarray(v).astype(p.dtype), vector, params)
    return jax.jvp(jax.grad(OnBatch(loss, batch)), (params,), (vector,))[1]


def hessian(loss: Loss, params: Params, batch: Batch, *, memory_limit: int = MEMORY) -> Array:
    """The Hessian as a matrix (d, d). It costs d Hessian-vector products.

    Args:
        loss: A function (params, batch) -> one real floating number.
        params: Tree of floating arrays; rows and columns follow `jax.tree.leaves(params)`, each raveled.
        batch: Tree of arrays, or None.
        memory_limit: Bytes that the d² numbers may take, 1 GiB. Computing them needs d copies of the loss's
            intermediates besides.

    Returns:
        (d, d), float32, or float64 where a parameter is.

    Raises:
        JgdTypeError: As in `hvp`.
        JgdValueError: The matrix exceeds `memory_limit`; nothing is computed then.

    Example:
        >>> hessian(lambda w, batch: w[0] ** 2 + 3 * w[0] * w[1], jnp.zeros(2), None).tolist()
        [[2.0, 3.0], [3.0, 0.0]]
    """
    x = loss_on_vector(loss, params, batch)[1]
    needed = x.size**2 * x.dtype.itemsize
    if needed > checks.count("memory_limit", memory_limit, 1):
        raise checks.JgdValueError(
            f"the Hessian of {x.size:,} parameters takes {_bytes(needed)}, above memory_limit={_bytes(memory_limit)}; "
            "jgd.gradients.hvp multiplies with it at the cost of two gradients, jgd.gradients.sharpness finds its "
            "largest eigenvalue"
        )
    return compiled_once(_matrix, loss, params, batch)


def loss_on_vector(loss: Loss, params: Params, batch: Batch) -> tuple[Callable[[Array], Array], Array]:
    """-> (value, x): the loss as a function of one vector (d,) in float32 or wider, and the vector of `params`."""
    params = as_parameters(loss, params, batch)
    leaves, structure = jax.tree.flatten(params)
    dtype = jnp.float64 if any(leaf.dtype == jnp.float64 for leaf in leaves) else jnp.float32
    cuts = np.cumsum([0, *(leaf.size for leaf in leaves)])

    def value(x: Array) -> Array:
        parts = [
            x[start:stop].reshape(leaf.shape).astype(leaf.dtype)
            for leaf, start, stop in zip(leaves, cuts, cuts[1:], strict=False)
        ]
        return OnBatch(loss, batch)(jax.tree.unflatten(structure, parts)).astype(dtype)

    return value, jnp.concatenate([jnp.zeros(0, dtype), *(leaf.ravel().astype(dtype) for leaf in leaves)])


def _matrix(loss: Loss, params: Params, batch: Batch) -> Array:
    value, x = loss_on_vector(loss, params, batch)
    return jax.jacfwd(jax.grad(value))(x)


def as_parameters(loss: Loss, params: Params, batch: Batch) -> Params:
    """The parameters as arrays; refused by name with the rest, where something is no number or no function."""
    check_loss_and_data(loss, params, batch)
    params = jax.tree.map(jnp.asarray, params)
    checks.parameters(params)
    return params


def compiled_once(function: Callable[..., Any], loss: Loss, *given: Any) -> Any:
    """function(loss, *given), compiled once for all losses that trace to the same program (program_cache.py)."""
    if jax.tree_util.all_leaves([loss]):  # a record's numbers are arguments
        program = lambda *rest: function(loss, *rest)
    else:
        program, given = function, (loss, *given)
    fresh = jax.jit(program)
    digest = jaxpr_digest(fresh.trace(*given).jaxpr)
    return cached(("curvature", jax.tree.structure(given)), digest, fresh)(*given)


def _bytes(count: int) -> str:
    size, unit = float(count), "B"
    for following in ("KiB", "MiB", "GiB", "TiB"):
        if size < 1024:
            break
        size, unit = size / 1024, following
    return f"{size:.3g} {unit}"
