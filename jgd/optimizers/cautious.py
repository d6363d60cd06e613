"""Cautious AdamW and cautious Lion: steps against the present gradient are left out, the others lengthened.

u = the method's direction
φ = 1 where u g > 0, else 0
θ ← θ − η (φ u / max(mean(φ), 10⁻³) + λ θ)     the mean within each leaf

Source: Liang et al. 2024, arXiv:2411.16085, algorithm 1, as in its authors' current code (see `transforms.Cautious`); the decay
isn't masked. Defaults: those of `adamw` and `lion`.
"""

from jgd.core.optimizer import Optimizer, chain
from jgd.core.spellings import builder
from jgd.core.types import Scalar
from jgd.optimizers.adam import ScaleByAdam
from jgd.optimizers.lion import ScaleByLion
from jgd.transforms import AddDecayedWeights, Cautious, ScaleByLearningRate


@builder
def cautious_adamw(
    learning_rate: Scalar,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    weight_decay: Scalar = 1e-4,
) -> Optimizer:
    """C-AdamW: θ ← θ − η (φ m̂ / (√v̂ + eps) / mean(φ) + λ θ), φ = 1 where m g > 0.

    learning_rate: > 0. b1, b2: in [0, 1). eps, weight_decay: ≥ 0.

    >>> import jax.numpy as jnp
    >>> optimizer, params = cautious_adamw(0.1, weight_decay=0.0), jnp.ones(2)
    >>> state = optimizer.init(params)
    >>> for g in ([4.0, 4.0], [4.0, -1e-3]):  # the second one's momentum points against its gradient
    ...     updates, state = optimizer.update(jnp.array(g), state, params)
    >>> (updates + 0).tolist()
    [-0.2, 0.0]
    """
    direction = ScaleByAdam(b1=b1, b2=b2, eps=eps)
    return chain(direction, Cautious(), AddDecayedWeights(weight_decay), ScaleByLearningRate(learning_rate))


@builder
def cautious_lion(learning_rate: Scalar, b1: Scalar = 0.9, b2: Scalar = 0.99, weight_decay: Scalar = 1e-3) -> Optimizer:
    """C-Lion: u = sign(b1 m + (1 − b1) g), θ ← θ − η (φ u / mean(φ) + λ θ), φ = 1 where u g > 0.

    learning_rate: > 0. b1, b2: in [0, 1). weight_decay: ≥ 0.

    >>> import jax.numpy as jnp
    >>> optimizer = cautious_lion(0.1, weight_decay=0.0)
    >>> updates, _ = optimizer.update(jnp.array([-4.0, 0.0]), optimizer.init(jnp.ones(2)), jnp.ones(2))
    >>> (updates + 0).tolist()
    [0.2, 0.0]
    """
    return chain(ScaleByLion(b1, b2), Cautious(), AddDecayedWeights(weight_decay), ScaleByLearningRate(learning_rate))
