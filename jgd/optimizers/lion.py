"""Lion: the sign of a mean between the momentum and the gradient.

u = sign(b1 m + (1 − b1) g)
θ ← θ − η (u + λ θ)
m ← b2 m + (1 − b2) g

Source: Chen et al. 2023, arXiv:2302.06675, algorithm 2. sign(0) = 0. Default λ = 1e-3 as in optax; the paper tunes
it, three to ten times AdamW's, at a third to a tenth of AdamW's learning rate.
"""

import jax.numpy as jnp

from jgd.core import tree
from jgd.core.masks import Mask
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.optimizers.masked_decay import decay
from jgd.transforms import ScaleByLearningRate


@record
class ScaleByLion(Transform):
    """u = sign(b1 m + (1 − b1) g), then m ← b2 m + (1 − b2) g. The state is m, shaped as the parameters."""

    entrywise = True

    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")

    def init(self, params: Params) -> Params:
        return tree.zeros_like(params)

    def update(self, grads: Params, mean: Params, context: Context) -> tuple[Params, Params]:
        updates = tree.map(jnp.sign, tree.lerp(context.at(self.b1), mean, grads))
        return updates, tree.lerp(context.at(self.b2), mean, grads)


@builder
def lion(
    learning_rate: Scalar,
    b1: Scalar = 0.9,
    b2: Scalar = 0.99,
    *,
    weight_decay: Scalar = 1e-3,
    mask: Mask | None = None,
) -> Optimizer:
    """Lion: θ ← θ − η (sign(b1 m + (1 − b1) g) + λ θ).

    Args:
        learning_rate: η > 0, a number or a schedule.
        b1: In [0, 1), the share of m in the direction. Default: 0.9.
        b2: In [0, 1), what m keeps at a step. Default: 0.99.
        weight_decay: λ ≥ 0, beside the gradient (decoupled) and multiplied by the learning rate. Default: 1e-3.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = lion(0.1, weight_decay=0.5)
        >>> updates, _ = optimizer.update(jnp.array([-4.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> updates.tolist()
        [0.05]
    """
    return chain(ScaleByLion(b1, b2), decay(weight_decay, mask), ScaleByLearningRate(learning_rate))
