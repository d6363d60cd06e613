"""L-BFGS: Newton's direction, with the inverse Hessian known only from the last few steps.

s_k = θ_{k+1} − θ_k,   y_k = g_{k+1} − g_k,   ρ_k = 1 / s_kᵀy_k
q ← g;                 from the newest pair to the oldest:  α_i ← ρ_i s_iᵀq,   q ← q − α_i y_i
r ← γ q;               from the oldest pair to the newest:  r ← r + (α_i − ρ_i y_iᵀr) s_i
γ = sᵀy / yᵀy of the newest pair
θ ← θ − η r            η by a line search

Source: Nocedal & Wright 2006, Numerical Optimization, algorithms 7.4 and 7.5, γ from equation 7.20; Liu & Nocedal 1989.
Before the first pair γ = min(1, 1/‖g‖), as in optax and scipy (torch takes the 1-norm). A pair whose curvature sᵀy is
not positive (to rounding, beside ‖s‖ ‖y‖) is skipped and the older ones stay, so that r points downhill always; torch
skips sᵀy ≤ 1e-10, optax keeps every pair. After a strong Wolfe search nothing is ever skipped.

All leaves are one flat vector here. On minibatches y is a difference of gradients of two batches, as in torch and optax:
use large batches, or the whole data.
"""

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.transforms.line_search import stepping


@record
class LbfgsState:
    """The last parameters and gradient, (d,), and a ring of the m last pairs: s and y, (m, d), and ρ, (m,)."""

    params: Array
    grads: Array
    s: Array
    y: Array
    rho: Array  # 0 where there is no pair yet
    newest: Array  # () int32, the place of the newest pair

    def absorb(self, params: Array, grads: Array) -> "LbfgsState":
        """The state after a move to `params`, where the gradient is `grads`."""
        s, y = params - self.params, grads - self.grads
        curvature = tree.dot(s, y)
        curved = curvature > jnp.finfo(s.dtype).eps.astype(s.dtype) * tree.norm(s) * tree.norm(y)
        rho = tree.safe_divide(jnp.ones_like(curvature), jnp.where(curved, curvature, jnp.zeros_like(curvature)))
        place = jnp.where(curved, (self.newest + 1) % self.rho.size, self.newest)
        put = lambda ring, row: ring.at[place].set(jnp.where(curved, row, ring[place]))
        return LbfgsState(params, grads, put(self.s, s), put(self.y, y), put(self.rho, rho), place)


@record
class ScaleByLbfgs(Transform):
    """r = H g, H the inverse Hessian of the stored pairs."""

    memory_size: int = static_field(default=10)
    scale_init_precond: bool = static_field(default=True)

    def __post_init__(self) -> None:
        checks.count("memory_size", self.memory_size, 1)

    def init(self, params: Params) -> LbfgsState:
        # the parameters themselves: the first update then sees s = 0, which is no pair
        flat = tree.ravel(params)
        ring = lambda *shape: jnp.zeros((self.memory_size, *shape), flat.dtype)
        newest = jnp.full((), self.memory_size - 1, jnp.int32)
        return LbfgsState(flat, jnp.zeros_like(flat), ring(flat.size), ring(flat.size), ring(), newest)

    def update(self, grads: Params, state: LbfgsState, context: Context) -> tuple[Params, LbfgsState]:
        g = tree.ravel(grads)
        pairs = state.absorb(tree.ravel(context.params), g)
        newest_first = (pairs.newest - jnp.arange(self.memory_size, dtype=jnp.int32)) % self.memory_size

        def towards_the_oldest(q, i):
            alpha = pairs.rho[i] * tree.dot(pairs.s[i], q)
            return q - alpha * pairs.y[i], alpha

        def towards_the_newest(r, pair):
            i, alpha = pair
            return r + (alpha - pairs.rho[i] * tree.dot(pairs.y[i], r)) * pairs.s[i], None

        q, alphas = jax.lax.scan(towards_the_oldest, g, newest_first)
        r = self._gamma(pairs, g) * q
        r, _ = jax.lax.scan(towards_the_newest, r, (newest_first, alphas), reverse=True)
        return tree.unravel(r, grads), pairs

    def _gamma(self, pairs: LbfgsState, g: Array) -> Array:
        rho, y = pairs.rho[pairs.newest], pairs.y[pairs.newest]
        one = jnp.ones_like(rho)
        if not self.scale_init_precond:
            return one
        first = jnp.minimum(one, tree.safe_divide(one, tree.norm(g)))
        return jnp.where(rho > 0, tree.safe_divide(one, rho * tree.dot(y, y)), first)


@builder
def lbfgs(
    learning_rate: Scalar = 1.0,
    memory_size: int = 10,
    *,
    scale_init_precond: bool = True,
    linesearch: str | None = "zoom",
) -> Optimizer:
    """L-BFGS: θ ← θ − η H g, H from the last `memory_size` steps.

    With a line search `update` needs `loss=`.

    Args:
        learning_rate: > 0, the rate that the line search tries first, or η itself without one. Default: 1.0.
        memory_size: Pairs kept, ≥ 1 (2 · memory_size vectors of memory); structure. Default: 10.
        scale_init_precond: False for γ = 1; structure. Default: True.
        linesearch: "zoom" (strong Wolfe), "backtracking" (Armijo), both with the defaults of
            `jgd.transforms.ZoomSearch` and `BacktrackingSearch` (for others:
            `jgd.chain(jgd.optimizers.ScaleByLbfgs(10), jgd.transforms.ZoomSearch(curv_rtol=0.5))`), or None; structure.
            Default: "zoom".

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jgd
        >>> bowl = lambda w, _: jnp.sum(jnp.array([1.0, 10.0]) * w**2) / 2
        >>> end, report = jgd.rollout(bowl, lbfgs(), jnp.ones(2), jnp.zeros(8))
        >>> float(jnp.abs(end.params).max()) < 1e-6
        True
    """
    return chain(ScaleByLbfgs(memory_size, scale_init_precond), stepping(learning_rate, linesearch))
