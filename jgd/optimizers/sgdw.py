"""SGDW: momentum with the weight decay beside the velocity, not in it.

v ← γ v + g
θ ← θ − η (v + weight_decay θ)

Source: Loshchilov & Hutter 2019, arXiv:1711.05101, algorithm 1. As in `adamw` the decay is multiplied by the learning rate (the
paper scales both by a separate schedule multiplier), and η stands outside the velocity.
"""

from jgd.core.masks import Mask
from jgd.core.optimizer import Optimizer, chain
from jgd.core.spellings import builder
from jgd.core.types import Scalar
from jgd.optimizers.masked_decay import decay
from jgd.optimizers.momentum import Trace
from jgd.transforms import ScaleByLearningRate


@builder
def sgdw(
    learning_rate: Scalar,
    momentum: Scalar = 0.9,
    *,
    weight_decay: Scalar = 1e-4,
    mask: Mask | None = None,
    nesterov: bool = False,
) -> Optimizer:
    """SGDW: v ← γ v + g, θ ← θ − η (v + weight_decay θ).

    Args:
        learning_rate: η > 0, a number or a schedule.
        momentum: γ in [0, 1). Default: 0.9.
        weight_decay: λ ≥ 0, beside the velocity (decoupled) and multiplied by the learning rate. Default: 1e-4.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.
        nesterov: Nesterov's shifted form, g + γ v in the place of v; structure. Default: False.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jax.numpy as jnp
        >>> optimizer = sgdw(0.1, weight_decay=0.5)
        >>> updates, _ = optimizer.update(jnp.ones(1), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> updates.round(6).tolist()
        [-0.15]
    """
    return chain(Trace(momentum, nesterov), decay(weight_decay, mask), ScaleByLearningRate(learning_rate))
