"""BFGS: Newton's direction, with an estimate of the whole inverse Hessian that every step corrects.

s = θ − θ',  y = g − g',  ρ = 1 / sᵀy        θ', g' the parameters and gradient before
H ← (I − ρ s yᵀ) H (I − ρ y sᵀ) + ρ s sᵀ
θ ← θ − η H g                                η by a line search

Source: Nocedal & Wright 2006, Numerical Optimization, algorithm 6.1 and equation 6.17; before the first correction H is sᵀy / yᵀy I,
equation 6.20. At the first step H = min(1, 1/‖g‖) I. A pair whose curvature sᵀy is not positive (to rounding, beside ‖s‖ ‖y‖)
is skipped, so that the direction points downhill always; after a strong Wolfe search none is. Its memory is the square of the
number of parameters: for some thousand of them there is `lbfgs`. All leaves are one vector here. On minibatches y is a
difference of gradients of two batches: use large ones, or the whole data. Neither torch nor optax has it; scipy's "BFGS"
starts from H = I.
"""

import jax.numpy as jnp
from jax import Array

from jgd.core import tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.transforms.line_search import stepping


@record
class BfgsState:
    """The last parameters and gradient, (d,), and the inverse Hessian, (d, d); 0 before the first pair."""

    params: Array
    grads: Array
    inverse: Array
    pairs: Array  # () int32, how many were absorbed

    def absorb(self, params: Array, grads: Array, scaled: bool) -> "BfgsState":
        """The state after a move to `params`, where the gradient is `grads`."""
        s, y = params - self.params, grads - self.grads
        curvature = tree.dot(s, y)
        curved = curvature > jnp.finfo(s.dtype).eps.astype(s.dtype) * tree.norm(s) * tree.norm(y)
        rho = tree.safe_divide(jnp.ones_like(curvature), jnp.where(curved, curvature, jnp.zeros_like(curvature)))
        gamma = tree.safe_divide(curvature, tree.dot(y, y)) if scaled else jnp.ones_like(curvature)
        H = jnp.where(self.pairs == 0, gamma * jnp.eye(s.size, dtype=s.dtype), self.inverse)
        Hy = H @ y
        cross = jnp.outer(s, Hy)
        new = H - rho * (cross + cross.T) + rho * (1 + rho * tree.dot(y, Hy)) * jnp.outer(s, s)
        return BfgsState(
            params, grads, jnp.where(curved, new, self.inverse), self.pairs + curved.astype(self.pairs.dtype)
        )


@record
class ScaleByBfgs(Transform):
    """r = H g."""

    scale_init_precond: bool = static_field(default=True)

    def init(self, params: Params) -> BfgsState:
        flat = tree.ravel(params)  # the parameters themselves: the first update then sees s = 0, which is no pair
        square = jnp.zeros((flat.size, flat.size), flat.dtype)
        return BfgsState(flat, jnp.zeros_like(flat), square, jnp.zeros((), jnp.int32))

    def update(self, grads: Params, state: BfgsState, context: Context) -> tuple[Params, BfgsState]:
        g = tree.ravel(grads)
        state = state.absorb(tree.ravel(context.params), g, self.scale_init_precond)
        one = jnp.ones((), g.dtype)
        first = jnp.minimum(one, tree.safe_divide(one, tree.norm(g))) if self.scale_init_precond else one
        return tree.unravel(jnp.where(state.pairs > 0, state.inverse @ g, first * g), grads), state


@builder
def bfgs(
    learning_rate: Scalar = 1.0,
    *,
    scale_init_precond: bool = True,
    linesearch: str | None = "zoom",
) -> Optimizer:
    """BFGS: θ ← θ − η H g, H the estimate of the inverse Hessian.

    With a line search `update` needs `loss=`.

    Args:
        learning_rate: > 0, the rate that the line search tries first, or η itself without one. Default: 1.0.
        scale_init_precond: False for H = I at the start; structure. Default: True.
        linesearch: "zoom" (strong Wolfe), "backtracking" (Armijo) or None, as in `lbfgs`; structure. Default: "zoom".

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jgd
        >>> bowl = lambda w, _: jnp.sum(jnp.array([1.0, 10.0]) * w**2) / 2
        >>> end, report = jgd.rollout(bowl, bfgs(), jnp.ones(2), jnp.zeros(8))
        >>> float(jnp.abs(end.params).max()) < 1e-6
        True
    """
    return chain(ScaleByBfgs(scale_init_precond), stepping(learning_rate, linesearch))
