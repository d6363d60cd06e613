"""AdamW: Adam with the weight decay beside the gradient, not in it.

θ ← θ − η (m̂ / (√(v̂ + eps_root) + eps) + weight_decay θ)

Source: Loshchilov & Hutter 2019, arXiv:1711.05101, algorithm 2. As in torch and optax the decay is multiplied by the
learning rate (the paper scales both by a separate schedule multiplier). Default decay 1e-4 as in optax; torch has 1e-2.
"""

from typing import Any

from jgd.core.masks import Mask
from jgd.core.optimizer import Optimizer, chain
from jgd.core.spellings import builder
from jgd.core.types import Scalar
from jgd.optimizers.adam import ScaleByAdam
from jgd.optimizers.masked_decay import decay
from jgd.transforms import ScaleByLearningRate


@builder
def adamw(
    learning_rate: Scalar,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    *,
    weight_decay: Scalar = 1e-4,
    mask: Mask | None = None,
    eps_root: Scalar = 0.0,
    nesterov: bool = False,
    mu_dtype: Any = None,
) -> Optimizer:
    """AdamW: θ ← θ − η (m̂ / (√v̂ + eps) + weight_decay θ).

    Args:
        learning_rate: η > 0, a number or a schedule.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.9.
        b2: In [0, 1), what the mean of their squares keeps at a step. Default: 0.999.
        eps: ≥ 0, added to the root. Default: 1e-8.
        weight_decay: λ ≥ 0, beside the gradient (decoupled) and multiplied by the learning rate. Default: 1e-4.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.
        eps_root: ≥ 0, added inside the root. Default: 0.0.
        nesterov: As in `adam`; structure. Default: False.
        mu_dtype: The dtype that m is stored in, as in `adam`; structure.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jax.numpy as jnp
        >>> optimizer = adamw(0.1, weight_decay=0.5)
        >>> updates, _ = optimizer.update(jnp.zeros(1), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> updates.tolist()
        [-0.05]
    """
    scale = ScaleByAdam(b1, b2, eps, eps_root, nesterov, mu_dtype)
    return chain(scale, decay(weight_decay, mask), ScaleByLearningRate(learning_rate))
