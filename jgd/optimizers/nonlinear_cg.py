"""Nonlinear conjugate gradients: each direction is the gradient and a share of the direction before.

β = gᵀg / g'ᵀg'                              Fletcher–Reeves, g' the gradient before
β = max(0, gᵀ(g − g') / g'ᵀg')               Polak–Ribière+
r ← g + β r;  r ← g where that isn't uphill, as at the first step
θ ← θ − η r                                  η by a line search

Source: Nocedal & Wright 2006, Numerical Optimization, algorithm 5.4 and equations 5.41a, 5.44 and 5.45; Fletcher & Reeves 1964;
Polak & Ribière 1969. The search is the strong Wolfe one with c2 = 0.1, as they advise for these directions. Its memory is two
vectors. All leaves are one vector here. On minibatches g and g' are gradients of two losses: use large batches, or the whole
data. Neither torch nor optax has it; scipy's "CG" is Polak–Ribière+.
"""

import jax.numpy as jnp

from jgd.core import checks, tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.transforms import ZoomSearch
from jgd.transforms.line_search import stepping


@record
class ConjugateState:
    """The last gradient and direction; both 0 before the first."""

    grads: Params
    direction: Params


@record
class ScaleByConjugates(Transform):
    """r = g + β r, or g where that isn't uphill."""

    formula: str = static_field(default="polak_ribiere")

    def __post_init__(self) -> None:
        checks.choice("formula", self.formula, ("polak_ribiere", "fletcher_reeves"))

    def init(self, params: Params) -> ConjugateState:
        return ConjugateState(tree.zeros_like(params), tree.zeros_like(params))

    def update(self, grads: Params, state: ConjugateState, context: Context) -> tuple[Params, ConjugateState]:
        change = grads if self.formula == "fletcher_reeves" else tree.subtract(grads, state.grads)
        beta = tree.safe_divide(tree.dot(grads, change), tree.dot(state.grads, state.grads))
        mixed = tree.add(grads, tree.scale(jnp.maximum(beta, 0), state.direction))
        direction = tree.select(tree.dot(grads, mixed) > 0, mixed, grads)
        return direction, ConjugateState(grads, direction)


@builder
def nonlinear_cg(
    learning_rate: Scalar = 1.0,
    formula: str = "polak_ribiere",
    *,
    linesearch: str | None = "zoom",
) -> Optimizer:
    """Nonlinear conjugate gradients: r ← g + β r, θ ← θ − η r.

    With a line search `update` needs `loss=`.

    Args:
        learning_rate: > 0, the rate that the line search tries first, or η itself without one. Default: 1.0.
        formula: "polak_ribiere" or "fletcher_reeves"; structure. Default: "polak_ribiere".
        linesearch: "zoom" (strong Wolfe, c2 = 0.1), "backtracking" (Armijo) or None; structure. Default: "zoom".

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range, or an unknown formula or search.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jgd
        >>> bowl = lambda w, _: jnp.sum(jnp.array([1.0, 10.0]) * w**2) / 2
        >>> end, report = jgd.rollout(bowl, nonlinear_cg(), jnp.ones(2), jnp.zeros(8))
        >>> float(jnp.abs(end.params).max()) < 1e-3
        True
    """
    search = ZoomSearch(learning_rate, curv_rtol=0.1) if linesearch == "zoom" else stepping(learning_rate, linesearch)
    return chain(ScaleByConjugates(formula), search)
