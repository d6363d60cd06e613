"""AdaGrad: each weight's rate shrinks with the squared gradients it has seen.

G ← G + g²
u = g / √(G + eps)
θ ← θ − η u

Source: Duchi, Hazan & Singer 2011, JMLR 12, figure 1 (diagonal form, δ = 0). eps stands inside the root and G starts
at 0, as in the lectures; Keras 3 has eps inside too, torch adds it outside (`eps_in_sqrt=False`), optax starts G at 0.1.
"""

import jax.numpy as jnp

from jgd.core import tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.transforms import ScaleByLearningRate


@record
class ScaleByAdagrad(Transform):
    """u = g / √(G + eps). The state is G, shaped as the parameters."""

    entrywise = True

    initial_accumulator_value: float = hyper(">= 0", schedule=False)
    eps: Scalar = hyper(">= 0")
    eps_in_sqrt: bool = static_field()

    def init(self, params: Params) -> Params:
        start = jnp.asarray(self.initial_accumulator_value)
        return tree.map(lambda zeros: zeros + start.astype(zeros.dtype), tree.zeros_like(params))

    def update(self, grads: Params, total: Params, context: Context) -> tuple[Params, Params]:
        total = tree.map(lambda G, g: G + g**2, total, grads)
        return scale_by_root(grads, total, context.at(self.eps), self.eps_in_sqrt), total


def scale_by_root(grads: Params, squares: Params, eps, eps_in_sqrt: bool) -> Params:
    """g / √(s + eps), or g / (√s + eps): shared with RMSProp."""
    if eps_in_sqrt:
        return tree.map(lambda g, s: tree.safe_divide(g, tree.safe_sqrt(s + eps)), grads, squares)
    return tree.map(lambda g, s: tree.safe_divide(g, tree.safe_sqrt(s) + eps), grads, squares)


@builder
def adagrad(
    learning_rate: Scalar,
    initial_accumulator_value: float = 0.0,
    eps: Scalar = 1e-8,
    *,
    eps_in_sqrt: bool = True,
) -> Optimizer:
    """AdaGrad: G ← G + g², θ ← θ − η g / √(G + eps).

    Args:
        learning_rate: η > 0, a number or a schedule.
        initial_accumulator_value: G at the start, ≥ 0, no schedule. Default: 0.0.
        eps: ≥ 0; a zero gradient makes a zero step even at eps = 0. Default: 1e-8.
        eps_in_sqrt: False is torch's g / (√G + eps); structure. Default: True.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = adagrad(0.1)
        >>> updates, _ = optimizer.update(jnp.array([-4.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> updates.tolist()
        [0.1]
    """
    return chain(ScaleByAdagrad(initial_accumulator_value, eps, eps_in_sqrt), ScaleByLearningRate(learning_rate))
