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
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import checks
from jgd.core.types import Batch, Params
from jgd.gradients.arguments import check_loss_and_data, check_numbers
from jgd.gradients.float64_loss import Float64Loss, build_float64_loss
from jgd.gradients.layout import ravel_params


@dataclass(frozen=True)
class Formula:
    """slope = Σ weights · f(x + offsets · h) / h, with an error of order h^order."""

    offsets: tuple[int, ...]
    weights: tuple[float, ...]
    order: int

    def step(self, eps: float, size: Any) -> Any:
        """eps^(1/(order+1)) · max(1, size): where the formula's error meets the rounding."""
        return eps ** (1 / (self.order + 1)) * np.maximum(1.0, size)


FORWARD = Formula((0, 1), (-1, 1), 1)
CENTRAL = Formula((-1, 1), (-1 / 2, 1 / 2), 2)
RICHARDSON = Formula((-2, -1, 1, 2), (1 / 12, -8 / 12, 8 / 12, -1 / 12), 4)
COMPLEX_STEP = 1e-20  # nothing is subtracted, so nothing cancels: as small as you like; its square is 0 in float32

formulas: dict[str, Formula] = {"forward": FORWARD, "central": CENTRAL, "richardson": RICHARDSON}
methods: tuple[str, ...] = (*formulas, "complex")


def forward_difference(loss: Callable[..., Any], params: Params, *data: Batch, step: float | None = None) -> Params:
    """The gradient of `loss(params, *data)` by (f(x+h) − f(x)) / h: a tree of NumPy float64 arrays.

    `step` is h, the same for every entry; by default √eps · max(1, |x_i|), entry by entry. d + 1 evaluations, by
    vmapped chunks of entries. Leaves that are not real floating come back as None. Lectures of week 1 and 2.

    >>> forward_difference(lambda x: x**2, 3.0, step=1e-2)
    array(6.01)
    """
    return _gradient(FORWARD, loss, params, data, step)


def central_difference(loss: Callable[..., Any], params: Params, *data: Batch, step: float | None = None) -> Params:
    """The gradient by (f(x+h) − f(x−h)) / 2h, the lectures' "method 2"; arguments as in `forward_difference`.

    `step` is by default eps^(1/3) · max(1, |x_i|). 2d evaluations.

    >>> hours, points = np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0])
    >>> central_difference(lambda w: ((points - w * hours) ** 2).mean(), 1.0, step=1e-5)
    array(-9.33333333)
    """
    return _gradient(CENTRAL, loss, params, data, step)


def richardson(loss: Callable[..., Any], params: Params, *data: Batch, step: float | None = None) -> Params:
    """The gradient by (4 D(h) − D(2h)) / 3 of central differences D; arguments as in `forward_difference`.

    `step` is by default eps^(1/5) · max(1, |x_i|). 4d evaluations. Richardson 1911; Press et al., section 5.7.

    >>> bool(abs(richardson(jax.numpy.exp, 0.0) - 1) < 1e-11)
    True
    """
    return _gradient(RICHARDSON, loss, params, data, step)


def complex_step(loss: Callable[..., Any], params: Params, *data: Batch, step: float = COMPLEX_STEP) -> Params:
    """The gradient by Im f(x + ih) / h: nothing cancels, so it is exact to rounding; d evaluations. Opt-in.

    Only for losses that you know to be analytic and built from analytic operations. **It is silently wrong, without
    an error, through `jnp.abs`, `jnp.vdot` (which conjugates), `jnp.logaddexp`, `jnp.linalg.norm`, `x.real` and
    comparisons** (`maximum`, `relu`, `where(x > 0, …)`), because JAX gives those their complex meaning.
    Squire & Trapp 1998.

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
    """The derivative of `loss(params + t · direction, *data)` in t at 0, by "forward", "central" or "richardson".

    `direction` is a tree like `params`, not normalised. `step` is by default that of the formula, divided by the
    direction's length. 2, 2 or 4 evaluations whatever the number of parameters.

    >>> round(directional_derivative(lambda x: (x**2).sum(), np.array([1.0, 2.0]), np.array([1.0, 1.0])), 6)
    6.0
    """
    formula = formulas[checks.choice("method", method, formulas)]
    wide = build_float64_loss(loss, params, *data)
    v = direction_vector(wide, direction, params)
    length = float(np.linalg.norm(v)) or 1.0
    size = float(np.abs(wide.x).max(initial=0.0))
    h = formula.step(wide.eps, size) / length if step is None else checks.number("step", step, "> 0")
    values = wide.along(v[None], h * np.array(formula.offsets, float)[None])
    return float(values[0] @ np.array(formula.weights) / h)


def direction_vector(wide: Float64Loss, direction: Params, params: Params) -> np.ndarray:
    """A direction as a vector (d,), refused unless it is a tree like params, in number and shape of its leaves."""
    check_numbers(direction=direction)
    # integers beside the parameters have no direction: only their place and shape are looked at
    whole = lambda leaf: np.zeros(jnp.shape(leaf)) if jnp.asarray(leaf).dtype.kind in "biu" else leaf
    checks.same_structure(jax.tree.map(whole, direction), params, "direction")
    return wide.layout.ravel(direction)


def evaluations(method: str, params: Params) -> int:
    """How often `method` evaluates the loss for a whole gradient at `params`.

    >>> evaluations("central", np.zeros(10))
    20
    """
    d = ravel_params(params)[1].size
    return {"forward": d + 1, "central": 2 * d, "richardson": 4 * d, "complex": d}[
        checks.choice("method", method, methods)
    ]


def entry_slopes(formula: Formula, wide: Float64Loss, indices: np.ndarray, step: Any = None) -> np.ndarray:
    """The derivatives with respect to some entries, (k,)."""
    h = formula.step(wide.eps, np.abs(wide.x[indices])) if step is None else np.full(indices.shape, float(step))
    moved = [at for at in range(len(formula.offsets)) if formula.offsets[at] != 0]
    steps = h[:, None] * np.array(formula.offsets, float)[moved]
    total = wide.at_entries(indices, steps) @ np.array(formula.weights)[moved]
    for offset, weight in zip(formula.offsets, formula.weights, strict=True):
        if offset == 0:  # f(x) is one evaluation for all entries
            total = total + weight * wide.value()
    return total / h


def _gradient(formula: Formula, loss: Callable[..., Any], params: Params, data: tuple, step: float | None) -> Params:
    if step is not None:
        step = checks.number("step", step, "> 0")
    wide = build_float64_loss(loss, params, *data)
    return _tree(wide.layout, entry_slopes(formula, wide, np.arange(wide.x.size), step))


def _tree(layout: Any, vector: np.ndarray) -> Params:
    leaves = [
        None if place is None else vector[slice(*place)].reshape(shape)
        for place, shape in zip(layout.spans, layout.shapes, strict=True)
    ]
    return jax.tree.unflatten(layout.treedef, leaves)
