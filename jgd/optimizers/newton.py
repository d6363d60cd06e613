"""Newton's method and Gauss–Newton without a matrix: their linear systems are solved by conjugate gradients.

(B + λ I) u = g,   θ ← θ − η u
B = H, the Hessian of the loss                                             (newton)
B = Jᵀ L J, J the Jacobian of the outputs, L the loss's Hessian in them    (gauss_newton_cg)

Conjugate gradients for A u = g, A = B + λ I, from u = 0, r = d = g:
    stop where dᵀA d ≤ 0 (u stays what it is, or g if it is still 0)
    α = rᵀr / dᵀA d,   u ← u + α d,   r' = r − α A d
    stop where ‖r'‖ ≤ tolerance ‖g‖
    d ← r' + (r'ᵀr' / rᵀr) d,   r ← r'

Source: Nocedal & Wright 2006, Numerical Optimization, algorithm 7.1 (line search Newton–CG; Steihaug 1983 for the stop at
negative curvature), with a fixed relative tolerance; Martens 2010, "Deep learning via Hessian-free optimization", for
the damping; Schraudolph 2002 for the products with Jᵀ L J, which is positive where the loss is convex in the outputs.
A product costs about two gradients. So u is downhill always, and cut short it still is.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.transforms.line_search import stepping


def conjugate_gradients(multiply: Callable[[Array], Array], g: Array, tolerance: Array, most: int) -> Array:
    """u of the (d,) system A u = g, in at most `most` products A d."""

    def iterate(carry):
        u, r, d, _ = carry
        product = multiply(d)
        curvature, square = tree.dot(d, product), tree.dot(r, r)
        curved = curvature > 0
        alpha = tree.safe_divide(square, jnp.where(curved, curvature, jnp.zeros_like(curvature)))
        untouched = jnp.all(u == 0)
        u = jnp.where(~curved & untouched, g, u + alpha * d)
        r = r - alpha * product
        d = r + tree.safe_divide(tree.dot(r, r), square) * d
        return u, r, d, ~curved | (tree.norm(r) <= tolerance * tree.norm(g))

    again = lambda _, carry: jax.lax.cond(carry[3], lambda carry: carry, iterate, carry)
    return jax.lax.fori_loop(0, most, again, (jnp.zeros_like(g), g, g, jnp.all(g == 0)))[0]


@record
class ScaleByCurvature(Transform):
    """u with (B + damping I) u = g; B the Hessian, or the Gauss–Newton matrix."""

    damping: Scalar = hyper(">= 0")
    tolerance: Scalar = hyper("[0, 1)")
    max_cg_steps: int = static_field()
    gauss_newton: bool = static_field(default=False)

    def __post_init__(self) -> None:
        checks.count("max_cg_steps", self.max_cg_steps, 1)

    def update(self, grads: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        damping = context.at(self.damping)

        def multiply(d: Array) -> Array:
            if self.gauss_newton:
                product = context.gauss_newton_product(tree.unravel(d, grads), "gauss_newton_cg")
            else:
                product = context.hessian_product(tree.unravel(d, grads), "newton")
            return tree.ravel(product) + damping * d

        u = conjugate_gradients(multiply, tree.ravel(grads), context.at(self.tolerance), self.max_cg_steps)
        return tree.unravel(u, grads), state


@builder
def newton(
    learning_rate: Scalar = 1.0,
    *,
    damping: Scalar = 0.0,
    tolerance: Scalar = 1e-5,
    max_cg_steps: int = 50,
    linesearch: str | None = "backtracking",
) -> Optimizer:
    """Newton's method: θ ← θ − η (H + λ I)⁻¹ g, the system solved by conjugate gradients.

    `update` needs `loss=`. For small and medium problems, and the whole data or large batches.

    Args:
        learning_rate: > 0, the rate that the line search tries first, or η itself without one. Default: 1.0.
        damping: λ ≥ 0. Default: 0.0.
        tolerance: In [0, 1), of the system's residual beside ‖g‖. Default: 1e-5.
        max_cg_steps: Products with H that an update may use, ≥ 1; structure. Default: 50.
        linesearch: "backtracking", "zoom" or None; structure. Default: "backtracking".

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jgd
        >>> bowl = lambda w: jnp.sum(jnp.array([1.0, 10.0]) * (w - 3) ** 2)
        >>> optimizer, w = newton(), jnp.ones(2)
        >>> updates, _ = optimizer.update(jax.grad(bowl)(w), optimizer.init(w), w, loss=bowl)
        >>> jgd.apply_updates(w, updates).round(4).tolist()
        [3.0, 3.0]
    """
    return chain(ScaleByCurvature(damping, tolerance, max_cg_steps), stepping(learning_rate, linesearch))


@builder
def gauss_newton_cg(
    learning_rate: Scalar = 1.0,
    *,
    damping: Scalar = 0.0,
    tolerance: Scalar = 1e-5,
    max_cg_steps: int = 50,
    linesearch: str | None = "backtracking",
) -> Optimizer:
    """Gauss–Newton: θ ← θ − η (Jᵀ L J + λ I)⁻¹ g, the system solved by conjugate gradients.

    The loss must say how it is made of a model's outputs, as `jgd.SupervisedLoss` does, or any record with
    `outputs(params, batch)` and `of_outputs(outputs, batch)`; `update` needs it as `loss=jgd.OnBatch(loss, batch)`,
    which `jgd.step`, `jgd.train` and `jgd.sweep` give. A linear model under squared error is solved in one step.

    Args:
        learning_rate: > 0, the rate that the line search tries first, or η itself without one. Default: 1.0.
        damping: λ ≥ 0. Default: 0.0.
        tolerance: In [0, 1), of the system's residual beside ‖g‖. Default: 1e-5.
        max_cg_steps: Products with Jᵀ L J that an update may use, ≥ 1; structure. Default: 50.
        linesearch: "backtracking", "zoom" or None; structure. Default: "backtracking".

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jgd
        >>> loss = jgd.SupervisedLoss(jgd.models.Linear(1), "squared_error")
        >>> batch = (jnp.array([[1.0], [2.0], [3.0]]), jnp.array([3.0, 5.0, 7.0]))
        >>> start = jgd.start(gauss_newton_cg(), {"bias": jnp.zeros(()), "weights": jnp.zeros(1)})
        >>> end, _ = jgd.step(loss, gauss_newton_cg(), start, batch)
        >>> round(float(end.params["bias"]), 4), end.params["weights"].round(4).tolist()
        (1.0, [2.0])
    """
    direction = ScaleByCurvature(damping, tolerance, max_cg_steps, gauss_newton=True)
    return chain(direction, stepping(learning_rate, linesearch))
