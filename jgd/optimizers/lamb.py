"""LAMB: Adam's direction, each leaf's step as long as the leaf.

r = m̂ / (√v̂ + eps) + λ θ
θ ← θ − η φ(‖θ‖) / ‖r‖ · r     for each leaf

Source: You et al. 2020, arXiv:1904.00962, algorithm 2; φ(z) = min(max(z, min_norm), max_norm), the identity by
default, for which the paper fixes no bounds (a known implementation takes max_norm = 10). Where ‖θ‖ or ‖r‖ is 0 the
ratio is 1, as in the authors' code and optax. Default λ = 0 as in optax; the paper's BERT has 0.01 and leaves biases
and layer norms out of both the decay and the ratio (`skip`).
"""

from collections.abc import Sequence

from jgd.core.masks import Mask
from jgd.core.optimizer import Optimizer, chain
from jgd.core.paths import listed
from jgd.core.spellings import builder
from jgd.core.transform import Transform
from jgd.core.types import Scalar
from jgd.optimizers.adam import ScaleByAdam
from jgd.optimizers.masked_decay import decay
from jgd.transforms import ScaleByLearningRate, TrustRatio, all_but


@builder
def lamb(
    learning_rate: Scalar,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-6,
    *,
    weight_decay: Scalar = 0.0,
    mask: Mask | None = None,
    min_norm: Scalar = 0.0,
    max_norm: Scalar | None = None,
    max_ratio: Scalar | None = None,
    skip: str | Sequence[str] = (),
) -> Optimizer:
    """LAMB: r = m̂ / (√v̂ + eps) + λ θ, θ ← θ − η φ(‖θ‖) / ‖r‖ · r for each leaf.

    Args:
        learning_rate: η > 0, a number or a schedule.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.9.
        b2: In [0, 1), what the mean of their squares keeps at a step. Default: 0.999.
        eps: ≥ 0, added to the root. Default: 1e-6.
        weight_decay: λ ≥ 0, beside the gradient (decoupled) and multiplied by the learning rate. Default: 0.0.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.
        min_norm: ≥ 0, φ's lower bound. Default: 0.0.
        max_norm: > 0, φ's upper bound, or None.
        max_ratio: > 0, the largest φ(‖θ‖) / ‖r‖, or None.
        skip: Patterns of the paths, such as ("bias", "scale"), of leaves that take Adam's own step without decay;
            structure. Default: ().

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jax.numpy as jnp
        >>> optimizer = lamb(0.1)
        >>> updates, _ = optimizer.update(jnp.array([4.0, 4.0]), optimizer.init(jnp.ones(2)), 3 * jnp.ones(2))
        >>> updates.tolist()
        [-0.3, -0.3]
    """
    ratio = TrustRatio(min_norm=min_norm, max_norm=max_norm, max_ratio=max_ratio)
    layerwise: list[Transform] = [decay(weight_decay, mask), ratio]
    skip = listed("skip", skip)
    if skip:
        layerwise = [all_but(skip, transform) for transform in layerwise]
    return chain(ScaleByAdam(b1=b1, b2=b2, eps=eps), *layerwise, ScaleByLearningRate(learning_rate))
