"""Curvature: the Hessian's largest eigenvalue, the largest learning rate it allows, and how elongated a bowl is.

The eigenvalue is found by products with the Hessian alone (Lanczos), so it costs a few dozen gradients whatever the
number of parameters.
"""

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core import checks
from jgd.core.types import Batch, Loss, Params
from jgd.gradients.hessian_products import as_parameters, compiled_once, loss_on_vector


@dataclass(frozen=True)
class Sharpness:
    """The largest eigenvalue of the Hessian, as found.

    Attributes:
        value: θ, the Rayleigh quotient of `vector`.
        vector: A tree like params, of length 1.
        residual: ‖H·v − θ v‖. An eigenvalue lies within it of θ, and θ is never above the largest.
        iterations: Lanczos steps made before the space was exhausted.
        converged: Whether the residual is at most tolerance · |θ|.
    """

    value: float
    vector: Params
    residual: float
    iterations: int
    converged: bool


def sharpness(
    loss: Loss, params: Params, batch: Batch, *, iterations: int = 64, seed: int = 0, tolerance: float = 1e-3
) -> Sharpness:
    """The largest (most positive) eigenvalue of the Hessian, by Lanczos with full reorthogonalization.

    One compiled program, found again for the same loss and shapes. A loss that is not finite gives NaN, no error.

    Source: Lanczos 1950; Golub & Van Loan, Matrix Computations, section 10.3.

    Args:
        loss: A function (params, batch) -> one real floating number.
        params: Tree of floating arrays.
        batch: Tree of arrays, or None.
        iterations: At most this many products with the Hessian, and vectors kept: min(iterations, d) · d numbers.
        seed: Of the random start.
        tolerance: Relative residual at which the result is `converged`, > 0.

    Returns:
        The eigenvalue, its vector and how good they are.

    Raises:
        JgdTypeError: As in `hvp`.
        JgdValueError: Params has no entry, or an option is outside its rule.

    Example:
        >>> bowl = lambda w, batch: jnp.sum(jnp.array([1.0, 5.0, 0.5]) * w**2)
        >>> found = sharpness(bowl, jnp.ones(3), None)
        >>> round(found.value, 4), found.converged, found.iterations
        (10.0, True, 3)
    """
    iterations = checks.count("iterations", iterations, 1)
    tolerance = checks.number("tolerance", tolerance, "> 0")
    params = as_parameters(loss, params, batch)
    d = sum(leaf.size for leaf in jax.tree.leaves(params))
    if d == 0:
        raise checks.JgdValueError("params has no entries, so its loss has no curvature")
    key = jax.random.key(checks.count("seed", seed, 0, 2**32 - 1))
    value, vector, residual, made = compiled_once(partial(_lanczos, min(iterations, d)), loss, params, batch, key)
    value, residual = float(value), float(residual)
    return Sharpness(value, vector, residual, int(made), residual <= tolerance * abs(value))


def max_stable_learning_rate(
    loss: Loss, params: Params, batch: Batch, momentum: float = 0.0, *, iterations: int = 64, seed: int = 0
) -> float:
    """The learning rate above which descent grows along the sharpest direction: 2 (1 + β)/λ.

    λ is the sharpness at `params`, its residual added, so an unfinished Lanczos errs to the safe side. With β = 0 it
    is gradient descent's 2/λ, else the heavy ball's, v ← β v + g: the roots of z² − (1 + β − α λ) z + β leave the unit
    circle there. Exact for a quadratic loss, and a local guide for others: training often drives λ up to it.

    Source: Polyak 1964 (heavy ball); Cohen et al. 2021, arXiv:2103.00065 (edge of stability).

    Args:
        loss: A function (params, batch) -> one real floating number.
        params: Tree of floating arrays.
        batch: Tree of arrays, or None.
        momentum: β in [0, 1).
        iterations: Of Lanczos, see `sharpness`.
        seed: Of its random start.

    Returns:
        The rate; infinite where no direction curves up, NaN where the loss is not finite.

    Raises:
        JgdTypeError: As in `hvp`.
        JgdValueError: As in `sharpness`, or momentum is outside [0, 1).

    Example:
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

    Any factor of the loss cancels. Descent needs about this many steps for each digit. Taken as (s_max/s_min)² of the
    singular values of X, in float64, so that it is right far above 1/eps of XᵀX.

    Args:
        inputs: (n, features), raw or scaled.
        bias: Add the column of ones.

    Returns:
        ≥ 1; infinite where columns depend on each other.

    Raises:
        JgdValueError: Inputs are not (n, features) with n ≥ 1, or not finite.

    Example:
        >>> condition_number(np.array([[1.0, 0.0], [0.0, 10.0]]), bias=False)
        100.0
    """
    inputs = np.asarray(inputs, dtype=np.float64)
    if inputs.ndim != 2:
        raise checks.JgdValueError(f"inputs must have shape (n, features), got {inputs.shape}", argument="inputs")
    checks.rows("inputs", inputs)
    checks.finite_data("inputs", inputs)
    columns = np.concatenate([inputs, np.ones((len(inputs), 1))], axis=1) if bias else inputs
    values = np.linalg.svd(columns, compute_uv=False)
    rank_deficient = len(values) < columns.shape[1] or values[-1] <= values[0] * max(columns.shape) * 2.0**-52
    return math.inf if rank_deficient else float((values[0] / values[-1]) ** 2)


def _lanczos(
    iterations: int, loss: Loss, params: Params, batch: Batch, key: Array
) -> tuple[Array, Params, Array, Array]:
    value, x = loss_on_vector(loss, params, batch)
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
