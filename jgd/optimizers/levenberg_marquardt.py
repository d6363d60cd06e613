"""Levenberg–Marquardt: Gauss–Newton with a damping that grows where the quadratic model fails and falls where it holds.

(B + μ I) h = −g,                             B = Jᵀ L J as in `gauss_newton_cg`
ρ = (F(θ) − F(θ + h)) / (½ hᵀ (μ h − g))      the fall over the one that the model promised
where ρ > 0:  θ ← θ + h,  μ ← μ max(1/3, 1 − (2ρ − 1)³),  ν ← 2
else:         θ stays,    μ ← μ ν,  ν ← 2 ν

Source: Madsen, Nielsen & Tingleff 2004, "Methods for non-linear least squares problems", algorithm 3.16; the rule for μ is from
Nielsen 1999. With any loss of a model's outputs for their ½‖f‖², as in `gauss_newton_cg`, whose conjugate gradients solve the
system; cut short, their h has the same promised fall. Where we differ: the first μ is a number, where theirs is a share of B's
largest diagonal entry, which products don't show; it doesn't stop by itself (see `jgd.stopping`), and μ and ν stay within
1e-20 … 1e20.
"""

import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context
from jgd.core.types import Params, Scalar
from jgd.optimizers.newton import conjugate_gradients
from jgd.transforms.learning_rate import LearningRateState, ReportsLearningRate

LEAST, MOST = 1e-20, 1e20


@record
class LevenbergMarquardtState:
    """μ and ν, () each, and the rate used: 1, or 0 where a step was refused."""

    damping: Array
    growth: Array
    rate: LearningRateState


@record
class DescendByLevenbergMarquardt(ReportsLearningRate):
    """h with (B + μ I) h = −g where the loss falls by it, else 0."""

    damping: float = hyper("> 0", schedule=False)
    tolerance: Scalar = hyper("[0, 1)")
    max_cg_steps: int = static_field()

    def __post_init__(self) -> None:
        checks.count("max_cg_steps", self.max_cg_steps, 1)

    def init(self, params: Params) -> LevenbergMarquardtState:
        rate = LearningRateState.unused(params)
        number = lambda x: jnp.asarray(x).astype(tree.compute_dtype(params))
        return LevenbergMarquardtState(number(self.damping), number(2.0), rate)

    def update(
        self, grads: Params, state: LevenbergMarquardtState, context: Context
    ) -> tuple[Params, LevenbergMarquardtState]:
        who, mu, g = "levenberg_marquardt", state.damping, tree.ravel(grads)

        def multiply(d: Array) -> Array:
            return tree.ravel(context.gauss_newton_product(tree.unravel(d, grads), who)) + mu * d

        h = -conjugate_gradients(multiply, g, context.at(self.tolerance), self.max_cg_steps)
        step, loss = tree.unravel(h, grads), context.loss_for(who)
        before = loss(context.params) if context.value is None else context.value_for(who)
        fall = (before - loss(tree.add(context.params, step))).astype(mu.dtype)
        ratio = tree.safe_divide(fall, tree.dot(h, mu * h - g) / 2)
        good = ratio > 0  # false for a NaN too

        eased = mu * jnp.maximum(1 / 3, 1 - (2 * jnp.where(good, ratio, 0) - 1) ** 3)
        damping = jnp.clip(jnp.where(good, eased, mu * state.growth), LEAST, MOST)
        growth = jnp.where(good, 2, jnp.minimum(2 * state.growth, MOST))
        updates = tree.map(lambda s: jnp.where(good, s, 0), step)
        used = LearningRateState(jnp.where(good, jnp.ones_like(mu), 0))
        return updates, LevenbergMarquardtState(damping, growth, used)


@builder
def levenberg_marquardt(
    *,
    damping: float = 1e-3,
    tolerance: Scalar = 1e-5,
    max_cg_steps: int = 50,
) -> Optimizer:
    """Levenberg–Marquardt: θ ← θ − (Jᵀ L J + μ I)⁻¹ g where the loss falls by it; μ follows how well the model foretold it.

    The loss must say how it is made of a model's outputs, as for `gauss_newton_cg`. For the whole data: the fall is
    measured on the batch of the step, and the damping goes on to the next one.

    Args:
        damping: μ > 0 at the start. Default: 1e-3.
        tolerance: In [0, 1), of the system's residual beside ‖g‖. Default: 1e-5.
        max_cg_steps: Products with Jᵀ L J that an update may use, ≥ 1; structure. Default: 50.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jgd
        >>> loss = jgd.SupervisedLoss(jgd.models.Linear(1), "squared_error")
        >>> batch = (jnp.array([[1.0], [2.0], [3.0]]), jnp.array([3.0, 5.0, 7.0]))
        >>> optimizer = levenberg_marquardt(damping=1e-4)
        >>> state = jgd.start(optimizer, {"bias": jnp.zeros(()), "weights": jnp.zeros(1)})
        >>> for _ in range(3):
        ...     state, _ = jgd.step(loss, optimizer, state, batch)
        >>> round(float(state.params["bias"]), 3), state.params["weights"].round(3).tolist()
        (1.0, [2.0])
    """
    return chain(DescendByLevenbergMarquardt(damping, tolerance, max_cg_steps))
