"""Curvature: products with the Hessian H = ∇²L, its largest eigenvalue, and the largest learning rate it allows.

A product H·v costs one to two and a half gradients whatever the number of parameters d (forward-mode differentiation of
`jax.grad`, Pearlmutter 1994); the matrix H costs d of them and d² numbers. So everything here but `hessian` is made
of products. All work is done in float32, or float64 where a parameter is; the loss sees its own dtypes.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core import checks
from jgd.core.functions import OnBatch
from jgd.core.types import Batch, Loss, Params
from jgd.gradients.arguments import check_loss_and_data
from jgd.gradients.program_cache import cached, jaxpr_digest

MEMORY = 2**30  # bytes of a Hessian before it is refused


def hvp(loss: Loss, params: Params, batch: Batch, vector: Params) -> Params:
    """The Hessian of `loss(·, batch)` at `params` times `vector`: a tree like params. Pure: jit and vmap it.

    vector: a tree with the shapes of params. It costs one to two and a half gradients, and no matrix is made.
    Works through gradients attached by `with_custom_gradient` (then those are what is differentiated).

    >>> cubes = lambda w, batch: jnp.sum(w**3)
    >>> hvp(cubes, jnp.array([1.0, 2.0]), None, jnp.array([1.0, 10.0])).tolist()
    [6.0, 120.0]
    """
    params = _parameters(loss, params, batch)
    checks.same_structure(vector, params, "vector")
    vector = jax.tree.map(lambda v, p: jnp.asarray(v).astype(p.dtype), vector, params)
    return jax.jvp(jax.grad(OnBatch(loss, batch)), (params,), (vector,))[1]


def hessian(loss: Loss, params: Params, batch: Batch, *, memory_limit: int = MEMORY) -> Array:
    """The Hessian as a matrix (d, d), its rows and columns in the order of `jax.tree.leaves(params)`, each raveled.

    It costs d times a product. Raises `JgdValueError` where d² numbers exceed `memory_limit` bytes (1 GiB), before
    anything is computed; computing it needs d copies of the loss's intermediates besides.

    >>> hessian(lambda w, batch: w[0] ** 2 + 3 * w[0] * w[1], jnp.zeros(2), None).tolist()
    [[2.0, 3.0], [3.0, 0.0]]
    """
    x = on_vector(loss, params, batch)[1]
    needed = x.size**2 * x.dtype.itemsize
    if needed > checks.count("memory_limit", memory_limit, 1):
        raise checks.JgdValueError(
            f"the Hessian of {x.size:,} parameters takes {_bytes(needed)}, above memory_limit={_bytes(memory_limit)}; "
            "jgd.gradients.hvp multiplies with it at the cost of two gradients, jgd.gradients.sharpness finds its "
            "largest eigenvalue"
        )
    return _compiled_once(_matrix, loss, params, batch)


@dataclass(frozen=True)
class Sharpness:
    """The largest eigenvalue of the Hessian, as found.

    value: θ, the Rayleigh quotient of `vector` (a tree like params, of length 1). residual: ‖H·v − θ v‖; an eigenvalue
    lies within it of θ, and θ is never above the largest. iterations: Lanczos steps made before the space was
    exhausted. converged: the residual is at most `tolerance`·|θ|.
    """

    value: float
    vector: Params
    residual: float
    iterations: int
    converged: bool


def sharpness(
    loss: Loss, params: Params, batch: Batch, *, iterations: int = 64, seed: int = 0, tolerance: float = 1e-3
) -> Sharpness:
    """The largest (most positive) eigenvalue of the Hessian by Lanczos, fully reorthogonalised: -> `Sharpness`.

    iterations: at most this many products with the Hessian, and vectors kept (min(iterations, d) · d numbers). seed:
    of the random start. One compiled program, found again for the same loss and shapes. Lanczos 1950; Golub & Van
    Loan, section 10.3. A loss that is not finite gives NaN, not an error.

    >>> bowl = lambda w, batch: jnp.sum(jnp.array([1.0, 5.0, 0.5]) * w**2)
    >>> found = sharpness(bowl, jnp.ones(3), None)
    >>> round(found.value, 4), found.converged, found.iterations
    (10.0, True, 3)
    """
    iterations = checks.count("iterations", iterations, 1)
    tolerance = checks.number("tolerance", tolerance, "> 0")
    params = _parameters(loss, params, batch)
    d = sum(leaf.size for leaf in jax.tree.leaves(params))
    if d == 0:
        raise checks.JgdValueError("params has no entries, so its loss has no curvature")
    key = jax.random.key(checks.count("seed", seed, 0, 2**32 - 1))
    value, vector, residual, made = _compiled_once(partial(_lanczos, min(iterations, d)), loss, params, batch, key)
    value, residual = float(value), float(residual)
    return Sharpness(value, vector, residual, int(made), residual <= tolerance * abs(value))


def max_stable_learning_rate(
    loss: Loss, params: Params, batch: Batch, momentum: float = 0.0, *, iterations: int = 64, seed: int = 0
) -> float:
    """The learning rate above which descent grows along the sharpest direction: 2 (1 + β)/λ.

    λ is the sharpness at `params`; with β = 0 it is gradient descent's 2/λ, else the heavy ball's, v ← β v + g (Polyak
    1964: the roots of z² − (1 + β − α λ) z + β leave the unit circle there). Exact for a quadratic loss, and a local
    guide for others: training often drives the sharpness up to it (Cohen et al. 2021, arXiv:2103.00065). λ is taken
    with its residual added, so an unfinished Lanczos errs to the safe side. Infinite where no direction curves up.

    >>> parabola = lambda w, batch: 7 * jnp.sum(w**2)
    >>> round(max_stable_learning_rate(parabola, jnp.ones(1), None), 6)  # 2/14
    0.142857
    """
    momentum = checks.number("momentum", momentum, "[0, 1)")
    found = sharpness(loss, params, batch, iterations=iterations, seed=seed)
    if math.isnan(found.value):
        return math.nan
    return 2 * (1 + momentum) / (found.value + found.residual) if found.value > 0 else math.inf


def condition_number(inputs: Any, bias: bool = True) -> float:
    """λ_max/λ_min of a linear model's Hessian XᵀX under squared error: how elongated its contours are.

    inputs: (n, features), raw or scaled; `bias` adds the column of ones. Any factor of the loss cancels. Taken as
    (s_max/s_min)² of the singular values of X, in float64, so that it is right far above 1/eps of XᵀX; infinite where
    columns depend on each other. Descent needs about this many steps for each digit.

    >>> condition_number(np.array([[1.0, 0.0], [0.0, 10.0]]), bias=False)
    100.0
    """
    inputs = np.asarray(inputs, dtype=np.float64)
    if inputs.ndim != 2:
        raise checks.JgdValueError(f"inputs must have shape (n, features), got {inputs.shape}")
    checks.rows("inputs", inputs)
    checks.finite_data("inputs", inputs)
    columns = np.concatenate([inputs, np.ones((len(inputs), 1))], axis=1) if bias else inputs
    values = np.linalg.svd(columns, compute_uv=False)
    rank_deficient = len(values) < columns.shape[1] or values[-1] <= values[0] * max(columns.shape) * 2.0**-52
    return math.inf if rank_deficient else float((values[0] / values[-1]) ** 2)


def on_vector(loss: Loss, params: Params, batch: Batch) -> tuple[Callable[[Array], Array], Array]:
    """-> (value, x): the loss as a function of one vector (d,) in float32 or wider, and the vector of `params`."""
    params = _parameters(loss, params, batch)
    leaves, structure = jax.tree.flatten(params)
    wide = jnp.float64 if any(leaf.dtype == jnp.float64 for leaf in leaves) else jnp.float32
    cuts = np.cumsum([0, *(leaf.size for leaf in leaves)])

    def value(x: Array) -> Array:
        parts = [
            x[start:stop].reshape(leaf.shape).astype(leaf.dtype)
            for leaf, start, stop in zip(leaves, cuts, cuts[1:], strict=False)
        ]
        return OnBatch(loss, batch)(jax.tree.unflatten(structure, parts)).astype(wide)

    return value, jnp.concatenate([jnp.zeros(0, wide), *(leaf.ravel().astype(wide) for leaf in leaves)])


def _matrix(loss: Loss, params: Params, batch: Batch) -> Array:
    value, x = on_vector(loss, params, batch)
    return jax.jacfwd(jax.grad(value))(x)


def _lanczos(
    iterations: int, loss: Loss, params: Params, batch: Batch, key: Array
) -> tuple[Array, Params, Array, Array]:
    value, x = on_vector(loss, params, batch)
    multiply = lambda v: jax.jvp(jax.grad(value), (x,), (v,))[1]
    unit = lambda v: v / _length(v)
    enough = 32 * math.sqrt(x.size) * float(jnp.finfo(x.dtype).eps)

    def body(j, carry):
        basis, diagonal, beside, scale, v = carry
        basis = basis.at[j].set(v)
        w = multiply(v)
        alpha = v @ w
        for _ in range(2):  # once leaves rounding of the size of what was subtracted; twice is enough (Kahan)
            w = w - basis.T @ (basis @ w)
        beta = _length(w)
        scale = jnp.maximum(scale, jnp.maximum(jnp.abs(alpha), beta))
        goes_on = ~(beta <= enough * scale)  # else the space is exhausted, and what remains is rounding
        beta = jnp.where(goes_on, beta, jnp.zeros_like(beta))
        v = jnp.where(goes_on, w / jnp.where(goes_on, beta, jnp.ones_like(beta)), jnp.zeros_like(w))
        return basis, diagonal.at[j].set(alpha), beside.at[j].set(beta), scale, v

    none = jnp.zeros(iterations, x.dtype)
    first = unit(jax.random.normal(key, x.shape, x.dtype))
    start = (jnp.zeros((iterations, x.size), x.dtype), none, none, jnp.zeros((), x.dtype), first)
    basis, diagonal, beside, scale, _ = jax.lax.fori_loop(0, iterations, body, start)
    alive = jnp.concatenate([jnp.ones(1, bool), beside[:-1] != 0])
    alive = jnp.cumprod(alive.astype(jnp.int32)).astype(bool)
    scale = jnp.where(scale > 0, scale, jnp.ones_like(scale))  # of the whole: no square may overflow in eigh
    low = jnp.full_like(
        diagonal, -4
    )  # below every eigenvalue of what is alive, so that a dead row is never the largest
    beside = beside[:-1] / scale
    inner = jnp.diag(jnp.where(alive, diagonal / scale, low)) + jnp.diag(beside, 1) + jnp.diag(beside, -1)
    top = unit(basis.T @ jnp.linalg.eigh(inner)[1][:, -1])
    product = multiply(top)
    theta = top @ product
    leaves, structure = jax.tree.flatten(params)
    cuts = np.cumsum([leaf.size for leaf in leaves])[:-1].tolist()
    parts = [part.reshape(leaf.shape) for part, leaf in zip(jnp.split(top, cuts), leaves, strict=True)]
    return theta, jax.tree.unflatten(structure, parts), _length(product - theta * top), alive.sum()


def _length(v: Array) -> Array:
    """√Σ v², also where the squares would overflow: beyond 1e19 in float32."""
    largest = jnp.abs(v).max()
    largest = jnp.where(largest > 0, largest, jnp.ones_like(largest))
    return largest * jnp.linalg.norm(v / largest)


def _parameters(loss: Loss, params: Params, batch: Batch) -> Params:
    """The parameters as arrays; refused by name with the rest, where something is no number or no function."""
    check_loss_and_data(loss, params, batch)
    params = jax.tree.map(jnp.asarray, params)
    checks.parameters(params)
    return params


def _compiled_once(function: Callable[..., Any], loss: Loss, *given: Any) -> Any:
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
