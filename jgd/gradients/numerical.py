"""Numerical differentiation: four formulas, each for the whole gradient and for one direction.

    forward      (f(x+h) − f(x)) / h                          error O(h),   d + 1 evaluations
    central      (f(x+h) − f(x−h)) / 2h                       error O(h²),  2d
    richardson   (4 D(h) − D(2h)) / 3,  D the central one     error O(h⁴),  4d
    complex      Im f(x + ih) / h                             exact,        d      opt-in: see `complex_step`

It works for any function and is expensive: use it to check `jax.grad`, not to train. Everything is evaluated in
float64, in float32 programs too, and NumPy float64 comes back. The step balances the formula's error h^p against the
rounding eps/h: h = eps^(1/(p+1)) · max(1, |x|), eps being that of the coarsest operation the loss performs.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import checks
from jgd.core.types import Batch, Params
from jgd.gradients.arguments import check_loss_and_data, check_numbers
from jgd.gradients.difference_formulas import CENTRAL, COMPLEX_STEP, FORWARD, RICHARDSON, Formula, formulas, methods
from jgd.gradients.float64_loss import Float64Loss, build_float64_loss
from jgd.gradients.layout import ravel_params


def forward_difference(loss: Callable[..., Any], params: Params, *data: Batch, step: float | None = None) -> Params:
    """The gradient by (f(x+h) − f(x)) / h, entry by entry. d + 1 evaluations, error O(h).

    Args:
        loss: A function (params, *data) -> one real floating number.
        params: Tree of arrays and numbers.
        *data: Trees that the loss takes after params; commonly one batch, or nothing.
        step: h > 0, the same for every entry. None: √eps · max(1, |x_i|), entry by entry.

    Returns:
        A tree like params of NumPy float64 arrays; None in place of leaves that are not real floating.

    Raises:
        JgdTypeError: The loss is no function of these arguments or returns something else, or a leaf holds no numbers.
        JgdValueError: The step is not a finite number > 0.

    Example:
        >>> forward_difference(lambda x: x**2, 3.0, step=1e-2)
        array(6.01)
    """
    return _gradient(FORWARD, loss, params, data, step)


def central_difference(loss: Callable[..., Any], params: Params, *data: Batch, step: float | None = None) -> Params:
    """The gradient by (f(x+h) − f(x−h)) / 2h, entry by entry. 2d evaluations, error O(h²).

    Args:
        loss: A function (params, *data) -> one real floating number.
        params: Tree of arrays and numbers.
        *data: Trees that the loss takes after params; commonly one batch, or nothing.
        step: h > 0, the same for every entry. None: eps^(1/3) · max(1, |x_i|), entry by entry.

    Returns:
        A tree like params of NumPy float64 arrays; None in place of leaves that are not real floating.

    Raises:
        JgdTypeError: As in `forward_difference`.
        JgdValueError: As in `forward_difference`.

    Example:
        >>> hours, points = np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0])
        >>> central_difference(lambda w: ((points - w * hours) ** 2).mean(), 1.0, step=1e-5)
        array(-9.33333333)
    """
    return _gradient(CENTRAL, loss, params, data, step)


def richardson(loss: Callable[..., Any], params: Params, *data: Batch, step: float | None = None) -> Params:
    """The gradient by (4 D(h) − D(2h)) / 3 of central differences D. 4d evaluations, error O(h⁴).

    Source: Richardson 1911, Phil. Trans. R. Soc. A 210; Press et al., Numerical Recipes, section 5.7.

    Args:
        loss: A function (params, *data) -> one real floating number.
        params: Tree of arrays and numbers.
        *data: Trees that the loss takes after params; commonly one batch, or nothing.
        step: h > 0, the same for every entry. None: eps^(1/5) · max(1, |x_i|), entry by entry.

    Returns:
        A tree like params of NumPy float64 arrays; None in place of leaves that are not real floating.

    Raises:
        JgdTypeError: As in `forward_difference`.
        JgdValueError: As in `forward_difference`.

    Example:
        >>> bool(abs(richardson(jax.numpy.exp, 0.0) - 1) < 1e-11)
        True
    """
    return _gradient(RICHARDSON, loss, params, data, step)


def complex_step(loss: Callable[..., Any], params: Params, *data: Batch, step: float = COMPLEX_STEP) -> Params:
    """The gradient by Im f(x + ih) / h. d evaluations; nothing cancels, so it is exact to rounding.

    Only for losses that you know to be analytic and built from analytic operations. **It is silently wrong, without
    an error, through `jnp.abs`, `jnp.vdot` (which conjugates), `jnp.logaddexp`, `jnp.linalg.norm`, `x.real` and
    comparisons** (`maximum`, `relu`, `where(x > 0, …)`), because JAX gives those their complex meaning.

    Source: Squire & Trapp 1998, SIAM Review 40(1).

    Args:
        loss: A function (params, *data) -> one number, real at real params.
        params: Tree of arrays and numbers.
        *data: Trees that the loss takes after params; commonly one batch, or nothing.
        step: h > 0, as small as you like.

    Returns:
        A tree like params of NumPy float64 arrays; None in place of leaves that are not real floating.

    Raises:
        JgdTypeError: As in `forward_difference`.
        JgdValueError: As in `forward_difference`.

    Example:
        >>> complex_step(lambda x: x**3, 2.0)
        array(12.)
    """
    step = checks.number("step", step, "> 0")
    check_loss_and_data(loss, params, *data)
    layout, x, _ = ravel_params(params)
    steps = np.full((x.size, 1), step)
    values = build_float64_loss(loss, params, *data).at_entries(np.arange(x.size), steps, imaginary=True)
    return _tree(layout, values[:, 0] / step)


def directional_derivative(
    loss: Callable[..., Any],
    params: Params,
    direction: Params,
    *data: Batch,
    method: str = "central",
    step: float | None = None,
) -> float:
    """The derivative of loss(params + t · direction, *data) in t at 0. 2, 2 or 4 evaluations, whatever d.

    Args:
        loss: A function (params, *data) -> one real floating number.
        params: Tree of arrays and numbers.
        direction: A tree like params, not normalized.
        *data: Trees that the loss takes after params; commonly one batch, or nothing.
        method: "forward", "central" or "richardson".
        step: h > 0 in units of t. None: the formula's, divided by the direction's length.

    Returns:
        The slope along the direction.

    Raises:
        JgdTypeError: As in `forward_difference`, or the direction is no tree like params.
        JgdValueError: An unknown method, a bad step, or a direction with other leaves or shapes.

    Example:
        >>> round(directional_derivative(lambda x: (x**2).sum(), np.array([1.0, 2.0]), np.array([1.0, 1.0])), 6)
        6.0
    """
    formula = formulas[checks.choice("method", method, formulas)]
    loss64 = build_float64_loss(loss, params, *data)
    v = direction_vector(loss64, direction, params)
    length = float(np.linalg.norm(v)) or 1.0
    size = float(np.abs(loss64.x).max(initial=0.0))
    h = formula.step(loss64.eps, size) / length if step is None else checks.number("step", step, "> 0")
    values = loss64.along(v[None], h * np.array(formula.offsets, float)[None])
    return float(values[0] @ np.array(formula.weights) / h)


def direction_vector(loss64: Float64Loss, direction: Params, params: Params) -> np.ndarray:
    """A direction as a vector (d,), refused unless it is a tree like params, in number and shape of its leaves."""
    check_numbers(direction=direction)
    # integers beside the parameters have no direction: only their place and shape are looked at
    whole = lambda leaf: np.zeros(jnp.shape(leaf)) if jnp.asarray(leaf).dtype.kind in "biu" else leaf
    checks.same_structure(jax.tree.map(whole, direction), params, "direction")
    return loss64.layout.ravel(direction)


def evaluations(method: str, params: Params) -> int:
    """How often a method evaluates the loss for a whole gradient.

    Args:
        method: "forward", "central", "richardson" or "complex".
        params: Tree of arrays and numbers; d counts the entries of its real floating leaves.

    Returns:
        d + 1, 2d, 4d or d.

    Raises:
        JgdValueError: An unknown method.

    Example:
        >>> evaluations("central", np.zeros(10))
        20
    """
    d = ravel_params(params)[1].size
    return {"forward": d + 1, "central": 2 * d, "richardson": 4 * d, "complex": d}[
        checks.choice("method", method, methods)
    ]


def entry_slopes(formula: Formula, loss64: Float64Loss, indices: np.ndarray, step: Any = None) -> np.ndarray:
    """The derivatives with respect to some entries, (k,)."""
    h = formula.step(loss64.eps, np.abs(loss64.x[indices])) if step is None else np.full(indices.shape, float(step))
    moved = [at for at in range(len(formula.offsets)) if formula.offsets[at] != 0]
    steps = h[:, None] * np.array(formula.offsets, float)[moved]
    total = loss64.at_entries(indices, steps) @ np.array(formula.weights)[moved]
    for offset, weight in zip(formula.offsets, formula.weights, strict=True):
        if offset == 0:  # f(x) is one evaluation for all entries
            total = total + weight * loss64.value()
    return total / h


def _gradient(formula: Formula, loss: Callable[..., Any], params: Params, data: tuple, step: float | None) -> Params:
    if step is not None:
        step = checks.number("step", step, "> 0")
    loss64 = build_float64_loss(loss, params, *data)
    return _tree(loss64.layout, entry_slopes(formula, loss64, np.arange(loss64.x.size), step))


def _tree(layout: Any, vector: np.ndarray) -> Params:
    leaves = [
        None if place is None else vector[slice(*place)].reshape(shape)
        for place, shape in zip(layout.spans, layout.shapes, strict=True)
    ]
    return jax.tree.unflatten(layout.treedef, leaves)
