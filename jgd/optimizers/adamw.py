"""AdamW: Adam with the weight decay beside the gradient, not in it.

θ ← θ − η (m̂ / (√(v̂ + eps_root) + eps) + weight_decay θ)

Source: Loshchilov & Hutter 2019, arXiv:1711.05101, algorithm 2. As in torch and optax the decay is multiplied by the
learning rate (the paper scales both by a separate schedule multiplier). Default decay 1e-4 as in optax; torch has 1e-2.
"""

from typing import Any

from jgd.core.optimizer import Optimizer, chain
from jgd.core.spellings import builder
from jgd.core.types import Scalar
from jgd.optimizers.adam import ScaleByAdam
from jgd.transforms import AddDecayedWeights, ScaleByLearningRate


@builder
def adamw(
    learning_rate: Scalar,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    weight_decay: Scalar = 1e-4,
    *,
    eps_root: Scalar = 0.0,
    nesterov: bool = False,
    mu_dtype: Any = None,
) -> Optimizer:
    """AdamW: θ ← θ − η (m̂ / (√v̂ + eps) + weight_decay θ).

    learning_rate: > 0. b1, b2: in [0, 1). eps, weight_decay: ≥ 0. The decay acts on every leaf. eps_root, nesterov,
    mu_dtype: as in `adam`.

    >>> import jax.numpy as jnp
    >>> optimizer = adamw(0.1, weight_decay=0.5)
    >>> updates, _ = optimizer.update(jnp.zeros(1), optimizer.init(jnp.ones(1)), jnp.ones(1))
    >>> updates.tolist()
    [-0.05]
    """
    scale = ScaleByAdam(b1, b2, eps, eps_root, nesterov, mu_dtype)
    return chain(scale, AddDecayedWeights(weight_decay), ScaleByLearningRate(learning_rate))
