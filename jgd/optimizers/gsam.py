"""GSAM: sharpness-aware minimization that closes the gap between the worst point's loss and the loss here.

g' = ∇L(θ + ρ g / ‖g‖)                       as in `sam`
g⊥ = g − g' ⟨g, g'⟩ / ‖g'‖²                  what of g doesn't descend the worst point's loss
g'' = g' − α g⊥, which any method then descends by

Source: Zhuang et al. 2022, arXiv:2203.08065, algorithm 1, and the authors' code, where ρ falls with the learning rate from ρ_max to
ρ_min: give `rho` such a schedule. The norms and products are over all leaves, and g'' is not differentiated through the worst
point. Each step costs two gradients, both on the same batch. Neither torch nor optax has it.
"""

from jgd.core import tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar


@record
class GapAware(Transform):
    """updates ← g' − α g⊥. It takes its own gradient, so it ignores the updates and must be first."""

    rho: Scalar = hyper(">= 0")
    alpha: Scalar = hyper(">= 0")
    ignores_updates = True

    def update(self, updates: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        grads, alpha = context.grads, context.at(self.alpha)
        factor = tree.safe_divide(context.at(self.rho), tree.norm(grads))
        worst = context.gradient_at(tree.add(context.params, tree.scale(factor, grads)), "gsam")
        along = tree.safe_divide(tree.dot(grads, worst), tree.dot(worst, worst))
        return tree.map(lambda g, w: w - alpha * (g - along * w), grads, worst), state


@builder
def gsam(
    base_optimizer: Optimizer | Transform,
    rho: Scalar = 0.05,
    *,
    alpha: Scalar = 0.4,
) -> Optimizer:
    """GSAM: any optimizer (or transform) on g' − α g⊥, g' the gradient at θ + ρ g / ‖g‖, g⊥ what of g is orthogonal to it.

    `update` needs `loss=`, params -> loss on this batch; `jgd.step`, `jgd.train` and `jgd.sweep` give it.

    Args:
        base_optimizer: An `Optimizer` or a transform. One that takes its own gradient is refused.
        rho: ρ ≥ 0, the radius. Default: 0.05.
        alpha: α ≥ 0; 0 is `sam`. The paper's best lie between 0 and 1. Default: 0.4.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jax.numpy as jnp, jgd
        >>> bowl, w = lambda w: jnp.sum(w**2 * jnp.array([1.0, 2.0])), jnp.array([3.0, 2.0])
        >>> optimizer = gsam(jgd.optimizers.sgd(0.1), rho=1.0, alpha=1.0)
        >>> updates, _ = optimizer.update(jnp.array([6.0, 8.0]), optimizer.init(w), w, loss=bowl)
        >>> updates.round(3).tolist()
        [-0.659, -1.159]
    """
    return chain(GapAware(rho, alpha), base_optimizer)
