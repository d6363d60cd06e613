"""SGD with Polyak's step size, from the value of the loss.

η = min(η_max, s (f − f*) / (‖g‖² + eps))
θ ← θ − η g

Source: Loizou et al. 2021, arXiv:2002.10542, SPS_max (equation 3, s = 1/c; they take c = 1/2 to 1); Polyak 1969.
η = 0 where ‖g‖² + eps is 0. `variant="sps+"` (Garrigos et al. 2023, arXiv:2307.14528) takes max(f − f*, 0). optax is the
same at s = 1; else it takes s min(η_max, (f − f*) / (‖s g‖² + eps)), where a larger s makes shorter steps.
"""

import jax.numpy as jnp

from jgd.core import checks, tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context
from jgd.core.types import Params, Scalar
from jgd.transforms import LearningRateState, ReportsLearningRate


@record
class DescendByPolyak(ReportsLearningRate):
    """u = −η g, η = min(η_max, s (f − f*) / (‖g‖² + eps)), with the norm of the whole tree."""

    max_learning_rate: Scalar = hyper("> 0")
    scaling: Scalar = hyper("> 0")
    f_min: Scalar = hyper("(-inf, inf)")
    eps: Scalar = hyper(">= 0")
    variant: str = static_field()

    def __post_init__(self) -> None:
        checks.choice("variant", self.variant, ("sps", "sps+"))

    def init(self, params: Params) -> LearningRateState:
        return LearningRateState.unused(params)

    def update(self, grads: Params, state: LearningRateState, context: Context) -> tuple[Params, LearningRateState]:
        gap = context.value_for("polyak_sgd") - context.at(self.f_min)
        if self.variant == "sps+":
            gap = jnp.maximum(gap, 0)
        size = jnp.square(tree.norm(grads)) + context.at(self.eps)
        rate = jnp.minimum(context.at(self.max_learning_rate), context.at(self.scaling) * tree.safe_divide(gap, size))
        return tree.scale(-rate, grads), LearningRateState(rate)


@builder
def polyak_sgd(
    max_learning_rate: Scalar = 1.0,
    scaling: Scalar = 1.0,
    f_min: Scalar = 0.0,
    eps: Scalar = 0.0,
    *,
    variant: str = "sps",
) -> Optimizer:
    """Polyak's step size: η = min(η_max, s (f − f*) / (‖g‖² + eps)), θ ← θ − η g.

    `update` needs `value=`, the loss; `jgd.step`, `jgd.train` and `jgd.sweep` give it. With "sps" a loss below f_min
    makes steps uphill.

    Args:
        max_learning_rate: η_max > 0, a number or a schedule. Default: 1.0.
        scaling: s > 0. Default: 1.0.
        f_min: f*, the least value of the loss or a bound below it. Default: 0.0.
        eps: ≥ 0, added to ‖g‖². Default: 0.0.
        variant: "sps" or "sps+"; structure. Default: "sps".

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer, params = polyak_sgd(), jnp.array([3.0])
        >>> updates, _ = optimizer.update(2 * params, optimizer.init(params), params, value=params[0] ** 2)
        >>> updates.tolist()
        [-1.5]
    """
    return chain(DescendByPolyak(max_learning_rate, scaling, f_min, eps, variant))
