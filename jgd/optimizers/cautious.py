"""Cautious AdamW and cautious Lion: steps against the present gradient are left out, the others lengthened.

u = the method's direction
φ = 1 where u g > 0, else 0
θ ← θ − η (φ u / max(mean(φ), 10⁻³) + λ θ)     C-AdamW: the mean within each leaf
θ ← θ − η (φ u n / (Σ φ + 1) + λ θ)            C-Lion: n the entries of the leaf

Source: Liang et al. 2024, arXiv:2411.16085, algorithm 1, as in its authors' current c_adamw.py and c_lion.py. The decay
isn't masked by φ.
Defaults: those of `adamw` and `lion`.
"""

from jgd.core.masks import Mask
from jgd.core.optimizer import Optimizer, chain
from jgd.core.spellings import builder
from jgd.core.types import Scalar
from jgd.optimizers.adam import ScaleByAdam
from jgd.optimizers.lion import ScaleByLion
from jgd.optimizers.masked_decay import decay
from jgd.transforms import Cautious, ScaleByLearningRate


@builder
def cautious_adamw(
    learning_rate: Scalar,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    *,
    weight_decay: Scalar = 1e-4,
    mask: Mask | None = None,
) -> Optimizer:
    """C-AdamW: θ ← θ − η (φ m̂ / (√v̂ + eps) / mean(φ) + λ θ), φ = 1 where m g > 0.

    Args:
        learning_rate: η > 0, a number or a schedule.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.9.
        b2: In [0, 1), what the mean of their squares keeps at a step. Default: 0.999.
        eps: ≥ 0, added to the root. Default: 1e-8.
        weight_decay: λ ≥ 0, beside the gradient (decoupled) and multiplied by the learning rate. Default: 1e-4.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jax.numpy as jnp
        >>> optimizer, params = cautious_adamw(0.1, weight_decay=0.0), jnp.ones(2)
        >>> state = optimizer.init(params)
        >>> for g in ([4.0, 4.0], [4.0, -1e-3]):  # the second one's momentum points against its gradient
        ...     updates, state = optimizer.update(jnp.array(g), state, params)
        >>> (updates + 0).tolist()
        [-0.2, 0.0]
    """
    direction = ScaleByAdam(b1=b1, b2=b2, eps=eps)
    return chain(direction, Cautious(), decay(weight_decay, mask), ScaleByLearningRate(learning_rate))


@builder
def cautious_lion(
    learning_rate: Scalar,
    b1: Scalar = 0.9,
    b2: Scalar = 0.99,
    *,
    weight_decay: Scalar = 1e-3,
    mask: Mask | None = None,
) -> Optimizer:
    """C-Lion: u = sign(b1 m + (1 − b1) g), θ ← θ − η (φ u n / (Σ φ + 1) + λ θ), φ = 1 where u g > 0.

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
        >>> import jax.numpy as jnp
        >>> optimizer = cautious_lion(0.1, weight_decay=0.0)
        >>> updates, _ = optimizer.update(jnp.array([-4.0, 0.0]), optimizer.init(jnp.ones(2)), jnp.ones(2))
        >>> (updates + 0).tolist()  # two entries, one of which agrees: 2 / (1 + 1)
        [0.1, 0.0]
    """
    cautious = Cautious(plus_one=True)
    return chain(ScaleByLion(b1, b2), cautious, decay(weight_decay, mask), ScaleByLearningRate(learning_rate))
